"""Why a rule fired and why it did not: each condition's value for each subject, and the chain behind a conclusion."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.engine.base import Firing, RuleBase
from advisor.engine.conditions import read, shown, test_of
from advisor.engine.rule import ConditionData, Rule
from advisor.records import NamedTuple
from advisor.subjects.subject import Subject, World, value_of


class ConditionTrace(NamedTuple):
    """`holds` is None where the value is unknown; `value` is what was found; `behind` the firings that concluded it."""

    text: str
    holds: bool | None
    value: str
    behind: tuple[str, ...] = ()


class SubjectTrace(NamedTuple):
    subject: Subject
    fires: bool
    conditions: tuple[ConditionTrace, ...]


def trace(base: RuleBase, rule: Rule, world: World, nel_version: str) -> list[SubjectTrace]:
    """One trace for each subject of the rule's kind."""
    firings = base.match(world, nel_version)
    fired = {(firing.rule.id, id(firing.subject)) for firing in firings}
    return [
        SubjectTrace(
            subject,
            (rule.id, id(subject)) in fired,
            tuple(_condition(condition, subject, firings) for condition in rule.when),
        )
        for kind in rule.on
        for subject in world.of(kind)
    ]


def _condition(condition: ConditionData, subject: Subject, firings: Sequence[Firing]) -> ConditionTrace:
    if "concluded" in condition:
        behind = tuple(
            f"{firing.rule.name} on {firing.subject.kind}"
            for firing in firings
            if firing.rule.concludes == condition["concluded"] and _reaches(firing.subject, subject)
        )
        return ConditionTrace(read(condition), bool(behind), "", behind)
    value = shown(value_of(subject, condition["name"])) if "name" in condition else ""
    return ConditionTrace(read(condition), test_of(condition)(subject), value)


def _reaches(concluded: Subject, subject: Subject) -> bool:
    """Whether a conclusion on one subject holds for another: itself, those below it, and from a single all."""
    if concluded.world.singles.get(concluded.kind) is concluded:
        return True
    above: Subject | None = subject
    while above is not None:
        if above is concluded:
            return True
        above = above.parent
    return False
