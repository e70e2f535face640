"""Where in a config a cursor stands, told by lines and indentation alone, since a text being typed seldom parses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from advisor.document.nodes import Path

KEY, VALUE, TEXT = "key", "value", "text"
_LINE = re.compile(r"(?P<indent>[ \t]*)(?P<dashes>(?:-(?:[ \t]+|\Z))*)(?P<rest>.*)\Z", re.DOTALL)
_KEY = re.compile(
    r"(?P<quote>[\"']?)(?P<name>[^\s:#\"'{}\[\],][^:#\"'{}\[\],]*?)(?P=quote)[ \t]*:(?:[ \t]+(?P<value>.*)|\Z)",
    re.DOTALL,
)
_BLOCK = re.compile(r"(?:[&!]\S+[ \t]+)*[|>][-+0-9]*[ \t]*(?:#.*)?\Z")
_COMMENT = re.compile(r"(?:\A|[ \t])#")
_NO_VALUE = re.compile(r"[ \t]*(?:[&!]\S+[ \t]*)*(?:#.*)?\Z")


@dataclass(frozen=True, slots=True)
class Cursor:
    """`path` is the mapping that a key would join (KEY), the key whose value it is (VALUE), or the key whose text of
    several lines it stands in (TEXT). `typed` is what stands before the cursor, from the offset `start` on."""

    kind: str
    path: Path
    typed: str
    start: int


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    dashes: tuple[int, ...]
    column: int
    key: str | None
    value: str


def cursor_at(text: str, offset: int) -> Cursor | None:
    """None inside of a comment."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    before = text[start:offset]
    above = text[:start].splitlines()
    line = _read(len(above), before)
    enclosing = list(_above(above, line))
    path, text_key = _path(enclosing, line)
    if text_key is not None:
        return Cursor(TEXT, text_key, before.lstrip(), start + len(before) - len(before.lstrip()))
    if _COMMENT.search(before):
        return None
    if line.key is not None:
        return Cursor(VALUE, (*path, line.key), line.value, offset - len(line.value))
    typed = before[line.column :]
    return Cursor(KEY, path, typed, offset - len(typed))


def keys_beside(text: str, cursor: Cursor) -> set[str]:
    """The other keys of the mapping that a key would join."""
    start = text.rfind("\n", 0, cursor.start) + 1
    column = cursor.start - start
    after = text.find("\n", start)
    above = [_read(0, line) for line in reversed(text[:start].splitlines()) if _is_content(line)]
    below = [_read(0, line) for line in text[after + 1 :].splitlines() if _is_content(line)] if after >= 0 else []
    found = set()
    if not text[start : cursor.start].strip():
        for line in above:
            if line.column == column and line.key is not None:
                found.add(line.key)
            if line.column < column or any(dash < column for dash in line.dashes):
                break
    for line in below:
        if line.column < column or any(dash < column for dash in line.dashes):
            break
        if line.column == column and line.key is not None:
            found.add(line.key)
    return found


def _is_content(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith("#") and stripped != "---"


def _read(number: int, text: str) -> _Line:
    match = _LINE.match(text)
    assert match is not None
    start = len(match["indent"])
    dashes = tuple(start + at for at, char in enumerate(match["dashes"]) if char == "-")
    key = _KEY.match(match["rest"])
    column = start + len(match["dashes"])
    return _Line(number, dashes, column, key["name"] if key else None, (key["value"] or "") if key else match["rest"])


def _above(lines: list[str], line: _Line) -> Iterator[_Line]:
    """The lines above that are neither blank nor comments, the nearest first."""
    for number in range(len(lines) - 1, -1, -1):
        if _is_content(lines[number]):
            yield _read(number, lines[number])


def _path(above: list[_Line], line: _Line) -> tuple[Path, Path | None]:
    """The path of the mapping or list that holds the line; and that of a text of several lines where it is in one."""
    parts: list[str | int] = []
    in_text = False
    key_limit, dash_limit = line.column, line.column
    open_item: int | None = None
    nearest = True
    for one in [line, *above]:
        if one is not line:
            if open_item is not None and open_item in one.dashes:
                parts[-1] = int(parts[-1]) + 1
            if one.key is not None and one.column < key_limit:
                if _BLOCK.match(one.value) or (nearest and _goes_on(one.value)):
                    parts, in_text = [], True
                parts.append(one.key)
                key_limit = dash_limit = one.column
                open_item, nearest = None, False
        for dash in reversed(one.dashes):
            if dash < dash_limit:
                parts.append(0)
                open_item, nearest = dash, False
                key_limit, dash_limit = dash + 1, dash
        if key_limit <= 0:
            break
    path = tuple(reversed(parts))
    return path, path if in_text else None


def _goes_on(value: str) -> bool:
    """Whether a line below may belong to this text: it is no empty value and no flow collection."""
    return not _NO_VALUE.match(value) and value[:1] not in ("{", "[")
