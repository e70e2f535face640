"""Texts of rules with the user's own values in place of their fields."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from advisor.nel.values import Absent, Unknown, Value
from advisor.patterns import pattern
from advisor.records import NamedTuple
from advisor.subjects.subject import Subject, getter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A field of a template: {name} or {name!r}, but not the braces of ${...}.
FIELD = pattern(r"(?<!\$)\{([a-z_][\w.\-]*)(!r)?\}")


class _Field(NamedTuple):
    """`before` is the text between the last field and this one."""

    before: str
    value: Callable[[Subject], Value]
    quoted: bool


@lru_cache(maxsize=4096)
def _split(template: str) -> tuple[tuple[_Field, ...], str]:
    """A template's fields, and the text after the last."""
    *parts, rest = FIELD.split(template)
    fields = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return tuple(_Field(before, getter(name), bool(quoted)) for before, name, quoted in fields), rest


def fill(template: str, subject: Subject) -> str:
    """A template with the user's own values in place of its fields."""
    fields, rest = _split(template)
    filled = ""
    for before, value, quoted in fields:
        text = in_words(value(subject))
        filled += f"{before}'{text}'" if quoted else before + text
    return filled + rest


def in_words(value: Value) -> str:
    """A value as a text says it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, Absent | Unknown):
        return "absent" if isinstance(value, Absent) else "unknown"
    if isinstance(value, list):
        return ", ".join(in_words(one) for one in value)
    return str(value)


def filled(argument: Any, subject: Subject) -> tuple[bool, Any]:
    """An argument of a fix with its fields filled; a lone field keeps its value's type. (False, None) where one is
    unknown."""
    if isinstance(argument, str):
        fields, rest = _split(argument)
        values = [field.value(subject) for field in fields]
        if any(isinstance(value, Unknown | Absent) for value in values):
            return False, None
        is_lone = len(fields) == 1 and not fields[0].before and not rest
        return True, values[0] if is_lone else fill(argument, subject)
    if isinstance(argument, dict):
        pairs = {key: filled(value, subject) for key, value in argument.items()}
        return all(known for known, _ in pairs.values()), {key: value for key, (_, value) in pairs.items()}
    if isinstance(argument, list):
        some = [filled(value, subject) for value in argument]
        return all(known for known, _ in some), [value for _, value in some]
    return True, argument
