"""Brings in what is not there: keys, their missing parents, and list elements."""

from __future__ import annotations

from advisor.document.document import Document
from advisor.document.edits import CannotEdit, TextEdit
from advisor.document.emit import block_lines, flow_key, flow_text, indented, item_lines, scalar_text
from advisor.document.layout import (
    column,
    comment_above,
    dash,
    first_key,
    is_empty_plain,
    is_merged,
    line_end,
    line_start,
    newline,
    next_line,
    own_entries,
    step,
    value_end,
    walk,
)  # fmt: skip
from advisor.document.nodes import Data, Entry, Item, Mapping, Node, Path, Scalar, Sequence, dotted

# The key of a config that people expect at its top.
_FIRST = "defaults"


def insert(document: Document, path: Path, value: Data) -> TextEdit:
    """A key that is not there, with its missing parents."""
    return insert_lines(document, path, block_lines(str(path[-1]), value, step(document)), value)


def insert_lines(document: Document, path: Path, lines: list[str], value: Data) -> TextEdit:
    """As `insert`, with the entry's lines given (the first at column 0), for where block style is written."""
    depth = _existing(document, path)
    missing = [str(part) for part in path[depth:] if isinstance(part, str)]
    if len(missing) != len(path) - depth:
        raise CannotEdit(f"{dotted(path)} has no place: an element of a list is missing")
    for parent in reversed(missing[:-1]):
        lines = [f"{scalar_text(parent)}:", *indented(lines, " " * step(document))]
    for name in reversed(missing[1:]):
        value = {name: value}
    if document.root is None:
        return _append_at_end(document, lines)
    nodes, links = walk(document, path[:depth])
    holder, link = nodes[-1], links[-1] if links else None
    if link is not None and link.alias:
        raise CannotEdit(f"{dotted(path[:depth])} is an alias: the change would show elsewhere too")
    in_flow = any(getattr(node, "flow", False) for node in nodes[:-1])
    if isinstance(holder, Mapping) and (holder.flow or in_flow):
        return _into_flow(holder, missing[0], value)
    if isinstance(holder, Mapping) and missing == [_FIRST] and depth == 0:
        return _before_first(document, holder, lines)
    if isinstance(holder, Mapping):
        return _after_last(document, holder, lines)
    if isinstance(holder, Scalar) and holder.value is None and holder.anchor is None:
        return _into_null(document, holder, link, missing[0], value, lines, in_flow=in_flow)
    raise CannotEdit(f"{dotted(path)} has no place: {dotted(path[:depth]) or 'the file'} is no mapping")


def append(document: Document, path: Path, value: Data) -> TextEdit:
    """An element at the end of the list that is at the path."""
    nodes, links = walk(document, path)
    node = nodes[-1]
    if not isinstance(node, Sequence) or (links and links[-1].alias):
        raise CannotEdit(f"{dotted(path)} is no list of its own")
    if node.flow:
        last = max((_item_end(document, item) for item in node.items), default=None)
        if last is None:
            return TextEdit(_opening(document, node), node.span.end - 1, flow_text(value))
        return TextEdit(last, last, f", {flow_text(value)}")
    last_item = node.items[-1]
    indent = " " * column(document, dash(document, last_item))
    lines = item_lines(value, step(document))
    return _line_after(document, _item_end(document, last_item), indented(lines, indent))


def _item_end(document: Document, item: Item) -> int:
    return value_end(document, item)


def _existing(document: Document, path: Path) -> int:
    """How many parts of the path are there."""
    for depth in range(len(path), -1, -1):
        if document.at(path[:depth]) is not None and not is_merged(document, path[:depth]):
            return depth
    return 0


def _after_last(document: Document, holder: Mapping, lines: list[str]) -> TextEdit:
    indent = " " * column(document, first_key(holder).start)
    last = max(value_end(document, entry) for entry in own_entries(holder))
    return _line_after(document, last, indented(lines, indent))


def _before_first(document: Document, holder: Mapping, lines: list[str]) -> TextEdit:
    """Above the first key and the comment that belongs to it; a comment at the head of the file stays there."""
    key = first_key(holder).start
    above = comment_above(document, key)
    at = above or line_start(document, key)
    eol = newline(document)
    return TextEdit(at, at, eol.join(lines) + eol)


def _line_after(document: Document, offset: int, lines: list[str]) -> TextEdit:
    """Lines of their own, after the line in which the offset stands."""
    end = line_end(document, offset)
    at = next_line(document, offset)
    eol = newline(document)
    if at == end:
        return TextEdit(at, at, eol + eol.join(lines))
    return TextEdit(at, at, eol.join(lines) + eol)


def _append_at_end(document: Document, lines: list[str]) -> TextEdit:
    at, eol = len(document.text), newline(document)
    before = "" if not document.text or document.text.endswith(("\n", "\r")) else eol
    return TextEdit(at, at, before + eol.join(lines) + eol)


def _into_flow(holder: Mapping, name: str, value: Data) -> TextEdit:
    text = f"{flow_key(name)}: {flow_text(value)}"
    own = own_entries(holder)
    if not own:
        return TextEdit(holder.span.end - 1, holder.span.end - 1, text)
    last = own[-1]
    end = last.alias.end if last.alias else last.value.span.end
    return TextEdit(end, end, f", {text}")


def _into_null(
    document: Document,
    holder: Scalar,
    link: Entry | Item | None,
    name: str,
    value: Data,
    lines: list[str],
    *,
    in_flow: bool,
) -> TextEdit:
    """Below a key that has no value yet."""
    if link is None:
        return _append_at_end(document, lines)
    if not is_empty_plain(holder) or in_flow or not isinstance(link, Entry):
        text = flow_text({name: value})
        gap = (
            " "
            if is_empty_plain(holder) and document.text[holder.span.start - 1 : holder.span.start] in (":", "-")
            else ""
        )
        return TextEdit(holder.span.start, holder.span.end, gap + text)
    indent = " " * (column(document, link.key.span.start) + step(document))
    return _line_after(document, max(link.key.span.end, holder.span.start), indented(lines, indent))


def _opening(document: Document, node: Node) -> int:
    """After the bracket of a flow list, its anchor not counted."""
    return document.text.index("[", node.span.start) + 1
