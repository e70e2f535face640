"""Where in a config a cursor stands, told by lines and indentation alone, since a text being typed seldom parses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from advisor.document.nodes import Path
from advisor.lsp.flow import FlowPlace, flow_place, flow_start

KEY, VALUE, TEXT = "key", "value", "text"
_LINE = re.compile(r"(?P<indent>[ \t]*)(?P<dashes>(?:-(?:[ \t]+|\Z))*)(?P<rest>.*)\Z", re.DOTALL)
_KEY = re.compile(
    r"(?P<quote>[\"']?)(?P<name>[^\s:#\"'{}\[\],][^:#\"'{}\[\],]*?)(?P=quote)[ \t]*:(?:[ \t]+(?P<value>.*)|\Z)",
    re.DOTALL,
)
_BLOCK = re.compile(r"(?:[&!]\S+[ \t]+)*[|>][-+0-9]*[ \t]*(?:#.*)?\Z")
_COMMENT = re.compile(r"(?:\A|[ \t])#")
_MOST_LINES = 400
_NO_VALUE = re.compile(r"[ \t]*(?:[&!]\S+[ \t]*)*(?:#.*)?\Z")


@dataclass(frozen=True, slots=True)
class Cursor:
    """`path` is the mapping that a key would join (KEY; an element's ends in its number), the key whose value it is
    (VALUE), or the key whose text of several lines it stands in (TEXT). `typed` is what stands before the cursor, from
    the offset `start` on. In a flow collection `there` are the mapping's other keys."""

    kind: str
    path: Path
    typed: str
    start: int
    there: frozenset[str] | None = None

    @property
    def in_flow(self) -> bool:
        return self.there is not None


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    dashes: tuple[int, ...]
    column: int
    key: str | None
    value: str
    value_at: int


def cursor_at(text: str, offset: int) -> Cursor | None:
    """None inside of a comment."""
    start = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    before = text[start:offset]
    above = text[:start].splitlines()
    line = _read(len(above), before)
    flow = _flow_cursor(text, start, offset)
    if flow is not None:
        return flow
    path, text_key = _path(_above(above), line)
    if text_key is not None:
        return Cursor(TEXT, text_key, before.lstrip(), start + len(before) - len(before.lstrip()))
    if _COMMENT.search(before):
        return None
    if line.key is not None:
        return Cursor(VALUE, (*path, line.key), line.value, offset - len(line.value))
    typed = before[line.column :]
    return Cursor(KEY, path, typed, offset - len(typed))


def _flow_cursor(text: str, start: int, offset: int) -> Cursor | None:
    """The cursor in the outermost flow collection that is open there; None where there is none."""
    found: tuple[FlowPlace, _Line, int] | None = None
    at = start
    for _ in range(_MOST_LINES):
        end = offset if at == start else text.find("\n", at)
        line = _read(0, text[at:end].rstrip("\r"))
        begin = flow_start(line.value)
        if begin is not None:
            indent = line.dashes[0] if line.dashes else line.column if line.key is not None else -1
            place = flow_place(text, at + line.value_at + begin, offset, indent)
            found = (place, line, at) if place is not None else found
        if at == 0 or (not text[at : at + 1].isspace() and at < start and (line.key is not None or line.dashes)):
            break
        at = text.rfind("\n", 0, at - 1) + 1
    if found is None:
        return None
    place, line, at = found
    above = text[:at].splitlines()
    base, text_key = _path(_above(above), line)
    typed = text[place.start : offset]
    if text_key is not None:
        return Cursor(TEXT, text_key, typed, place.start)
    path = (*base, *([line.key] if line.key is not None else ()), *place.path)
    if place.key is not None:
        return Cursor(VALUE, (*path, place.key), typed, place.start, place.there)
    return Cursor(KEY, path, typed, place.start, place.there)


def is_aligned(text: str, cursor: Cursor) -> bool:
    """Whether a key where the cursor is would join a mapping: its neighbours stand in the same column."""
    start = text.rfind("\n", 0, cursor.start) + 1
    column = cursor.start - start
    if cursor.in_flow or text[start : cursor.start].strip():
        return True
    passed = False
    for one in (_read(0, line) for line in reversed(text[:start].splitlines()) if _is_content(line)):
        if one.column == column or column in one.dashes:
            return True
        if one.column < column or any(dash < column for dash in one.dashes):
            break
        passed = True
    after = text.find("\n", cursor.start)
    below = text[after + 1 :].splitlines() if after >= 0 else []
    next_one = next((_read(0, line) for line in below if _is_content(line)), None)
    return not passed and (next_one is None or (next_one.dashes or (next_one.column,))[0] <= column)


def keys_beside(text: str, cursor: Cursor) -> set[str]:
    """The other keys of the mapping that a key would join."""
    if cursor.there is not None:
        return set(cursor.there)
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
    if key is None:
        return _Line(number, dashes, column, None, match["rest"], column)
    value_at = column + (key.start("value") if key["value"] is not None else key.end())
    return _Line(number, dashes, column, key["name"], key["value"] or "", value_at)


def _above(lines: list[str]) -> Iterator[_Line]:
    """The lines above that are neither blank nor comments, the nearest first."""
    for number in range(len(lines) - 1, -1, -1):
        if _is_content(lines[number]):
            yield _read(number, lines[number])


def _path(above: Iterator[_Line], line: _Line) -> tuple[Path, Path | None]:
    """The path of the mapping or list that holds the line; and that of a text of several lines where it is in one."""
    parts: list[str | int] = []
    in_text = False
    key_limit, dash_limit = line.column, line.column
    open_item: int | None = None
    nearest = True
    for one in chain([line], above):
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
