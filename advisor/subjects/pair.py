"""What two configs do not have in common: one `pair` subject for each setting that decides a score and for the model.

Source: Model-Optimizer's skill compare-results (its checklist of comparability) and the recipes of its skill
evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from advisor.nel.dialect import NEXT
from advisor.nel.values import ABSENT, Absent, Unknown, Value
from advisor.subjects.pair_server import PARSERS, is_flag, lacking_flag
from advisor.subjects.pair_side import (
    IMAGE,
    JUDGE,
    KV,
    LEFT_OPEN,
    REASONING,
    RULE_NAMES,
    Setting,
    Side,
    TaskSide,
    plain_text,
)
from advisor.subjects.pair_words import BY_DEFAULT, flag_text, shown_values, url_class
from advisor.subjects.subject import Attribute, Place, Subject, World

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context

SAME, DIFFERS, LEFT_OUT, ADDED, OPEN, UNKNOWN = "same", "differs", "left out", "added", "left open", "unknown"
BASELINE, _SETTING = "baseline", "setting"


class Config(NamedTuple):
    """A config that is read: its dialect and its subjects."""

    document: Document
    kind: str
    world: World


class Pair(NamedTuple):
    """What was compared: the baseline's path, how many tasks both have, how many settings, and the two models."""

    path: str
    tasks: int
    settings: int
    baseline: str
    candidate: str


class _Compared(NamedTuple):
    """One setting on both sides, of one task or (None) of the server."""

    name: str
    case: str
    theirs: Setting
    ours: Setting
    task: TaskSide | None = None


def pair_world(baseline: Config, candidate: Config, context: Context) -> tuple[World, Pair]:
    """The subjects of a comparison, all of which stand in the candidate's text. What the baseline says has its place
    in the baseline's own document."""
    theirs, ours = _side(baseline, context), _side(candidate, context)
    world = World(candidate.world.values)
    world.singles = candidate.world.singles
    _add_model(world, theirs, ours)
    matched: list[tuple[TaskSide, TaskSide]] = []
    alike = (baseline.kind == NEXT) is (candidate.kind == NEXT)
    if not alike:
        theirs, ours = _server_alone(theirs), _server_alone(ours)
    compared = _compare_servers(world, theirs, ours)
    if alike:
        matched = _match(world, theirs, ours)
        for task, counterpart in matched:
            compared += _compare_tasks(task, counterpart)
    else:
        world.note("tasks and what they send", "one config is for the launcher and one for nel-next")
    _note_unknown(world, compared, theirs, ours)
    for group in _groups(compared):
        _add(world, group, theirs, ours)
    one, two = (model if isinstance(model := side.served.model, str) else "" for side in (theirs, ours))
    return world, Pair(baseline.document.path, len(matched), len(compared), one, two)


def _side(config: Config, context: Context) -> Side:
    if config.kind == NEXT:
        from advisor.subjects.pair_next import next_side

        return next_side(config.world, config.document)
    from advisor.subjects.pair_launcher import launcher_side

    return launcher_side(config.world, config.document, context)


def _server_alone(side: Side) -> Side:
    """What a config of either program says alike: the image and the flags."""
    return side._replace(server={name: one for name, one in side.server.items() if is_flag(name) or one.about == IMAGE})


# The model.


def _add_model(world: World, theirs: Side, ours: Side) -> None:
    here, there = ours.served, theirs.served
    known = isinstance(here.model, str) and isinstance(there.model, str)
    same: Value = here.model == there.model if known else Unknown("a model is not known")
    if not known:
        for side, document in ((theirs, theirs.document), (ours, ours.document)):
            if isinstance(side.served.model, Unknown):
                world.note("the model", f"{side.served.model.reason}, in {document.path}")
    about: dict[str, Attribute] = {
        "about": "model",
        "same": same,
        "switches_differ": theirs.switches != ours.switches,
        "model": here.model,
        "baseline": there.model,
        "precision": here.precision or ABSENT,
        "baseline_precision": there.precision or ABSENT,
    }
    places = {BASELINE: there.place._replace(document=theirs.document)}
    world.add(Subject("pair", here.place, world, about, parent=world.singles["config"], places=places))


# The servers.


def _compare_servers(world: World, theirs: Side, ours: Side) -> list[_Compared]:
    if bool(theirs.engine) is not bool(ours.engine):
        world.note("serve flags", "only one of the two configs starts a server whose command is known")
    both = bool(theirs.engine and ours.engine)
    out = []
    for name in dict.fromkeys([*theirs.server, *ours.server]):
        one, two = theirs.server.get(name), ours.server.get(name)
        if one is None or two is None:
            if (is_flag(name) and not both) or (one or two or _NOTHING).about == IMAGE:
                continue
            one = one or _lacking(name, two, theirs)
            two = two or _lacking(name, one, ours)
        out.append(_compare(name, one, two, None))
    return out


_NOTHING = Setting("", ABSENT)


def _lacking(name: str, other: Setting | None, side: Side) -> Setting:
    other = other or _NOTHING
    if is_flag(name):
        return lacking_flag(name, other, complete=side.flags_complete)
    return other._replace(value=ABSENT, place=None, raw="", is_default=False)


# The tasks.


def _match(world: World, theirs: Side, ours: Side) -> list[tuple[TaskSide, TaskSide]]:
    """The tasks that both run. One that only one runs is a subject of its own."""
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
            else:
                extra.append(b)
    for side, left, rest in ((ours, missing, extra), (theirs, extra, missing)):
        if left and not side.tasks_known:
            world.note("tasks that only one runs", f"a config that is not here may add some to {side.document.path}")
            continue
        for task in left:
            _add_alone(world, task, rest, side is ours, theirs, ours)
    return pairs


def _in_order_of(first: list[TaskSide], second: list[TaskSide]) -> list[TaskSide]:
    """Of a task that stands there several times, those with the same values beside each other."""
    if len(first) < 2 and len(second) < 2:
        return second
    left, out = list(second), []
    for task in first:
        values = {name: plain_text(one.value) for name, one in task.settings.items()}
        alike = [one for one in left if {name: plain_text(each.value) for name, each in one.settings.items()} == values]
        chosen = (alike or left)[:1]
        out += chosen
        left = [one for one in left if not any(one is each for each in chosen)]
    return out + left


def _add_alone(
    world: World, task: TaskSide, others: list[TaskSide], is_missing: bool, theirs: Side, ours: Side
) -> None:
    rival = next((one.label for one in others if task.benchmark and one.benchmark == task.benchmark), "")
    about: dict[str, Attribute] = {
        "about": "task",
        "case": "missing" if is_missing else "extra",
        "task": task.label,
        "rival": rival or ABSENT,
        "rival_text": f"; {task.benchmark} runs as {rival} {'here' if is_missing else 'there'}" if rival else "",
        "benchmark": task.benchmark or ABSENT,
    }
    place = ours.tasks_place if is_missing else task.place
    found = task.place if is_missing else theirs.tasks_place
    places = {BASELINE: found._replace(document=theirs.document)}
    world.add(Subject("pair", place, world, about, parent=world.singles["config"], places=places))


def _compare_tasks(theirs: TaskSide, ours: TaskSide) -> Iterator[_Compared]:
    for name in dict.fromkeys([*theirs.settings, *ours.settings]):
        one, two = theirs.settings.get(name), ours.settings.get(name)
        one = one or theirs.lacks(name, two or _NOTHING)
        two = two or ours.lacks(name, one)
        yield _compare(name, one, two, ours)


# One setting.


def _compare(name: str, theirs: Setting, ours: Setting, task: TaskSide | None) -> _Compared:
    if REASONING in (theirs.about, ours.about) and theirs.about != ours.about:
        ours = ours._replace(about=REASONING)
    return _Compared(name, _case(name, theirs, ours), theirs, ours, task)


def _case(name: str, theirs: Setting, ours: Setting) -> str:
    a, b = theirs.value, ours.value
    if LEFT_OPEN in (a, b):
        if isinstance(a, Unknown) and isinstance(b, Unknown):
            return SAME if a == b else UNKNOWN
        return OPEN
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return SAME if theirs.raw and theirs.raw == ours.raw else UNKNOWN
    if isinstance(a, Absent) or isinstance(b, Absent):
        return SAME if a is b else LEFT_OUT if isinstance(b, Absent) else ADDED
    if ours.about == JUDGE and name.endswith("url"):
        return SAME if url_class(a) == url_class(b) else DIFFERS
    if name in PARSERS and isinstance(a, str) and isinstance(b, str):
        return SAME if a.replace("-", "_") == b.replace("-", "_") else DIFFERS
    return SAME if plain_text(a) == plain_text(b) else DIFFERS


def _note_unknown(world: World, compared: Iterable[_Compared], theirs: Side, ours: Side) -> None:
    """One note for each reason, with the names of what it keeps from being compared."""
    found: dict[str, dict[str, None]] = {}
    for one in compared:
        if one.case != UNKNOWN:
            continue
        side, value = (ours, one.ours.value) if isinstance(one.ours.value, Unknown) else (theirs, one.theirs.value)
        if isinstance(value, Unknown):
            of = f" of {one.task.label}" if one.task else ""
            found.setdefault(f"{value.reason}, in {side.document.path}", {})[one.name + of] = None
    for reason, names in found.items():
        shown = list(names)
        more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
        world.note(", ".join(shown[:3]) + more, reason)


# What is said of one difference: of one task, or of all that get the same value from the same place.


class _Group(NamedTuple):
    """`whole` is False where other tasks get the same value from the same place, and are right with it."""

    compared: list[_Compared]
    whole: bool = True


def _groups(compared: list[_Compared]) -> Iterator[_Group]:
    groups: dict[tuple[str, Path | None, str], list[_Compared]] = {}
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
        "name": str(flag.path[-1]) if (flag := one.theirs.flag or one.ours.flag) else one.name,
        "tasks": [*tasks],
        "of_tasks": _of_tasks(tasks, len(ours.tasks)),
        "is_flag": is_flag(one.name),
        "here": here,
        "there": there,
        "baseline_value": wanted,
        "wanted": there.removesuffix(BY_DEFAULT) if wanted is not ABSENT else ABSENT,
        "baseline_text": str(wanted) if isinstance(wanted, str | int | float) else ABSENT,
        "missing_flag": flag_text(one.theirs, theirs, ours) if one.case == LEFT_OUT else ABSENT,
        "kv_is_calibrated": _kv_is_calibrated(world, one),
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


def _nearest(world: World, one: _Compared, home: Path | None, ours: Side) -> Place:
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
        return f" of {' and '.join(tasks)}" if tasks else ""
    return f" of all {count} tasks" if len(tasks) == count else f" of {len(tasks)} tasks"


def _kv_is_calibrated(world: World, one: _Compared) -> bool:
    """Whether the candidate's checkpoint was calibrated for the cache that the baseline has no flag for. False where
    that is not known."""
    checkpoint = world.singles.get("checkpoint")
    unset = one.theirs.value is ABSENT or one.theirs.value == "auto"
    return one.ours.about == KV and unset and checkpoint is not None and isinstance(checkpoint.get("kv_cache"), str)
