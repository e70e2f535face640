"""How many GPUs a Slurm job has for a server, how many the server wants, and what its tasks ask of it.

Source: nemo-evaluator-launcher 0.2.6 executors/slurm/executor.py.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from advisor.nel.gpus import gpus_of_gres
from advisor.nel.image import SGLANG, TRTLLM, VLLM
from advisor.nel.tasks import lookup
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.scopes import PARAMS, Scope, scopes
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Place, is_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.subject import Subject, World

# A command that speaks of its rank or of the head's address tells the nodes apart itself.
_RANKED = re.compile(r"PROC_?ID|NODEID|MASTER_IP|ALL_NODE_IPS|NODES_PER_INSTANCE|RANK|\bray\b|--nnodes|torchrun|mpirun")
# Its own settings of Slurm decide how many GPUs there are.
_GPU_FLAG = re.compile(r"gpus?|gres|tres")


def add_topology(world: World, document: Document, context: Context) -> None:
    """Computed attributes of `deployment` that need the server's flags."""
    deployment = world.singles["deployment"]
    command = world.singles.get("command")
    execution = world.singles["execution"]
    deployment.attributes.update(
        {
            "nodes_per_instance": lambda: nodes_per_instance(execution),
            "servers_per_instance": lambda: servers_per_instance(execution),
            "gpus_per_node": lambda: gpus_per_node(execution),
            "is_exclusive": lambda: is_exclusive(execution),
            "tells_nodes_apart": lambda: bool(_RANKED.search(str(deployment.get("script")))),
            "needed_nodes": lambda: needed_nodes(execution),
            "divisible_nodes": lambda: divisible_nodes(execution),
            "instances_share_tasks": lambda: instances_share_tasks(execution),
        }
    )
    for task in world.of("task"):
        task.attributes["needs_amd64"] = partial(needs_amd64, task)
    if command is None:
        return
    deployment.attributes.update(
        {
            "gpus_wanted": lambda: gpus_wanted(command),
            "gpus_had": lambda: gpus_had(deployment),
            "gpus_missing": lambda: _difference(deployment.get("gpus_wanted"), deployment.get("gpus_had")),
            "gpus_idle": lambda: _difference(deployment.get("gpus_had"), deployment.get("gpus_wanted")),
            "fitting_tensor_parallel": lambda: fitting_tensor_parallel(deployment, command),
            "fitting_data_parallel": lambda: fitting_data_parallel(deployment, command),
        }
    )
    deployment.places["gpus_wanted"] = _sizes_place(deployment, command, document)
    command.attributes.update(
        {
            "longest_answer": lambda: longest_answer(world, command),
            "longest_answer_task": lambda: longest_answer_task(world),
            "sequences": lambda: sequences(world, command),
            "most_parallel": lambda: most_parallel(world, command),
            "queued": lambda: _difference(command.get("most_parallel"), command.get("sequences")),
            "fitting_max_num_seqs": lambda: fitting_max_num_seqs(world, command),
        }
    )


def needs_amd64(task: Subject) -> bool:
    """Whether the packaged container of a task's harness runs on amd64 only."""
    name, container = task.get("name"), task.get("container")
    found = lookup(name).task if isinstance(name, str) and is_nothing(container) else None
    return found is not None and found.arch.startswith("amd")


def _int(value: Value) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _count(execution: Subject, name: str) -> int | None:
    """num_nodes or num_instances; 1 where it is not there."""
    value = execution.get(name)
    return 1 if value is ABSENT else _int(value)


def nodes_per_instance(execution: Subject) -> Value:
    nodes, instances = _count(execution, "num_nodes"), _count(execution, "num_instances")
    if not nodes or not instances or nodes % instances:
        return Unknown("the nodes of an instance are not known")
    return nodes // instances


def servers_per_instance(execution: Subject) -> Value:
    """How often the launcher starts the command for one instance: once a task of Slurm."""
    nodes, instances = _count(execution, "num_nodes"), _count(execution, "num_instances")
    tasks = execution.get("deployment.n_tasks")
    total = nodes if is_nothing(tasks) or tasks == 0 else _int(tasks)
    return total // instances if total and instances else Unknown("the tasks of an instance are not known")


def instances_share_tasks(execution: Subject) -> Value:
    """Whether a person's n_tasks cannot be divided by the instances."""
    tasks, instances = _int(execution.get("deployment.n_tasks")), _count(execution, "num_instances")
    node = execution.find("deployment.n_tasks")
    if tasks is None or not instances or node is None or not node.origin.value:
        return False
    return tasks % instances != 0


def gpus_per_node(execution: Subject) -> Value:
    """GPUs of a node that the job asks for; Unknown where only the cluster tells."""
    flags = execution.get("sbatch_extra_flags")
    if isinstance(flags, dict) and any(_GPU_FLAG.search(name) for name in flags):
        return Unknown("sbatch_extra_flags ask for GPUs")
    gres, per_node = execution.get("gres"), execution.get("gpus_per_node")
    if isinstance(gres, Unknown) or isinstance(per_node, Unknown) or isinstance(flags, Unknown):
        return Unknown("the job's GPUs are not known")
    found = gpus_of_gres(gres) if isinstance(gres, str) and gres else None
    if is_nothing(per_node) and found:
        return found[0]
    number = _int(per_node) if not isinstance(per_node, str) else int(per_node) if per_node.isdigit() else None
    if number is not None and (not gres or (found and found[0] == number)):
        return number
    return Unknown("the job's GPUs are not known")


def is_exclusive(execution: Subject) -> bool:
    flags = execution.get("sbatch_extra_flags")
    return isinstance(flags, dict) and flags.get("exclusive") in (True, "true", "user")


def gpus_had(deployment: Subject) -> Value:
    """GPUs that one instance of the server can use."""
    gpus, nodes = _int(deployment.get("gpus_per_node")), _int(deployment.get("nodes_per_instance"))
    return gpus * nodes if gpus and nodes else Unknown("the job's GPUs are not known")


def gpus_wanted(command: Subject) -> Value:
    """GPUs that one server takes: tensor times pipeline times data parallel."""
    tensor, pipeline = _int(command.get("tensor_parallel")), _int(command.get("pipeline_parallel"))
    data, engine = _int(command.get("data_parallel")), command.get("engine")
    if engine not in (VLLM, SGLANG, TRTLLM) or not tensor or not pipeline:
        return Unknown("the server's GPUs are not known")
    if engine == TRTLLM:
        return tensor * pipeline
    shared = engine == SGLANG and command.get("attention_is_data_parallel")
    if shared is True:
        return tensor * pipeline
    if isinstance(shared, Unknown) or not data:
        return Unknown("the server's GPUs are not known")
    return tensor * pipeline * data


def fitting_tensor_parallel(deployment: Subject, command: Subject) -> Value:
    """The tensor parallel size with which the server fits; ABSENT where a field does not set it."""
    gpus, wanted = _int(deployment.get("gpus_had")), _int(deployment.get("gpus_wanted"))
    tensor = _int(command.get("tensor_parallel"))
    if not gpus or not wanted or not tensor or deployment.get("own_command") or _is_flagged(command):
        return ABSENT
    others = wanted // tensor
    fit = gpus // others
    return fit if fit >= 1 and fit & (fit - 1) == 0 else ABSENT


def fitting_data_parallel(deployment: Subject, command: Subject) -> Value:
    """The data parallel size that uses all GPUs; ABSENT where no whole one does, or a field does not set it."""
    gpus, wanted = _int(deployment.get("gpus_had")), _int(deployment.get("gpus_wanted"))
    data = _int(command.get("data_parallel"))
    if not gpus or not wanted or not data or deployment.get("own_command") or _is_flagged(command):
        return ABSENT
    if command.get("engine") not in (VLLM, SGLANG) or gpus % (wanted // data):
        return ABSENT
    return gpus // (wanted // data)


def _is_flagged(command: Subject) -> bool:
    """Whether extra_args set a size, over the field."""
    places = (command.places.get(name) for name in ("tensor_parallel", "data_parallel", "pipeline_parallel"))
    return any(place is not None and "extra_args" in place.path for place in places)


def _sizes_place(deployment: Subject, command: Subject, document: Document) -> Place:
    """The size that a person wrote, else their request for GPUs, else the deployment."""
    for name in ("tensor_parallel", "data_parallel", "pipeline_parallel"):
        if name in command.places:
            return command.places[name]
    gres = deployment.world.singles["execution"].place_of("gres")
    return gres or place_in(document, deployment.world.values, ("deployment",))


def _difference(more: Value, less: Value) -> Value:
    if isinstance(more, int) and isinstance(less, int):
        return max(0, more - less)
    return more if isinstance(more, Unknown) else Unknown("a number is not known")


def needed_nodes(execution: Subject) -> Value:
    """What num_nodes_per_instance was meant to ask for."""
    each, instances = _int(execution.get("num_nodes_per_instance")), _count(execution, "num_instances")
    return each * instances if each and instances else ABSENT


def divisible_nodes(execution: Subject) -> Value:
    """The next number of nodes that the instances can share."""
    nodes, instances = _count(execution, "num_nodes"), _count(execution, "num_instances")
    if not nodes or not instances or nodes % instances == 0:
        return ABSENT
    return (nodes // instances + 1) * instances


def _task_values(world: World, name: str, keep: Callable[[Scope], bool]) -> list[tuple[int, Scope]]:
    """A number of `config.params` as each task gets it."""
    found = [(scope.value((*PARAMS, name)), scope) for scope in scopes(world)[0].tasks if keep(scope)]
    return [(value, scope) for value, scope in found if isinstance(value, int) and not isinstance(value, bool)]


def _longest(world: World) -> tuple[int, Scope] | None:
    found = _task_values(world, "max_new_tokens", lambda scope: True)
    return max(found, key=lambda one: one[0]) if found else None


def longest_answer(world: World, command: Subject) -> Value:
    """The largest max_new_tokens of a task, and where it stands."""
    longest = _longest(world)
    if longest is None:
        return ABSENT
    place = longest[1].place((*PARAMS, "max_new_tokens"))
    if place is not None:
        command.places["longest_answer"] = place
    return longest[0]


def longest_answer_task(world: World) -> Value:
    longest = _longest(world)
    name = longest[1].owner.get("name") if longest else None
    return name if isinstance(name, str) else "a task"


def sequences(world: World, command: Subject) -> Value:
    """Requests that all servers together run at once, where --max-num-seqs limits them."""
    limit, data = _int(command.get("max_num_seqs")), _int(command.get("data_parallel"))
    execution = world.singles["execution"]
    instances = _count(execution, "num_instances") if execution.get("type") == "slurm" else 1
    return limit * data * instances if limit and data and instances else Unknown("no limit is set", None)


def most_parallel(world: World, command: Subject) -> Value:
    """The largest parallelism of a task; a nemo_gym task's is not one of requests."""
    found = _task_values(world, "parallelism", lambda scope: scope.owner.get("harness") != "nemo_gym")
    return max(value for value, _ in found) if found else ABSENT


def fitting_max_num_seqs(world: World, command: Subject) -> Value:
    most, limit, all_of = (
        _int(command.get("most_parallel")),
        _int(command.get("max_num_seqs")),
        command.get("sequences"),
    )
    if not most or not limit or not isinstance(all_of, int):
        return ABSENT
    return -(-most // (all_of // limit))
