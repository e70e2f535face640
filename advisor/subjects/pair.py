"""What two configs do not have in common: one `pair` subject for each setting that decides a score and for the model.

Source: Model-Optimizer's skill compare-results (its checklist of comparability) and the recipes of its skill
evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from advisor.nel.dialect import NEXT
from advisor.nel.values import ABSENT, Unknown
from advisor.records import NamedTuple
from advisor.subjects.pair_differences import add_differences
from advisor.subjects.pair_model import add_model
from advisor.subjects.pair_server import is_flag, lacking_flag
from advisor.subjects.pair_settings import NOTHING, UNKNOWN, Compared, compare
from advisor.subjects.pair_side import IMAGE, Setting, Side, TaskSide
from advisor.subjects.pair_tasks import match_tasks
from advisor.subjects.pair_words import listed
from advisor.subjects.subject import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context


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


def pair_world(baseline: Config, candidate: Config, context: Context) -> tuple[World, Pair]:
    """The subjects of a comparison, all of which stand in the candidate's text. What the baseline says has its place
    in the baseline's own document."""
    theirs, ours = _side(baseline, context), _side(candidate, context)
    world = World(candidate.world.values)
    world.singles = candidate.world.singles
    add_model(world, theirs, ours)
    matched: list[tuple[TaskSide, TaskSide]] = []
    alike = (baseline.kind == NEXT) is (candidate.kind == NEXT)
    if not alike:
        theirs, ours = _server_alone(theirs), _server_alone(ours)
    compared = _compare_servers(world, theirs, ours)
    if alike:
        matched = match_tasks(world, theirs, ours)
        for task, counterpart in matched:
            compared += _compare_tasks(task, counterpart)
    else:
        world.note("tasks and what they send", "one config is for the launcher and one for nel-next")
    _note_unknown(world, compared, theirs, ours)
    add_differences(world, compared, theirs, ours)
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


# The servers.


def _compare_servers(world: World, theirs: Side, ours: Side) -> list[Compared]:
    if bool(theirs.engine) is not bool(ours.engine):
        world.note("serve flags", "only one of the two configs starts a server whose command is known")
    both = bool(theirs.engine and ours.engine)
    out = []
    for name in dict.fromkeys([*theirs.server, *ours.server]):
        one, two = theirs.server.get(name), ours.server.get(name)
        if one is None or two is None:
            if (is_flag(name) and not both) or (one or two or NOTHING).about == IMAGE:
                continue
            one = one or _lacking(name, two, theirs)
            two = two or _lacking(name, one, ours)
        out.append(compare(name, one, two, None))
    return out


def _lacking(name: str, other: Setting | None, side: Side) -> Setting:
    other = other or NOTHING
    if is_flag(name):
        return lacking_flag(name, other, complete=side.flags_complete)
    return other._replace(value=ABSENT, place=None, raw="", is_default=False)


# The tasks.


def _compare_tasks(theirs: TaskSide, ours: TaskSide) -> Iterator[Compared]:
    for name in dict.fromkeys([*theirs.settings, *ours.settings]):
        one, two = theirs.settings.get(name), ours.settings.get(name)
        one = one or theirs.lacks(name, two or NOTHING)
        two = two or ours.lacks(name, one)
        yield compare(name, one, two, ours)


def _note_unknown(world: World, compared: Iterable[Compared], theirs: Side, ours: Side) -> None:
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
        world.note(listed(list(names)), reason)
