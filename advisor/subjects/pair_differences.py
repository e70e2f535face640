"""What is said of settings that differ: of one task, or of all that get the same value from the same place."""

from __future__ import annotations

import re

from advisor.nel.values import ABSENT, Unknown
from advisor.patterns import pattern
from advisor.records import NamedTuple
from advisor.subjects.pair_server import is_flag
from advisor.subjects.pair_settings import ADDED, LEFT_OUT, SAME, UNKNOWN, Compared
from advisor.subjects.pair_side import KV, RULE_NAMES, Side
from advisor.subjects.pair_words import flag_text, listed, shown_values, wanted_text
from advisor.subjects.subject import BASELINE, Attribute, Place, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.document.nodes import Path
    from advisor.subjects.subject import World

_SETTING = "setting"
# Llama-3.1-70B-Instruct-FP8-KV
_KV_IN_NAME = pattern(r"[-_.]kv(?:[-_.]?cache)?(?![a-z])[^/]*\Z", re.IGNORECASE)


def add_differences(world: World, compared: list[Compared], theirs: Side, ours: Side) -> None:
    """One `pair` for each difference."""
    for group in _groups(compared):
        _add(world, group, theirs, ours)


class _Group(NamedTuple):
    """`whole` is False where other tasks get the same value from the same place, and are right with it."""

    compared: list[Compared]
    whole: bool = True


def _groups(compared: list[Compared]) -> Iterator[_Group]:
    groups: dict[tuple[str, Path | None, str], list[Compared]] = {}
    users: dict[tuple[str, Path | None], int] = {}
    for one in compared:
        at = one.ours.place.path if one.ours.place else None
        users[one.name, at] = users.get((one.name, at), 0) + 1
        if one.case not in (SAME, UNKNOWN):
            alike = f"{one.case} {one.theirs.value!r} {one.ours.value!r}"
            groups.setdefault((one.name, at, alike), []).append(one)
    for (name, at, _), group in groups.items():
        if len(group) == users[name, at]:
            yield _Group(group)
        else:
            yield from (_Group([one], whole=False) for one in group)


def _add(world: World, group: _Group, theirs: Side, ours: Side) -> None:
    one = group.compared[0]
    tasks = list(dict.fromkeys(each.task.label for each in group.compared if each.task))
    here, there = shown_values(one.ours, one.theirs)
    wanted = ABSENT if isinstance(one.theirs.value, Unknown) else one.theirs.value
    about: dict[str, Attribute] = {
        "about": one.ours.about,
        "rule_name": RULE_NAMES[one.ours.about],
        "case": one.case,
        "name": str(flag.path[-1]) if (flag := one.ours.flag or one.theirs.flag) else one.name,
        "tasks": [*tasks],
        "of_tasks": _of_tasks(tasks, len(ours.tasks)),
        "is_flag": is_flag(one.name),
        "here": here,
        "there": there,
        "baseline_value": wanted,
        "wanted": wanted_text(there),
        "baseline_text": str(wanted) if isinstance(wanted, str | int | float) else ABSENT,
        "missing_flag": flag_text(one.theirs, theirs, ours) if one.case == LEFT_OUT else ABSENT,
        "kv_is_calibrated": _kv_is_calibrated(one, ours),
        # Where a fix writes, as places; without one there is no fix.
        _SETTING: ABSENT,
        "flag": ABSENT,
    }
    home = _home(group)
    place = one.ours.place or _nearest(world, one, home, ours)
    places = {"server_flags": ours.flags_home}
    if one.theirs.place is not None:
        places[BASELINE] = one.theirs.place._replace(document=theirs.document)
    if home is not None:
        places[_SETTING] = Place(home, place.span)
    if one.ours.flag is not None:
        places["flag"] = one.ours.flag
    world.add(Subject("pair", place, world, about, parent=world.singles["config"], places=places))


def _nearest(world: World, one: Compared, home: Path | None, ours: Side) -> Place:
    """Where to point at what is not there: the nearest key above it, else the task, else where flags are added."""
    shortest = 1 if one.task is None or home is None or home[: len(one.task.place.path)] != one.task.place.path else 3
    for length in range(len(home or ()), shortest, -1):
        path = (home or ())[:length]
        node = world.values.tree.at(path)
        if node is not None and node.origin.key is not None:
            return Place(path, node.origin.key)
    if one.task is not None:
        return one.task.place if shortest == 3 else ours.tasks_place
    return ours.flags_home if is_flag(one.name) else ours.served.place


def _home(group: _Group) -> Path | None:
    """The path that is to be set, or deleted where only the candidate has it; None where there is none."""
    one = group.compared[0]
    if is_flag(one.name):
        return None
    if one.ours.place is not None and group.whole:
        return one.ours.place.path
    if one.task is None or not one.ours.tail or one.case == ADDED:
        return None
    own, shared = one.task.homes(one.ours.tail)
    return shared if shared and group.whole and len(group.compared) > 1 else own


def _of_tasks(tasks: list[str], count: int) -> str:
    if len(tasks) < 3:
        return f" of {listed(tasks)}" if tasks else ""
    return f" of all {count} tasks" if len(tasks) == count else f" of {len(tasks)} tasks"


def _kv_is_calibrated(one: Compared, ours: Side) -> bool:
    """Whether the candidate's checkpoint was calibrated for the cache that the baseline has no flag for. False where
    that is not known."""
    checkpoint = ours.served.files
    unset = one.theirs.value is ABSENT or one.theirs.value == "auto"
    if one.ours.about != KV or not unset:
        return False
    if checkpoint is not None:
        return isinstance(checkpoint.get("kv_cache"), str)
    return _KV_IN_NAME.search(ours.served.model) is not None if isinstance(ours.served.model, str) else False
