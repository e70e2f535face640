"""Which task of one config is which of the other, and what is said of those that have no counterpart."""

from __future__ import annotations

from itertools import zip_longest

from advisor.subjects.pair_side import Side, TaskSide, same_value
from advisor.subjects.pair_words import listed
from advisor.subjects.subject import BASELINE, Attribute, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.subjects.subject import World


def match_tasks(world: World, theirs: Side, ours: Side) -> list[tuple[TaskSide, TaskSide]]:
    """The tasks that both run, the baseline's first. Those that only one runs become subjects."""
    pairs: list[tuple[TaskSide, TaskSide]] = []
    missing: list[TaskSide] = []
    extra: list[TaskSide] = []
    for match in dict.fromkeys(task.match for side in (theirs, ours) for task in side.tasks):
        one = [task for task in theirs.tasks if task.match == match]
        two = _in_order_of(one, [task for task in ours.tasks if task.match == match])
        for a, b in zip_longest(one, two):
            if a and b:
                pairs.append((a, b))
            elif a:
                missing.append(a)
            elif b:
                extra.append(b)
    if missing and _is_known(world, ours):
        for task in missing:
            if rival := _rival(task, extra):
                _add(world, [task], theirs, ours, is_missing=True, rival=rival)
        _add(world, [task for task in missing if not _rival(task, extra)], theirs, ours, is_missing=True)
    if extra and _is_known(world, theirs):
        _add(world, [task for task in extra if not _rival(task, missing)], theirs, ours, is_missing=False)
    return pairs


def _is_known(world: World, side: Side) -> bool:
    """Whether all tasks of a config are known; says so where not."""
    if not side.tasks_known:
        world.note("tasks that only one runs", f"a config that is not here may add some to {side.document.path}")
    return side.tasks_known


def _in_order_of(first: list[TaskSide], second: list[TaskSide]) -> list[TaskSide]:
    """Of a task that stands there several times, those with the same values beside each other."""
    if len(first) < 2 and len(second) < 2:
        return second
    left, out = list(second), []
    for task in first:
        alike = [one for one in left if _has_same_values(one, task)]
        chosen = (alike or left)[:1]
        out += chosen
        left = [one for one in left if not any(one is each for each in chosen)]
    return out + left


def _has_same_values(one: TaskSide, two: TaskSide) -> bool:
    return one.settings.keys() == two.settings.keys() and all(
        same_value(setting.value, two.settings[name].value) for name, setting in one.settings.items()
    )


def _rival(task: TaskSide, others: list[TaskSide]) -> str:
    """The task of another harness that runs the same benchmark on the other side; '' for none."""
    return next((one.label for one in others if task.benchmark and one.benchmark == task.benchmark), "")


def _add(world: World, tasks: list[TaskSide], theirs: Side, ours: Side, *, is_missing: bool, rival: str = "") -> None:
    """Tasks that only one side runs, together; one whose benchmark the other side runs in another harness by itself."""
    if not tasks:
        return
    first = tasks[0]
    about: dict[str, Attribute] = {
        "about": "task",
        "case": "missing" if is_missing else "extra",
        "task": listed([task.label for task in tasks]),
        "rival_text": f"; {first.benchmark} is {rival} here" if rival else "",
    }
    place, there = (ours.tasks_place, first.place) if is_missing else (first.place, theirs.tasks_place)
    places = {BASELINE: there._replace(document=theirs.document)}
    world.add(Subject("pair", place, world, about, parent=world.singles["config"], places=places))
