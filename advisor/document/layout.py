"""Where lines, comments and indentation stand around a node."""

from __future__ import annotations

from bisect import bisect_right

from advisor.document.document import Document
from advisor.document.edits import CannotEdit
from advisor.document.nodes import Entry, Item, Mapping, Node, Path, Scalar, Sequence, Span, dotted
from advisor.patterns import pattern

_COMMENT_LINE = pattern(r"[ \t]*#")
_LINE_END = pattern(r"\r\n|\n|\r")
_DEFAULT_STEP = 2


def newline(document: Document) -> str:
    """The line end that the text uses."""
    found = _LINE_END.search(document.text)
    return found[0] if found else "\n"


def split_lines(text: str) -> list[str]:
    """The lines without their ends; only what ends a line in YAML 1.1's files counts."""
    return _LINE_END.split(text)


def line_start(document: Document, offset: int) -> int:
    starts = document.line_starts
    return starts[bisect_right(starts, offset) - 1]


def line_end(document: Document, offset: int) -> int:
    """Where the line ends, its line end not counted."""
    found = _LINE_END.search(document.text, offset)
    return found.start() if found else len(document.text)


def next_line(document: Document, offset: int) -> int:
    """Where the next line begins, or the text ends."""
    found = _LINE_END.search(document.text, offset)
    return found.end() if found else len(document.text)


def column(document: Document, offset: int) -> int:
    return offset - line_start(document, offset)


def step(document: Document) -> int:
    """The indentation of one level: that of the first nested block mapping."""
    root = document.root
    if isinstance(root, Mapping) and not root.flow:
        for entry in root.entries.values():
            value = entry.value
            if isinstance(value, Mapping) and not value.flow and value.entries and not entry.merged and not entry.alias:
                return max(1, column(document, first_key(value).start) - column(document, entry.key.span.start))
    return _DEFAULT_STEP


def own_entries(mapping: Mapping) -> list[Entry]:
    """The entries that stand in the mapping's own text, in the order of the text."""
    return sorted((e for e in mapping.entries.values() if not e.merged), key=lambda entry: entry.key.span.start)


def first_key(mapping: Mapping) -> Span:
    """The first key in the mapping's own text (a `<<` may stand before it)."""
    own = own_entries(mapping)
    if not own:
        raise CannotEdit("the mapping has no key of its own")
    return own[0].key.span


def value_end(document: Document, entry: Entry | Item) -> int:
    """Where a value's text ends; a block scalar's with its last line."""
    if entry.alias:
        return entry.alias.end
    return node_end(document, entry.value)


def node_end(document: Document, node: Node) -> int:
    if isinstance(node, Mapping) and not node.flow:
        return max((value_end(document, entry) for entry in own_entries(node)), default=node.span.end)
    if isinstance(node, Sequence) and not node.flow:
        return max((value_end(document, item) for item in node.items), default=node.span.end)
    return node.span.end


def dash(document: Document, item: Item) -> int:
    """Where the `-` of a block list's element stands."""
    at = (item.alias or item.value.span).start - 1
    text = document.text
    while at >= 0 and text[at] in " \t":
        at -= 1
    if at < 0 or text[at] != "-":
        raise CannotEdit("the element does not stand on the line of its dash")
    return at


def walk(document: Document, path: Path) -> tuple[list[Node], list[Entry | Item]]:
    """The nodes from the root to the one at the path, and the entries or items between them.

    Raises CannotEdit where the way leads through an alias or a merged key: an edit there would change another place.
    """
    nodes: list[Node] = []
    links: list[Entry | Item] = []
    node = document.root
    for depth, part in enumerate(path):
        if node is None:
            break
        nodes.append(node)
        link = _link(node, part)
        if link is None:
            raise CannotEdit(f"{dotted(path[: depth + 1])} is not there")
        last = depth == len(path) - 1
        if isinstance(link, Entry) and link.merged:
            raise CannotEdit(f"{dotted(path[: depth + 1])} comes through '<<': the change would show elsewhere too")
        if link.alias and not last:
            raise CannotEdit(f"{dotted(path[: depth + 1])} is an alias: the change would show elsewhere too")
        links.append(link)
        node = link.value
    if node is None:
        raise CannotEdit("the file is empty")
    return [*nodes, node], links


def _link(node: Node, part: str | int) -> Entry | Item | None:
    if isinstance(node, Mapping) and isinstance(part, str):
        return node.entries.get(part)
    if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
        return node.items[part]
    return None


def is_merged(document: Document, path: Path) -> bool:
    """Whether the last key of a path comes through `<<`."""
    holder = document.at(path[:-1]) if path else None
    entry = holder.entries.get(str(path[-1])) if isinstance(holder, Mapping) else None
    return entry is not None and entry.merged


def is_empty_plain(node: Node) -> bool:
    """A null that is written as nothing at all."""
    return isinstance(node, Scalar) and node.style == "" and node.span.start == node.span.end


def comment_above(document: Document, start: int) -> int:
    """Where the comment lines begin that stand directly above a line, indented like it; where none do, the line."""
    at, indent = line_start(document, start), column(document, start)
    while at > 0:
        above = line_start(document, at - 1)
        line = document.text[above:at]
        if not _COMMENT_LINE.match(line) or len(line) - len(line.lstrip(" \t")) != indent:
            break
        at = above
    return at
