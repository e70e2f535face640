"""What the tasks ask of the server: lengths, requests at once, and how long they wait for an answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from advisor.nel.tasks import Task, lookup
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.scopes import PARAMS, Scope, scopes
from advisor.subjects.subject import is_nothing
from advisor.subjects.topology import as_int, count, difference

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.subject import Subject, World

_RULER = pattern(r"ruler-(\d+)([km])-")
# Contexts below which prompts do not fit, and what leaves room for the answer (Model-Optimizer's recipes).
_FLOORS = {"ns_aa_lcr": 131072, "aa_lcr": 131072}
_ADVISED = {"ns_aa_lcr": 196608, "aa_lcr": 196608, "ns_scicode": 65536}


def add_load(world: World, document: Document, context: Context) -> None:
    """Computed attributes of `command` and of each `task`."""
    command = world.singles.get("command")
    by_owner = {id(scope.owner): scope for scope in scopes(world)[0].tasks}
    for task in world.of("task"):
        scope = by_owner.get(id(task))
        if scope is not None:
            _describe_task(task, scope, command)
    if command is None:
        return
    command.attributes.update(
        {
            "longest_answer": lambda: longest_answer(world, command),
            "longest_answer_task": lambda: longest_answer_task(world),
            "answer_key": "max_new_tokens",
            "answer_fits": lambda: answer_fits(command),
            "sequences": lambda: sequences(world, command),
            "most_parallel": lambda: most_parallel(world),
            "queued": lambda: difference(command.get("most_parallel"), command.get("sequences")),
            "fitting_max_num_seqs": lambda: fitting_max_num_seqs(command),
        }
    )


def _describe_task(task: Subject, scope: Scope, command: Subject | None) -> None:
    known = partial(_task_of, task)
    task.attributes.update(
        {
            "needs_amd64": lambda: (one := known()) is not None and one.arch.startswith("amd"),
            "longest_answer": partial(_number, scope, "max_new_tokens"),
            "timeout": lambda: _number(scope, "request_timeout") if _reads(known(), "request_timeout") else ABSENT,
            "parallel": partial(_number, scope, "parallelism"),
            "parallel_is_global": lambda: scope.own.at((*PARAMS, "parallelism")) is None,
        }
    )
    describe_context(task, command, lambda: one.name if (one := known()) is not None else "")
    for attribute, name in (("timeout", "request_timeout"), ("parallel", "parallelism")):
        place = scope.place((*PARAMS, name))
        if place is not None:
            task.places[attribute] = place


def _task_of(task: Subject) -> Task | None:
    """The packaged task; None where it is not known, or its container is another."""
    name, container = task.get("name"), task.get("container")
    return lookup(name).task if isinstance(name, str) and is_nothing(container) else None


def _reads(task: Task | None, name: str) -> bool:
    return task is None or name in task.params


def _number(scope: Scope, name: str) -> Value:
    value = scope.value((*PARAMS, name))
    return value if isinstance(value, Unknown) or as_int(value) is not None else ABSENT


def describe_context(task: Subject, command: Subject | None, name: Callable[[], str]) -> None:
    """What a task, or a benchmark that runs one of its `name`, needs of the context that its server has."""
    task.attributes.update(
        {
            "context_floor": lambda: _floor(name()),
            "context_advised": lambda: _ADVISED.get(name(), ABSENT),
            "context_missing": lambda: _shortage(task, command, "context_floor"),
            "context_scarce": lambda: _shortage(task, command, "context_advised"),
        }
    )


def _floor(name: str) -> Value:
    match = _RULER.match(name)
    if match:
        return int(match[1]) * (2**10 if match[2] == "k" else 2**20)
    return _FLOORS.get(name, ABSENT)


def _shortage(task: Subject, command: Subject | None, floor: str) -> Value:
    """By how many tokens the server's context is too short; 0 where it is not."""
    wanted, length = as_int(task.get(floor)), as_int(command.get("context_length")) if command else None
    return max(0, wanted - length) if wanted and length else ABSENT


def _largest(world: World, name: str) -> tuple[int, Scope] | None:
    """The largest number of `config.params` that a task gets, and the task's scope."""
    found = [
        (number, scope) for scope in scopes(world)[0].tasks if (number := as_int(_number(scope, name))) is not None
    ]
    if name == "parallelism":
        # That of a gym is its own agents', not of requests.
        found = [(number, scope) for number, scope in found if scope.owner.get("is_gym") is not True]
    return max(found, key=lambda one: one[0]) if found else None


def longest_answer(world: World, command: Subject) -> Value:
    """The largest max_new_tokens of a task, and where it stands."""
    longest = _largest(world, "max_new_tokens")
    if longest is None:
        return ABSENT
    place = longest[1].place((*PARAMS, "max_new_tokens"))
    if place is not None:
        command.places["longest_answer"] = place
    return longest[0]


def longest_answer_task(world: World) -> Value:
    longest = _largest(world, "max_new_tokens")
    name = longest[1].owner.get("name") if longest else None
    return name if isinstance(name, str) else "a task"


def answer_fits(command: Subject) -> Value:
    longest, length = as_int(command.get("longest_answer")), as_int(command.get("context_length"))
    return longest < length if longest and length and length > 0 else Unknown("a length is not known")


def sequences(world: World, command: Subject) -> Value:
    """Requests that all servers together run at once, where --max-num-seqs limits them."""
    limit, data = as_int(command.get("max_num_seqs")), as_int(command.get("data_parallel"))
    execution = world.singles["execution"]
    instances = count(execution, "num_instances") if execution.get("type") == "slurm" else 1
    return limit * data * instances if limit and data and instances else Unknown("no limit is set", None)


def most_parallel(world: World) -> Value:
    """The largest parallelism of a task."""
    largest = _largest(world, "parallelism")
    return largest[0] if largest else ABSENT


def fitting_max_num_seqs(command: Subject) -> Value:
    """The --max-num-seqs with which nothing queues."""
    most, limit = as_int(command.get("most_parallel")), as_int(command.get("max_num_seqs"))
    all_of = as_int(command.get("sequences"))
    return -(-most // (all_of // limit)) if most and limit and all_of else ABSENT
