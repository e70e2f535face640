"""Moves an entry with its text and comments to another place."""

from __future__ import annotations

from advisor.document.document import Document
from advisor.document.edits import CannotEdit, TextEdit
from advisor.document.emit import block_lines, indented, scalar_text
from advisor.document.inserting import insert_lines
from advisor.document.layout import (
    column,
    comment_above,
    line_end,
    newline,
    own_entries,
    split_lines,
    step,
    value_end,
    walk,
)
from advisor.document.nodes import Data, Entry, Mapping, Path, plain


def lifted(document: Document, path: Path, name: str) -> tuple[list[str], Data]:
    """The lines of what stands at a path, the first key at column 0 and under the new name; and its data."""
    nodes, links = walk(document, path)
    link, value = links[-1], plain(nodes[-1])
    if isinstance(link, Entry) and not any(getattr(node, "flow", False) for node in nodes[:-1]):
        return _own_lines(document, nodes[-2], link, name), value
    span = nodes[-1].span
    if "#" in document.text[span.start : span.end] and "\n" in document.text[span.start : span.end]:
        raise CannotEdit("a comment may stand inside what is to be moved")
    return block_lines(name, value, step(document)), value


def bring_in(document: Document, to: Path, lines: list[str], value: Data) -> TextEdit:
    """The edit that puts lifted lines where they belong."""
    if document.at(to) is not None:
        raise CannotEdit(f"{to[-1]} is there already")
    return insert_lines(document, to, lines, value)


def wrap(document: Document, path: Path, to: Path, lines: list[str]) -> TextEdit:
    """The edit that puts an entry's lifted lines below new keys in its own place; a comment above it stays there."""
    _, links = walk(document, path)
    entry = links[-1]
    if not isinstance(entry, Entry):
        raise CannotEdit("an element of a list has no key")
    start = entry.key.span.start
    lines = [line for line in lines if not line.startswith("#")]
    for parent in (*reversed(to[len(path) : -1]), path[-1]):
        lines = [f"{scalar_text(str(parent))}:", *indented(lines, " " * step(document))]
    first, *rest = lines
    text = newline(document).join([first, *indented(rest, " " * column(document, start))])
    return TextEdit(start, line_end(document, value_end(document, entry)), text)


def _own_lines(document: Document, holder: object, entry: Entry, name: str) -> list[str]:
    """The comment above goes with an entry, but not that above a first one, which may speak of them all."""
    start = entry.key.span.start
    text = document.text[start : line_end(document, value_end(document, entry))]
    first, *rest = split_lines(text)
    indent = column(document, start)
    key = document.text[start : entry.key.span.end]
    renamed = first if name == entry.name else scalar_text(name) + first[len(key) :]
    alone = isinstance(holder, Mapping) and entry is own_entries(holder)[0]
    above = "" if alone else document.text[comment_above(document, start) : start - indent]
    comments = [line[indent:] for line in split_lines(above) if line.strip()]
    return [*comments, renamed, *(line[indent:] if not line[:indent].strip() else line.lstrip() for line in rest)]
