"""What the tasks ask of the server: lengths, requests at once, and how long they wait for an answer."""

from __future__ import annotations

from functools import lru_cache

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.scopes import PARAMS, Scope
from advisor.subjects.topology import as_int, count, difference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.subjects.subject import Subject, World
    from advisor.subjects.task_view import TaskView

_RULER = pattern(r"ruler-(\d+)([km])-")
# Contexts below which prompts do not fit, and what leaves room for the answer (Model-Optimizer's recipes).
_FLOORS = {"ns_aa_lcr": 131072, "aa_lcr": 131072}
_LONGEST, _PARALLELISM, _TIMEOUT = (
    (*PARAMS, "max_new_tokens"),
    (*PARAMS, "parallelism"),
    (*PARAMS, "request_timeout"),
)
_ADVISED = {"ns_aa_lcr": 196608, "aa_lcr": 196608, "ns_scicode": 65536}


def add_load(world: World, document: Document, context: Context) -> None:
    """Computed attributes of `command`."""
    command = world.singles.get("command")
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


def _name_of(view: TaskView) -> str:
    return view.newest.name if view.newest is not None else ""


def _needs_amd64(view: TaskView) -> bool:
    return view.newest is not None and view.newest.arch.startswith("amd")


def _timeout(view: TaskView) -> Value:
    task = view.newest
    return _number(view.scope, _TIMEOUT) if task is None or "request_timeout" in task.params else ABSENT


def _number(scope: Scope, path: Path) -> Value:
    value = scope.value(path)
    return value if isinstance(value, Unknown) or as_int(value) is not None else ABSENT


def describe_context(benchmark: Subject, command: Subject | None, name: Callable[[], str]) -> None:
    """What a benchmark that runs a task of that `name` needs of the context that its server has."""
    benchmark.attributes.update(
        {
            "context_floor": lambda: _floor(name()),
            "context_advised": lambda: _ADVISED.get(name(), ABSENT),
            "context_missing": lambda: _shortage(benchmark, command, "context_floor"),
            "context_scarce": lambda: _shortage(benchmark, command, "context_advised"),
        }
    )


@lru_cache(maxsize=512)
def _floor(name: str) -> Value:
    match = _RULER.match(name)
    if match:
        return int(match[1]) * (2**10 if match[2] == "k" else 2**20)
    return _FLOORS.get(name, ABSENT)


def _shortage(task: Subject, command: Subject | None, floor: str) -> Value:
    """By how many tokens the server's context is too short; 0 where it is not."""
    wanted = as_int(task.get(floor))
    length = as_int(command.get("context_length")) if wanted and command else None
    return max(0, wanted - length) if wanted and length else ABSENT


def _task_shortage(view: TaskView, floor: str) -> Value:
    return _shortage(view.subject, view.world.singles.get("command"), floor)


def _largest(world: World, attribute: str) -> tuple[int, Subject] | None:
    """The largest number of an attribute of tasks, and the task."""
    found = [(number, task) for task in world.of("task") if (number := as_int(task.get(attribute))) is not None]
    if attribute == "parallel":
        # That of a gym is its own agents', not of requests.
        found = [(number, task) for number, task in found if task.get("is_gym") is not True]
    return max(found, key=lambda one: one[0]) if found else None


def longest_answer(world: World, command: Subject) -> Value:
    """The largest max_new_tokens of a task, and where it stands."""
    longest = _largest(world, "longest_answer")
    if longest is None:
        return ABSENT
    place = longest[1].view.scope.place(_LONGEST)
    if place is not None:
        command.places["longest_answer"] = place
    return longest[0]


def longest_answer_task(world: World) -> Value:
    longest = _largest(world, "longest_answer")
    name = longest[1].get("name") if longest else None
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
    largest = _largest(world, "parallel")
    return largest[0] if largest else ABSENT


def fitting_max_num_seqs(command: Subject) -> Value:
    """The --max-num-seqs with which nothing queues."""
    most, limit = as_int(command.get("most_parallel")), as_int(command.get("max_num_seqs"))
    all_of = as_int(command.get("sequences"))
    return -(-most // (all_of // limit)) if most and limit and all_of else ABSENT


# What rules ask of a `task`.
LOAD_ATTRIBUTES: dict[str, Callable[[TaskView], Value]] = {
    "needs_amd64": _needs_amd64,
    "longest_answer": lambda view: _number(view.scope, _LONGEST),
    "timeout": _timeout,
    "parallel": lambda view: _number(view.scope, _PARALLELISM),
    "parallel_is_global": lambda view: view.scope.own.at(_PARALLELISM) is None,
    "context_floor": lambda view: _floor(_name_of(view)),
    "context_advised": lambda view: _ADVISED.get(_name_of(view), ABSENT),
    "context_missing": lambda view: _task_shortage(view, "context_floor"),
    "context_scarce": lambda view: _task_shortage(view, "context_advised"),
}
