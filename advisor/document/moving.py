"""Moves an entry with its text and comments to another place."""

from __future__ import annotations

from advisor.document.deleting import delete
from advisor.document.document import Document
from advisor.document.edits import TextEdit
from advisor.document.emit import block_lines
from advisor.document.inserting import insert_lines
from advisor.document.layout import column, line_end, step, value_end, walk
from advisor.document.nodes import Entry, Path, plain


def move(document: Document, path: Path, to: Path) -> tuple[TextEdit, TextEdit]:
    """The edit that takes it away, and the one that brings it in."""
    nodes, links = walk(document, path)
    link, value = links[-1], plain(nodes[-1])
    in_flow = any(getattr(node, "flow", False) for node in nodes[:-1])
    if isinstance(link, Entry) and not in_flow and not link.alias:
        lines = _own_lines(document, link, str(to[-1]))
    else:
        lines = block_lines(str(to[-1]), value, step(document))
    return delete(document, path), insert_lines(document, to, lines, value)


def _own_lines(document: Document, entry: Entry, name: str) -> list[str]:
    """The entry's own lines, the first at column 0, under the new name."""
    start = entry.key.span.start
    text = document.text[start : line_end(document, value_end(document, entry))]
    first, *rest = text.splitlines()
    indent = column(document, start)
    key = document.text[start : entry.key.span.end]
    renamed = first if name == entry.name else name + first[len(key) :]
    return [renamed, *(line[indent:] if not line[:indent].strip() else line.lstrip() for line in rest)]
