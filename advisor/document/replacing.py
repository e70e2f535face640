"""Changes what is there: values, keys, quoting, and parts of strings."""

from __future__ import annotations

import json

from advisor.document.document import Document
from advisor.document.edits import CannotEdit, TextEdit
from advisor.document.emit import block_lines, flow_text, indented, item_lines, quoted, scalar_text
from advisor.document.layout import column, dash, newline, step, value_end, walk
from advisor.document.nodes import Data, Entry, Item, Path, Scalar, Span, dotted
from advisor.document.offsets import content_start, offsets
from advisor.patterns import pattern

# What stands behind a key that has its value below it.
_COMMENTED = pattern(r":[ \t]+#.*")


def replace(document: Document, path: Path, value: Data) -> TextEdit:
    """The value at a path."""
    nodes, links = walk(document, path)
    node, link = nodes[-1], links[-1] if links else None
    in_flow = any(getattr(above, "flow", False) for above in nodes[:-1])
    if link is not None and link.alias:
        return TextEdit(link.alias.start, link.alias.end, flow_text(value))
    if isinstance(node, Scalar):
        span = _content(document, node)
        text = _in_style(node, value) if not isinstance(value, dict | list) else flow_text(value)
        gap = " " if span.start == span.end and document.text[span.start - 1 : span.start] in (":", "-", ",") else ""
        if isinstance(value, dict | list) and value and isinstance(link, Entry) and not in_flow and _lonely(value):
            return _rewritten(document, str(path[-1]), link, value)
        return TextEdit(span.start, span.end, gap + text)
    if node.flow:
        return TextEdit(node.span.start, node.span.end, flow_text(value))
    if isinstance(link, Entry):
        return _rewritten(document, str(path[-1]), link, value)
    if isinstance(link, Item):
        return _rewritten_item(document, link, value)
    raise CannotEdit("the whole file cannot be replaced")


def _lonely(value: Data) -> bool:
    """Whether a container is better written as a block: it holds another one."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(part, dict | list) and part for part in parts)


def _rewritten(document: Document, name: str, entry: Entry, value: Data) -> TextEdit:
    """A whole entry written anew, for want of a way to keep its shape; never over a comment but one behind the key."""
    start, end = entry.key.span.end, value_end(document, entry)
    indent = " " * column(document, entry.key.span.start)
    lines = block_lines(name, value, step(document))
    first = lines[0][len(scalar_text(name)) :]
    behind, _, below = document.text[start:end].partition("\n")
    if first == ":" and _COMMENTED.fullmatch(behind):
        first, written = behind.rstrip("\r"), below
    else:
        written = document.text[start:end]
    if "#" in written:
        raise CannotEdit("a comment stands inside what is to be replaced")
    return TextEdit(start, end, newline(document).join([first, *indented(lines[1:], indent)]))


def _rewritten_item(document: Document, item: Item, value: Data) -> TextEdit:
    """As `_rewritten`, for a list's element that is a block."""
    start, end = dash(document, item), value_end(document, item)
    if "#" in document.text[start:end]:
        raise CannotEdit("a comment stands inside what is to be replaced")
    lines = item_lines(value, step(document))
    return TextEdit(start, end, (newline(document) + " " * column(document, start)).join(lines))


def _content(document: Document, node: Scalar) -> Span:
    """A scalar's own text, without its anchor and tag."""
    return Span(min(content_start(document.text, node), node.span.end), node.span.end)


def _in_style(old: Scalar, value: bool | int | float | str | None) -> str:
    """The new value in the old one's quotes, where it has any."""
    if isinstance(value, str) and old.style in ("'", '"') and value.isprintable():
        return "'" + value.replace("'", "''") + "'" if old.style == "'" else quoted(value)
    return scalar_text(value)


def rename(document: Document, path: Path, name: str) -> TextEdit:
    """The last key of a path."""
    _, links = walk(document, path)
    link = links[-1]
    if not isinstance(link, Entry):
        raise CannotEdit(f"{dotted(path)} is an element of a list: it has no key")
    span = _content(document, link.key)
    return TextEdit(span.start, span.end, _in_style(link.key, name))


def quote(document: Document, path: Path) -> TextEdit:
    """Quotes around a plain scalar."""
    nodes, links = walk(document, path)
    node = nodes[-1]
    if not isinstance(node, Scalar) or node.style or links[-1].alias:
        raise CannotEdit(f"{dotted(path)} is no plain scalar")
    span = _content(document, node)
    return TextEdit(span.start, span.end, quoted(node.text))


def splice(document: Document, path: Path, start: int, end: int, text: str) -> TextEdit:
    """The characters [start, end) of the string at a path, in whatever style it is written."""
    nodes, links = walk(document, path)
    node = nodes[-1]
    if not isinstance(node, Scalar) or (links and links[-1].alias):
        raise CannotEdit(f"{dotted(path)} is no string of its own")
    if node.style == "" and node.span.start == node.span.end:
        return replace(document, path, text)
    where = offsets(document.text, node)
    if not where.exact:
        raise CannotEdit(f"{dotted(path)} is written in a way that cannot be followed")
    span = where.span(start, end)
    if start == end and 0 < start <= len(where.ends):
        span = Span(where.ends[start - 1], where.ends[start - 1])
    return TextEdit(span.start, span.end, _escaped(document, node, text))


def _escaped(document: Document, node: Scalar, text: str) -> str:
    if node.style == "'":
        return text.replace("'", "''")
    if node.style == '"':
        return json.dumps(text, ensure_ascii=False)[1:-1]
    if "\n" in text:
        raise CannotEdit("a line break cannot be put there")
    return text


def source_text(document: Document, path: Path) -> str:
    """What a scalar's own text says, for a change that quotes it."""
    node = document.at(path)
    return node.text if isinstance(node, Scalar) else ""
