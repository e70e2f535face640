"""How often the tasks of a quantized model run every sample: by a key of `extra`, by arguments, or in the settings of
NeMo Gym.

Source: nemo-evaluator-launcher 0.2.6 resources/all_tasks_irs.yaml (the commands of the tasks).
"""

from __future__ import annotations

import re

from advisor.nel.tasks import lookup
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.evaluated import gym_texts
from advisor.subjects.scopes import EXTRA
from advisor.subjects.subject import Place
from advisor.subjects.topology import as_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.subjects.scopes import Scope
    from advisor.subjects.subject import Subject, World
    from advisor.subjects.task_view import TaskView

# Arguments of the harnesses' own that come after what `extra` gives, and replace it.
_ARGUMENTS = {"simple_evals": "--num_repeats", "livecodebench": "--n", "bigcode-evaluation-harness": "--n_samples"}
_ARGS = (*EXTRA, "args")
_GYM_REPEATS = pattern(r"\bnum_repeats=(\d+)")


def describe_repeats(world: World) -> None:
    """Computed attributes of each `task`."""
    for task in world.of("task"):
        task.attributes |= _ATTRIBUTES


def _of_benchmark(view: TaskView, field: str) -> Value:
    found = view.benchmark
    value: Value = getattr(found, field) if found is not None else None
    return ABSENT if value is None else value


def _field(task: Subject) -> tuple[str | None, int]:
    """The key of `extra` that repeats the task's samples, and its default."""
    query = task.get("query")
    found = lookup(query).task if isinstance(query, str) else None
    return (found.repeats_field, found.repeats) if found else (None, 1)


def _argued(scope: Scope) -> re.Match[str] | None:
    """Repeats that stand among a harness's own arguments, or in the settings of NeMo Gym; the last one counts."""
    if scope.owner.get("is_gym") is True:
        given = [match for text in gym_texts(scope) for match in _GYM_REPEATS.finditer(text)]
    else:
        flag, args = _ARGUMENTS.get(str(scope.owner.get("harness"))), scope.value(_ARGS)
        known = flag is not None and isinstance(args, str)
        given = list(re.finditer(rf"(?:^|\s){flag}[ =](\d+)(?=\s|$)", str(args))) if known else []
    return given[-1] if given else None


def repeats(scope: Scope) -> Value:
    """How often each sample is run."""
    argued = _argued(scope)
    if argued is not None:
        return int(argued[1])
    field, default = _field(scope.owner)
    if field is None:
        return Unknown("how often it repeats is not known")
    value = scope.value((*EXTRA, field))
    return default if value is ABSENT or value is None else value


def repeats_place(scope: Scope) -> Place | None:
    """Where that is said, or could be."""
    if _argued(scope) is not None:
        return scope.place(_ARGS) or scope.owner.place
    field, _ = _field(scope.owner)
    if field is None:
        return None
    path = (*EXTRA, field)
    return scope.place(path) or Place((*scope.path, *path), scope.owner.place.span)


def repeats_are_own(scope: Scope) -> Value:
    """Whether a person set them."""
    field, _ = _field(scope.owner)
    return _argued(scope) is not None or (field is not None and scope.at((*EXTRA, field)) is not None)


def repeats_missing(task: Subject) -> Value:
    """How many repeats a comparison lacks; 0 for none."""
    have, wanted = as_int(task.get("repeats")), as_int(task.get("repeats_wanted"))
    return Unknown("how often it repeats is not known") if have is None or wanted is None else max(0, wanted - have)


def repeats_to_set(scope: Scope) -> Value:
    """What to set the key of the repeats to, or the arguments that hold them; ABSENT for the settings of a gym."""
    wanted, argued = scope.owner.get("repeats_wanted"), _argued(scope)
    if argued is None:
        return wanted
    if scope.owner.get("is_gym") is True:
        return ABSENT
    return f"{argued.string[: argued.start(1)]}{wanted}{argued.string[argued.end(1) :]}"


_ATTRIBUTES: dict[str, Callable[[TaskView], Value]] = {
    "repeats_wanted": lambda view: _of_benchmark(view, "repeats"),
    "repeats": lambda view: repeats(view.scope),
    "repeats_are_own": lambda view: repeats_are_own(view.scope),
    "repeats_missing": lambda view: repeats_missing(view.subject),
    "repeats_to_set": lambda view: repeats_to_set(view.scope),
    "benchmark": lambda view: _of_benchmark(view, "name"),
}
