"""The smallest part of a text around some edits that parses alone as it does in the whole."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf
from typing import TYPE_CHECKING, NamedTuple

from advisor.document.document import Document
from advisor.document.edits import TextEdit, apply_edits
from advisor.document.layout import line_start, own_entries
from advisor.document.nodes import Mapping, Node, Path, Sequence
from advisor.document.parse import parse_document
from advisor.patterns import pattern

if TYPE_CHECKING:
    import re

_INDENT = pattern(" *")
_DASH = pattern(" *- +")


class Section(NamedTuple):
    """One key with its value, or one element with its dash, in block style on lines of its own: [start, end) of the
    text. `path` is that of the value."""

    path: Path
    start: int
    end: int


class _Part(NamedTuple):
    """A part of a collection: where the text of its value may begin, where the next part's line begins, and whether
    it has its lines for itself."""

    name: str | int
    value: Node
    start: int
    inside: int
    own_lines: bool


def sections_around(document: Document, edits: SequenceOf[TextEdit]) -> list[Section]:
    """The sections that hold the edits without touching their own key or dash, from the outermost in. None where a
    part may mean something else alone."""
    found: list[Section] = []
    if document.tangled or not edits:
        return found
    first, last = min(edit.start for edit in edits), max(edit.end for edit in edits)
    path: Path = ()
    node, end = document.root, len(document.text)
    while isinstance(node, Mapping | Sequence) and not node.flow:
        parts = _parts(document, node)
        index = next((i for i in reversed(range(len(parts))) if parts[i].inside <= first), -1)
        if index < 0:
            break
        part = parts[index]
        end = parts[index + 1].start if index + 1 < len(parts) else end
        if last > end:
            break
        path, node = (*path, part.name), part.value
        if part.own_lines:
            found.append(Section(path, part.start, end))
    return found


def _parts(document: Document, node: Mapping | Sequence) -> list[_Part]:
    if isinstance(node, Mapping):
        return [_part(document, e.name, e.value, e.key.span.start, e.key.span.end, _INDENT) for e in own_entries(node)]
    values = [item.value for item in node.items]
    return [_part(document, i, one, one.span.start, one.span.start, _DASH) for i, one in enumerate(values)]


def _part(document: Document, name: str | int, value: Node, at: int, inside: int, lead: re.Pattern[str]) -> _Part:
    start = line_start(document, at)
    return _Part(name, value, start, inside, lead.fullmatch(document.text, start, at) is not None)


def parsed_alone(document: Document, section: Section, edits: SequenceOf[TextEdit]) -> Node | None:
    """The section's value after the edits; None where the section would become anything but that one part."""
    moved = [TextEdit(e.start - section.start, e.end - section.start, e.text) for e in edits]
    text = apply_edits(document.text[section.start : section.end], moved)
    if section.end < len(document.text) and not text.endswith(("\n", "\r")):
        return None
    alone = parse_document(document.path, text)
    if alone.problems or alone.tangled:
        return None
    root, name = alone.root, section.path[-1]
    if isinstance(root, Mapping) and not root.flow and list(root.entries) == [name]:
        return root.entries[str(name)].value
    if isinstance(root, Sequence) and not root.flow and isinstance(name, int) and len(root.items) == 1:
        return root.items[0].value
    return None
