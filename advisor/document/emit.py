"""Data as YAML text, for what an edit brings in; never for what is there already."""

from __future__ import annotations

import json
import re

from advisor.document.nodes import Data
from advisor.document.scalars import resolve_plain
from advisor.patterns import pattern

# Plain text that no context of YAML reads as anything but itself.
_PLAIN = pattern(r"[A-Za-z0-9_./~$][A-Za-z0-9_./~$+@=%^*-]*(?: [A-Za-z0-9_./~$+@=%^*(][A-Za-z0-9_./~$+@=%^*()-]*)*\Z")
_URL = pattern(r"[A-Za-z0-9_./-]+:[A-Za-z0-9_./$-]\S*\Z")
_FLOW_UNSAFE = pattern(r"[\[\]{},#\s'\"]")


def scalar_text(value: bool | int | float | str | None) -> str:
    """A scalar in the plainest style that reads back as the same value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float_text(value)
    plain = _PLAIN.match(value) or (_URL.match(value) and not _FLOW_UNSAFE.search(value))
    if plain and resolve_plain(value) == value:
        return value
    if value.isprintable() and "'" not in value and ("\\" in value or '"' in value):
        return f"'{value}'"
    return quoted(value)


def quoted(text: str) -> str:
    """A double-quoted scalar; JSON's escapes are YAML's too."""
    out = json.dumps(text, ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]", lambda m: f"\\u{ord(m[0]):04x}", out)


def _float_text(value: float) -> str:
    if value != value:
        return ".nan"
    if value in (float("inf"), float("-inf")):
        return ".inf" if value > 0 else "-.inf"
    text = repr(value)
    return text if "." in text or "e" not in text else text.replace("e", ".0e")


def flow_text(value: Data) -> str:
    """Any data on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow_key(name)}: {flow_text(v)}" for name, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow_text(one) for one in value) + "]"
    text = scalar_text(value)
    return text if not isinstance(value, str) or text[0] in "'\"" or not _FLOW_UNSAFE.search(text) else quoted(value)


def flow_key(name: str) -> str:
    text = scalar_text(name)
    return text if text[0] in "'\"" or not _FLOW_UNSAFE.search(text) else quoted(name)


def block_lines(key: str, value: Data, step: int) -> list[str]:
    """The lines of `key: value` in block style, the first at column 0; small or empty containers stay on one line."""
    name = scalar_text(key)
    if isinstance(value, dict) and value:
        return [f"{name}:", *(" " * step + line for k, v in value.items() for line in block_lines(k, v, step))]
    if isinstance(value, list) and any(isinstance(one, dict | list) and one for one in value):
        return [f"{name}:", *(" " * step + line for one in value for line in item_lines(one, step))]
    return [f"{name}: {line_text(value)}"]


def line_text(value: Data) -> str:
    """Any data on one line of a block."""
    return flow_text(value) if isinstance(value, dict | list) else scalar_text(value)


def item_lines(value: Data, step: int) -> list[str]:
    """The lines of a `- value` in block style."""
    if isinstance(value, dict) and value:
        lines = [line for k, v in value.items() for line in block_lines(k, v, step)]
        return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]
    return [f"- {line_text(value)}"]


def indented(lines: list[str], indent: str) -> list[str]:
    """The lines further in; one with nothing in it stays empty."""
    return [indent + line if line.strip() else "" for line in lines]
