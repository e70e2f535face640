"""JSON files of a checkpoint, and the typed look at single values of them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from advisor.checkpoint.problems import encodable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from advisor.checkpoint.files import CheckpointFiles

MAX_BYTES = 32 * 1024 * 1024


def read_object(files: CheckpointFiles, name: str, limit: int = MAX_BYTES) -> dict[str, Any] | None:
    """The JSON object in a file, or None where the file is absent or a problem was reported."""
    text = read_text(files, name, limit)
    return None if text is None else decode_object(files, name, text)


def read_text(files: CheckpointFiles, name: str, limit: int) -> str | None:
    """A file as UTF-8 text, or None where it is absent or a problem was reported."""
    data = files.read(name, limit)
    if data is None:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        files.report("not-utf8", name, f"byte {error.start} is not valid UTF-8")
        return None


def decode_object(files: CheckpointFiles, name: str, text: str) -> dict[str, Any] | None:
    """JSON text to an object; whatever else it is becomes a problem of the file."""
    nan: list[str] = []

    def constant(word: str) -> float:
        # Infinity stands in real configs (time_step_limit of Mamba) and Python's reader takes it; NaN is no value.
        if word == "NaN":
            nan.append(word)
        return float(word)

    try:
        value = json.loads(text, parse_constant=constant)
    except RecursionError:
        files.report("json-too-deep", name, "nested too deeply to be read")
        return None
    except ValueError as error:
        files.report("json-syntax", name, _where(error))
        return None
    if "\\u" in text and not encodable(json.dumps(value, ensure_ascii=False)):
        files.report("json-syntax", name, "half of a surrogate pair: not valid Unicode")
        return None
    if nan:
        files.report("json-nan", name, f"NaN is not JSON ({len(nan)} time{'s' * (len(nan) > 1)})")
    if isinstance(value, dict):
        return value
    files.report("json-type", name, f"holds a {type(value).__name__}, not an object")
    return None


def integer(data: Mapping[str, Any], *keys: str) -> int | None:
    """The first of these keys that holds a whole number."""
    for key in keys:
        value = data.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if isinstance(value, int):
            return value
        if math.isfinite(value) and value == int(value):
            return int(value)
    return None


def number(data: Mapping[str, Any], key: str) -> float | None:
    """A finite number under this key."""
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def string(data: Mapping[str, Any], key: str) -> str | None:
    value = data.get(key)
    return value if isinstance(value, str) and value else None


def mapping(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The object under this key; empty where there is none."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def strings(value: object) -> tuple[str, ...]:
    """The strings of a list, or one string alone."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _where(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (line {error.lineno}, column {error.colno})"
    return "a number with too many digits"
