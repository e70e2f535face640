"""What pydantic makes of a value for a field, in its default (lax) mode.

NEL checks its configs with pydantic 2 models; these are their coercions, without importing pydantic. Types are
written `bool`, `int`, `float`, `str`, `any`, `int|float`, `list[T]`, `dict[K,V]`, `literal[a,b]`, and `T?` where
null is legal too.
"""

from __future__ import annotations

import re
from functools import cache

from advisor.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Check = Callable[[Any], "str | None"]

_BOOL_WORDS = frozenset({"0", "off", "f", "false", "n", "no", "1", "on", "t", "true", "y", "yes"})
# Digits with single underscores between them, and fraction digits only if they are all 0.
_INT_TEXT = pattern(r"[+-]?[0-9]+(?:_[0-9]+)*(?:\.0+)?\Z")
_FLOAT_TEXT = pattern(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?|nan)\Z", re.IGNORECASE)
_BAD_UNDERSCORE = pattern(r"_\Z|__|\A_")
_INT_DIGITS = 4300
_EXACT = 2**63


def type_problem(value: Any, field_type: str) -> str | None:
    """Why pydantic refuses the value, as a short phrase ("takes a whole number, not text"); None where it does not.

    The phrase never holds the value.
    """
    return check_for(field_type)(value)


@cache
def check_for(field_type: str) -> Check:
    """`type_problem` for one type, worked out once."""
    if field_type.endswith("?"):
        return _optional(check_for(field_type[:-1]))
    name, _, inner = field_type.partition("[")
    inner = inner.removesuffix("]")
    if name == "list":
        return _list_of(check_for(inner))
    if name == "dict":
        return _dict_of(check_for(inner.partition(",")[2]))
    if name == "literal":
        return _one_of(tuple(inner.split(",")))
    return _SIMPLE[field_type]


def _optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _list_of(check: Check) -> Check:
    def problem(value: Any) -> str | None:
        if not isinstance(value, list):
            return _refusal("a list", value)
        found = next(((i, wrong) for i, item in enumerate(value) if (wrong := check(item))), None)
        return f"item {found[0]} {found[1]}" if found else None

    return problem


def _dict_of(check: Check) -> Check:
    def problem(value: Any) -> str | None:
        if not isinstance(value, dict):
            return _refusal("a mapping", value)
        found = next(((key, wrong) for key, item in value.items() if (wrong := check(item))), None)
        return f"its {found[0]} {found[1]}" if found else None

    return problem


def _one_of(legal: tuple[str, ...]) -> Check:
    words = f"one of {', '.join(legal)}"
    return lambda value: None if isinstance(value, str) and value in legal else f"takes {words}"


def _any(value: Any) -> str | None:
    return None


def _bool(value: Any) -> str | None:
    if isinstance(value, bool) or (isinstance(value, int | float) and value in (0, 1)):
        return None
    if isinstance(value, str) and value.lower() in _BOOL_WORDS:
        return None
    return _refusal("true or false", value)


def _int(value: Any) -> str | None:
    if isinstance(value, int):
        return None
    if isinstance(value, float):
        whole = value == value and abs(value) < _EXACT and value == int(value)
        return None if whole else "takes a whole number"
    if isinstance(value, str):
        text = value.strip()
        if _INT_TEXT.match(text) and len(text) <= _INT_DIGITS:
            return None
    return _refusal("a whole number", value)


def _float(value: Any) -> str | None:
    if isinstance(value, int | float):
        return None
    if isinstance(value, str):
        text = value.replace("_", "") if "_" in value and not _BAD_UNDERSCORE.search(value) else value.strip()
        if _FLOAT_TEXT.match(text):
            return None
    return _refusal("a number", value)


def _str(value: Any) -> str | None:
    return None if isinstance(value, str) else _refusal("text (put it in quotes)", value)


def _refusal(wanted: str, value: Any) -> str:
    return f"takes {wanted}, not {_kind(value)}"


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a mapping" if isinstance(value, dict) else "a list"


def _number(value: Any) -> str | None:
    return _int(value) and _float(value)


_SIMPLE: dict[str, Check] = {
    "any": _any,
    "bool": _bool,
    "int": _int,
    "float": _float,
    "int|float": _number,
    "str": _str,
}
