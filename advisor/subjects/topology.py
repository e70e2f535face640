"""How many GPUs a Slurm job has for a server, how many the server wants, and what its tasks ask of it.

Source: nemo-evaluator-launcher 0.2.6 executors/slurm/executor.py.
"""

from __future__ import annotations

import re

from advisor.nel.gpus import gpus_of_gres
from advisor.nel.image import SGLANG, TRTLLM, VLLM
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Place, is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.subject import Subject, World

# A command that speaks of its rank or of the head's address tells the nodes apart itself.
_RANKED = pattern(r"PROC_?ID|NODEID|MASTER_IP|ALL_NODE_IPS|NODES_PER_INSTANCE|RANK|\bray\b|--nnodes|torchrun|mpirun")
# Its own settings of Slurm decide how many GPUs there are.
_DIGITS = pattern(r"\d{1,9}\Z", re.ASCII)
_GPU_FLAG = pattern(r"gpus?|gres|tres")


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
            "tells_nodes_apart": lambda: tells_nodes_apart(deployment),
            "needed_nodes": lambda: needed_nodes(execution),
            "divisible_nodes": lambda: divisible_nodes(execution),
            "bad_count": lambda: bad_count(execution),
            "bad_count_value": lambda: execution.get(str(bad_count(execution))),
            "instances_are_set": lambda: is_set(execution, "num_instances"),
            "instances_share_tasks": lambda: instances_share_tasks(execution),
        }
    )
    if command is None:
        return
    deployment.attributes.update(
        {
            "gpus_wanted": lambda: gpus_wanted(command),
            "gpus_had": lambda: gpus_had(deployment),
            "gpus_missing": lambda: difference(deployment.get("gpus_wanted"), deployment.get("gpus_had")),
            "gpus_idle": lambda: difference(deployment.get("gpus_had"), deployment.get("gpus_wanted")),
            "fitting_tensor_parallel": lambda: fitting_tensor_parallel(deployment, command),
            "fitting_data_parallel": lambda: fitting_data_parallel(deployment, command),
        }
    )
    deployment.places["gpus_wanted"] = _sizes_place(deployment, command, document)


def tells_nodes_apart(deployment: Subject) -> Value:
    """Whether the command, or what runs before it, treats an instance's nodes differently."""
    texts = [deployment.get(name) for name in ("script", "pre_cmd", "extra_args")]
    if any(isinstance(text, Unknown) for text in texts):
        return Unknown("a part of the command is not known")
    return any(isinstance(text, str) and _RANKED.search(text) is not None for text in texts)


def as_int(value: Value) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def count(execution: Subject, name: str) -> int | None:
    """num_nodes or num_instances; 1 where it is not there."""
    value = execution.get(name)
    return 1 if value is ABSENT else as_int(value)


def is_set(section: Subject, name: str) -> bool:
    """Whether the file itself gives a value, and not a shipped default."""
    node = section.find(name)
    return node is not None and node.origin.key is not None


def bad_count(execution: Subject) -> Value:
    """The first of num_nodes and num_instances that the launcher cannot divide with."""
    for name in ("num_nodes", "num_instances"):
        value = execution.get(name)
        if isinstance(value, Unknown) or value is ABSENT:
            continue
        if not isinstance(value, int | float) or (name == "num_instances" and value == 0):
            place = execution.place_of(name)
            if place is not None:
                execution.world.singles["deployment"].places["bad_count"] = place
            return name
    return ABSENT


def nodes_per_instance(execution: Subject) -> Value:
    nodes, instances = count(execution, "num_nodes"), count(execution, "num_instances")
    if not nodes or not instances or nodes % instances:
        return Unknown("the nodes of an instance are not known")
    return nodes // instances


def servers_per_instance(execution: Subject) -> Value:
    """How often the launcher starts the command for one instance: once a task of Slurm."""
    nodes, instances = count(execution, "num_nodes"), count(execution, "num_instances")
    tasks = execution.get("deployment.n_tasks")
    total = nodes if is_nothing(tasks) or tasks == 0 else as_int(tasks)
    return total // instances if total and instances else Unknown("the tasks of an instance are not known")


def instances_share_tasks(execution: Subject) -> Value:
    """Whether a person's n_tasks cannot be divided by the instances."""
    tasks, instances = as_int(execution.get("deployment.n_tasks")), count(execution, "num_instances")
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
    number = as_int(per_node) if not isinstance(per_node, str) else int(per_node) if _DIGITS.match(per_node) else None
    if number is not None and (not gres or (found and found[0] == number)):
        return number
    return Unknown("the job's GPUs are not known")


def gpus_had(deployment: Subject) -> Value:
    """GPUs that one instance of the server can use."""
    gpus, nodes = as_int(deployment.get("gpus_per_node")), as_int(deployment.get("nodes_per_instance"))
    return gpus * nodes if gpus and nodes else Unknown("the job's GPUs are not known")


def gpus_wanted(command: Subject) -> Value:
    """GPUs that one server takes: tensor times pipeline times data parallel."""
    tensor, pipeline = as_int(command.get("tensor_parallel")), as_int(command.get("pipeline_parallel"))
    data, engine = as_int(command.get("data_parallel")), command.get("engine")
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
    gpus, wanted = as_int(deployment.get("gpus_had")), as_int(deployment.get("gpus_wanted"))
    tensor = as_int(command.get("tensor_parallel"))
    if not gpus or not wanted or not tensor or deployment.get("own_command") or _is_flagged(command):
        return ABSENT
    others = wanted // tensor
    fit = gpus // others
    return fit if fit >= 1 and fit & (fit - 1) == 0 else ABSENT


def fitting_data_parallel(deployment: Subject, command: Subject) -> Value:
    """The data parallel size that uses all GPUs; ABSENT where no whole one does, or a field does not set it."""
    gpus, wanted = as_int(deployment.get("gpus_had")), as_int(deployment.get("gpus_wanted"))
    data = as_int(command.get("data_parallel"))
    if not gpus or not wanted or not data or deployment.get("own_command") or _is_flagged(command):
        return ABSENT
    if command.get("engine") not in (VLLM, SGLANG) or gpus % (wanted // data):
        return ABSENT
    return gpus // (wanted // data)


def _is_flagged(command: Subject) -> bool:
    """Whether extra_args set a size, over the field."""
    places = (command.told_place(name) for name in ("tensor_parallel", "data_parallel", "pipeline_parallel"))
    return any(place is not None and "extra_args" in place.path for place in places)


def _sizes_place(deployment: Subject, command: Subject, document: Document) -> Place:
    """The size that a person wrote, else their request for GPUs, else the deployment."""
    for name in ("tensor_parallel", "data_parallel", "pipeline_parallel"):
        place = command.told_place(name)
        if place is not None:
            return place
    gres = deployment.world.singles["execution"].place_of("gres")
    return gres or place_in(document, deployment.world.values, ("deployment",))


def difference(more: Value, less: Value) -> Value:
    if isinstance(more, int) and isinstance(less, int):
        return max(0, more - less)
    return more if isinstance(more, Unknown) else Unknown("a number is not known")


def needed_nodes(execution: Subject) -> Value:
    """What num_nodes_per_instance was meant to ask for."""
    each, instances = as_int(execution.get("num_nodes_per_instance")), count(execution, "num_instances")
    return each * instances if each and instances else ABSENT


def divisible_nodes(execution: Subject) -> Value:
    """The next number of nodes that the instances can share."""
    nodes, instances = count(execution, "num_nodes"), count(execution, "num_instances")
    if not nodes or not instances or nodes % instances == 0:
        return ABSENT
    return (nodes // instances + 1) * instances
