"""Firings to findings: what a person reads, where it stands, why, and the mend as data."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.document.nodes import Data, Path, Span, dotted
from advisor.engine.base import Firing
from advisor.engine.conditions import read, shown
from advisor.engine.rule import FixSpec, Rule
from advisor.engine.templates import fill, filled, in_words
from advisor.nel.values import Absent, Value
from advisor.records import NamedTuple
from advisor.subjects.subject import Place, Subject, resolve_name, value_of


class Edit(NamedTuple):
    """One change, as data: an operation at a path, with its argument. `span` is where a flag stands, or its value."""

    op: str
    path: Path
    argument: Data = None
    span: Span | None = None


class Fix(NamedTuple):
    title: str
    safety: str
    edits: tuple[Edit, ...]


class Finding(NamedTuple):
    rule: str
    name: str
    severity: str
    message: str
    why: str
    place: Place
    fix: Fix | None
    evidence: tuple[str, ...]
    because: tuple[str, ...]
    tags: tuple[str, ...] = ()
    related: tuple[tuple[str, Place], ...] = ()


def finding_of(firing: Firing) -> Finding:
    """What a firing says to a person."""
    rule, subject = firing.rule, firing.subject
    asked = [_asked(condition["name"], subject) for condition in rule.when if "name" in condition]
    place = _place(rule, subject, asked)
    return Finding(
        rule=rule.id,
        name=in_words(value_of(subject, rule.name_by)) if rule.name_by else rule.name,
        severity=rule.severity,
        message=fill(rule.message, subject),
        why=fill(rule.why, subject),
        place=place,
        fix=_fix(rule.fix, subject) if rule.fix else None,
        evidence=rule.evidence,
        because=tuple(_because(rule, asked)),
        tags=rule.tags,
        related=tuple(_related(asked, place)),
    )


class _Asked(NamedTuple):
    """What a condition asks for: `name` as the rule has it, which subject's attribute that is, and where it stands."""

    name: str
    subject: Subject | None
    attribute: str
    value: Value
    place: Place | None


def _asked(name: str, subject: Subject) -> _Asked:
    owner, attribute = resolve_name(subject, name)
    return _Asked(
        name, owner, attribute, value_of(subject, name), owner.place_of(attribute) if owner is not None else None
    )


def _place(rule: Rule, subject: Subject, asked: list[_Asked]) -> Place:
    """Where the rule points: its `at`, else what its first conditions speak of, else the subject."""
    if rule.at:
        return _place_of(subject, rule.at) or subject.place
    return next((one.place for one in asked if one.place is not None and one.subject is subject), subject.place)


def _place_of(subject: Subject, name: str) -> Place | None:
    owner, attribute = resolve_name(subject, name)
    return owner.place_of(attribute) if owner is not None else None


def _related(asked: list[_Asked], main: Place) -> dict[tuple[str, Place], None]:
    """Other places of the same text that the conditions speak of."""
    others = [(one.name, one.place) for one in asked if one.place is not None and one.place.span != main.span]
    return {(name, place): None for name, place in others if place.span.end > place.span.start}


def _because(rule: Rule, asked: list[_Asked]) -> Iterator[str]:
    named = iter(asked)
    for condition in rule.when:
        if "name" not in condition:
            yield read(condition)
            continue
        one = next(named)
        source = one.subject.source_of(one.attribute) if one.subject is not None else ""
        yield f"{one.name} is {shown(one.value)}" + (f" ({source})" if source else "")


def _fix(spec: FixSpec, subject: Subject) -> Fix | None:
    """The fix with the user's own names and values; None where a value that it needs is not known. There is nothing
    to move of what is not there."""
    edits: list[Edit] = []
    for operation, name, argument in spec.edits:
        if operation == "move" and name != "self" and isinstance(value_of(subject, name), Absent):
            continue
        path = target_path(subject, name)
        known, value = filled(argument, subject)
        if path is None or not known:
            return None
        span = place.span if "flag" in operation and (place := _target_place(subject, name)) else None
        edits.append(Edit(operation, path, list(value) if isinstance(value, tuple) else value, span))
    known, title = filled(spec.title, subject)
    return Fix(str(title), spec.safety, tuple(edits)) if known else None


def _target_place(subject: Subject, name: str) -> Place | None:
    return subject.place if name == "self" else _place_of(subject, name)


def target_path(subject: Subject, name: str) -> Path | None:
    """A name in a fix to a path in the config: `self`, an own key, or another subject's."""
    if name == "self":
        return subject.place.path
    owner, attribute = resolve_name(subject, name)
    if owner is None:
        return None
    told = owner.told_place(attribute)
    if told is not None:
        return told.path
    if attribute in owner.attributes:
        return None
    parts: list[str | int] = [part for part in attribute.split(".") if part]
    return (*owner.base, *parts)


_WORDS = {
    "set": "set {path} to {value}",
    "rename": "rename {path} to {value}",
    "move": "move {path} to {value}",
    "merge": "add {value} to {path}",
    "append": "append {value} to {path}",
    "remove_item": "remove {value} from {path}",
    "add_flag": "add {value} to {path}",
    "set_flag": "set {path} to {value}",
    "rename_flag": "rename {path} to {value}",
}


def describe(edit: Edit) -> str:
    """An edit in a few words."""
    value = edit.argument
    if edit.op == "move" and isinstance(value, list):
        shown_value = dotted(tuple(part for part in value if isinstance(part, str | int)))
    elif isinstance(value, str) and edit.op != "set" and edit.op != "append":
        shown_value = value
    else:
        shown_value = shown(value)
    words = _WORDS.get(edit.op, f"{edit.op.replace('_', ' ')} {{path}}" + (": {value}" if value is not None else ""))
    return words.format(path=dotted(edit.path), value=shown_value)
