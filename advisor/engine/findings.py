"""Firings to findings: what a person reads, where it stands, why, and the mend as data."""

from __future__ import annotations

import re

from advisor.document.nodes import Data, Path, Span, dotted
from advisor.engine.base import Firing
from advisor.engine.conditions import read, shown
from advisor.engine.rule import ConditionData, FixSpec, Rule
from advisor.nel.values import Absent, Unknown, Value
from advisor.patterns import pattern
from advisor.records import NamedTuple
from advisor.subjects.subject import Place, Subject, resolve_name, value_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A field of a template: {name} or {name!r}, but not the braces of ${...}.
FIELD = pattern(r"(?<!\$)\{([a-z_][\w.\-]*)(!r)?\}")


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
    return Finding(
        rule=rule.id,
        name=_text(value_of(subject, rule.name_by)) if rule.name_by else rule.name,
        severity=rule.severity,
        message=fill(rule.message, subject),
        why=fill(rule.why, subject),
        place=_place(rule, subject),
        fix=_fix(rule.fix, subject) if rule.fix else None,
        evidence=rule.evidence,
        because=tuple(line for condition in rule.when for line in _because(condition, subject)),
        tags=rule.tags,
        related=tuple(_related(rule, subject)),
    )


def fill(template: str, subject: Subject) -> str:
    """A template with the user's own values in place of its fields."""

    def value(match: re.Match[str]) -> str:
        text = _text(value_of(subject, match[1]))
        return f"'{text}'" if match[2] else text

    return FIELD.sub(value, template)


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, Absent | Unknown):
        return "absent" if isinstance(value, Absent) else "unknown"
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    return str(value)


def _place(rule: Rule, subject: Subject) -> Place:
    """Where the rule points: its `at`, else what its first conditions speak of, else the subject."""
    if rule.at:
        return _place_of(subject, rule.at) or subject.place
    for condition in rule.when:
        name = condition.get("name", "")
        owner, attribute = resolve_name(subject, name)
        place = owner.place_of(attribute) if owner is subject and attribute else None
        if place is not None:
            return place
    return subject.place


def _place_of(subject: Subject, name: str) -> Place | None:
    owner, attribute = resolve_name(subject, name)
    return owner.place_of(attribute) if owner is not None else None


def _related(rule: Rule, subject: Subject) -> list[tuple[str, Place]]:
    """Other places of the same text that the conditions speak of."""
    main, out = _place(rule, subject), []
    for condition in rule.when:
        name = condition.get("name", "")
        place = _place_of(subject, name) if name else None
        if place is not None and place.span != main.span and place.span.end > place.span.start:
            out.append((name, place))
    return list(dict.fromkeys(out))


def _because(condition: ConditionData, subject: Subject) -> list[str]:
    if "name" not in condition:
        return [read(condition)]
    owner, attribute = resolve_name(subject, condition["name"])
    source = owner.source_of(attribute) if owner is not None else ""
    value = shown(value_of(subject, condition["name"]))
    return [f"{condition['name']} is {value}" + (f" ({source})" if source else "")]


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


def filled(argument: Any, subject: Subject) -> tuple[bool, Any]:
    """An argument of a fix with its fields filled; a lone field keeps its value's type. (False, None) where one is
    unknown."""
    if isinstance(argument, str):
        lone = FIELD.fullmatch(argument)
        names = [match[1] for match in FIELD.finditer(argument)]
        values = [value_of(subject, name) for name in names]
        if any(isinstance(value, Unknown | Absent) for value in values):
            return False, None
        return True, values[0] if lone else fill(argument, subject)
    if isinstance(argument, dict):
        pairs = {key: filled(value, subject) for key, value in argument.items()}
        return all(known for known, _ in pairs.values()), {key: value for key, (_, value) in pairs.items()}
    if isinstance(argument, list):
        some = [filled(value, subject) for value in argument]
        return all(known for known, _ in some), [value for _, value in some]
    return True, argument


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
