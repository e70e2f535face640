"""Takes keys and list elements out, with their comments, and leaves their siblings alone."""

from __future__ import annotations

from advisor.document.document import Document
from advisor.document.edits import CannotEdit, TextEdit
from advisor.document.layout import (
    column,
    comment_above,
    dash,
    line_end,
    line_start,
    next_line,
    own_entries,
    value_end,
    walk,
)  # fmt: skip
from advisor.document.nodes import Entry, Item, Mapping, Path, Sequence


def delete(document: Document, path: Path) -> TextEdit:
    """The entry or element at a path, with the comment on its line and the one directly above it."""
    nodes, links = walk(document, path)
    holder, link = nodes[-2], links[-1]
    parent = links[-2] if len(links) > 1 else None
    if isinstance(holder, Mapping) and isinstance(link, Entry):
        if holder.flow:
            return _from_flow(
                document, [(e.key.span.start, value_end(document, e)) for e in own_entries(holder)], link.key.span.start
            )
        if len(holder.entries) == 1:
            return _emptied(document, holder, parent, "{}")
        return _from_mapping(document, holder, link)
    if isinstance(holder, Sequence) and isinstance(link, Item):
        if holder.flow:
            return _from_flow(
                document, [(_start(item), value_end(document, item)) for item in holder.items], _start(link)
            )
        if len(holder.items) == 1:
            return _emptied(document, holder, parent, "[]")
        return _lines(document, dash(document, link), value_end(document, link), first=link is holder.items[0])
    raise CannotEdit("there is nothing to delete")


def _start(item: Item) -> int:
    return (item.alias or item.value.span).start


def _from_mapping(document: Document, holder: Mapping, entry: Entry) -> TextEdit:
    start, end = entry.key.span.start, value_end(document, entry)
    if column(document, start) == len(document.text[line_start(document, start) : start]) and not document.text[
        line_start(document, start) : start
    ].strip(" "):
        return _lines(document, start, end, first=entry is own_entries(holder)[0])
    # The first key of a list's element stands behind the dash: the next key takes its place.
    own = own_entries(holder)
    following = next((other for other in own if other.key.span.start > start), None)
    rest = line_end(document, end)
    if following is None or following.key.span.start < rest or "#" in document.text[rest : following.key.span.start]:
        raise CannotEdit("the key shares its line with something else")
    return TextEdit(start, following.key.span.start, "")


def _lines(document: Document, start: int, end: int, *, first: bool) -> TextEdit:
    """Whole lines; the comment above goes too, but that above a first sibling may speak of them all."""
    begin = line_start(document, start) if first else comment_above(document, start)
    if document.text[line_start(document, start) : start].strip(" "):
        raise CannotEdit("it shares its line with something else")
    stop = next_line(document, end)
    if stop == line_end(document, end) and begin > 0:
        # The last line of a text without a final line end: the line end before it goes instead.
        return TextEdit(begin - len(_line_end_before(document, begin)), stop, "")
    return TextEdit(begin, stop, "")


def _line_end_before(document: Document, at: int) -> str:
    return "\r\n" if document.text[:at].endswith("\r\n") else document.text[at - 1 : at]


def _emptied(document: Document, holder: Mapping | Sequence, parent: Entry | Item | None, empty: str) -> TextEdit:
    """A block collection that loses its only element becomes {} or [], behind its key or dash."""
    if holder.anchor or (isinstance(holder, Mapping) and not own_entries(holder)):
        raise CannotEdit("the collection has an anchor")
    if isinstance(holder, Mapping):
        begin, end = own_entries(holder)[0].key.span.start, max(value_end(document, e) for e in own_entries(holder))
    else:
        begin, end = dash(document, holder.items[0]), value_end(document, holder.items[0])
    if isinstance(parent, Entry):
        colon = document.text.index(":", parent.key.span.end) + 1
        between = document.text[colon:begin]
        if "#" in between:
            # The comment behind the key stays where it is.
            return TextEdit(
                colon, end, f" {empty}{between[: between.rindex('#')]}{between[between.rindex('#') :].rstrip()}"
            )
        return TextEdit(colon, end, f" {empty}")
    return TextEdit(begin, end, empty)


def _from_flow(document: Document, spans: list[tuple[int, int]], start: int) -> TextEdit:
    """One element and the comma that belongs to it."""
    index = next(i for i, (begin, _) in enumerate(spans) if begin == start)
    begin, end = spans[index]
    if index + 1 < len(spans):
        return TextEdit(begin, spans[index + 1][0], "")
    if index:
        return TextEdit(spans[index - 1][1], end, "")
    rest = document.text[end:]
    comma = len(rest) - len(rest.lstrip())
    return TextEdit(begin, end + comma + 1 if rest[comma : comma + 1] == "," else end, "")
