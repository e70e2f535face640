"""Plain scalars to values, as NEL's loader (OmegaConf on PyYAML's YAML 1.1) reads them."""

from __future__ import annotations

from functools import lru_cache

from advisor.patterns import pattern

# OmegaConf replaces YAML 1.1's float (so 1e4 is one) and drops its timestamps.
_INT = pattern(
    r"(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)\Z"
)
_YAML_FLOAT = pattern(
    r"(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
_OMEGACONF_FLOAT = pattern(
    r"(?:[-+]?[0-9]+(?:_[0-9]+)*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+)"
    r"|\.[0-9]+(?:_[0-9]+)*(?:[eE][-+][0-9]+)?|[-+]?[0-9]+(?:_[0-9]+)*(?::[0-5]?[0-9])+\.[0-9_]*"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)
# Of 4300 digits, beyond which Python refuses to read or print an integer.
_MOST_BITS = 14_280
_NULLS = {"", "~", "null", "Null", "NULL"}
_TRUE = {"yes", "true", "on"}
_BOOLS = {*_TRUE, "no", "false", "off"}
_PLAIN_BOOLS = {form: word in _TRUE for word in _BOOLS for form in (word, word.capitalize(), word.upper())}


@lru_cache(maxsize=4096)
def resolve_plain(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar."""
    if text in _NULLS:
        return None
    if text in _PLAIN_BOOLS:
        return _PLAIN_BOOLS[text]
    if text[0] in "123456789" and text.isdecimal() and text.isascii():
        return as_int(text)
    if text[0] in "-+.0123456789" and " " not in text:
        if _is_float(text):
            return as_float(text)
        if _INT.match(text):
            return as_int(text)
    return text


def _is_float(text: str) -> bool:
    if "." not in text and "e" not in text and "E" not in text:
        return False
    return bool(_YAML_FLOAT.match(text) or (_OMEGACONF_FLOAT.match(text) and not _INT.match(text)))


class Invalid:
    """A value that its tag does not fit."""


INVALID = Invalid()


def tagged(tag: str, text: str) -> bool | int | float | str | Invalid | None:
    """The value of a scalar with an explicit tag of YAML 1.1."""
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() in _TRUE if text.lower() in _BOOLS else INVALID
    if tag in ("int", "float"):
        number = as_int(text) if tag == "int" else as_float(text)
        return INVALID if isinstance(number, str) else number
    return text


def as_int(text: str) -> int | str:
    """An integer in YAML 1.1's notations: 0b, 0x, leading-zero octal, and base 60 (12:00:00 is 43200). One of more
    digits than Python prints is left a text."""
    number = _integer(text)
    return text if number is None or number.bit_length() > _MOST_BITS else number


def _integer(text: str) -> int | None:
    body = text.replace("_", "")
    sign = -1 if body.startswith("-") else 1
    body = body.lstrip("+-")
    try:
        if body == "0":
            return 0
        if body.startswith("0b"):
            return sign * int(body[2:], 2)
        if body.startswith("0x"):
            return sign * int(body[2:], 16)
        if body.startswith("0"):
            return sign * int(body, 8)
        if ":" in body:
            return sign * _base60([int(part) for part in body.split(":")])
        return sign * int(body)
    except ValueError:
        return None


def as_float(text: str) -> float | str:
    """A float in YAML 1.1's notations, base 60 with a fraction too."""
    body = text.replace("_", "").lower()
    sign = -1.0 if body.startswith("-") else 1.0
    body = body.lstrip("+-")
    if body == ".inf":
        return sign * float("inf")
    if body == ".nan":
        return float("nan")
    try:
        if ":" in body:
            whole, _, fraction = body.rpartition(":")
            return sign * (_base60([int(part) for part in whole.split(":")]) * 60 + float(fraction))
        return sign * float(body)
    except (ValueError, OverflowError):
        return text


def _base60(parts: list[int]) -> int:
    total = 0
    for part in parts:
        total = total * 60 + part
    return total
