"""The smallest part of a text around some edits that parses alone as it does in the whole: neighbours in one block
mapping or list, on lines of their own."""

from __future__ import annotations

from collections.abc import Sequence as SequenceOf

from advisor.document.changes import Append, Change, Move, Set
from advisor.document.document import Document
from advisor.document.edits import TextEdit, apply_edits
from advisor.document.layout import line_start
from advisor.document.nodes import Data, Mapping, Node, Path, Scalar, Sequence, plain
from advisor.document.parse import tree_of
from advisor.patterns import pattern
from advisor.records import NamedTuple

_INDENT = pattern(" *")
_DASH = pattern(" *- +")


class _Part(NamedTuple):
    """A key or an element with its value. `at` is where its key, or the element behind its dash, begins, `inside`
    where the text begins that an edit can change without touching key or dash."""

    name: str | int
    value: Node
    at: int
    inside: int


class Section(NamedTuple):
    """Neighbouring `parts` of the collection at `path`, with their text [start, end); no parts where that is the place
    between two. They begin in `column`; `others` are the keys of the rest."""

    path: Path
    parts: tuple[_Part, ...]
    start: int
    end: int
    column: int
    in_list: bool
    others: frozenset[str | int]

    def data(self) -> Data:
        """The parts as plain data."""
        if self.in_list:
            return [plain(part.value) for part in self.parts]
        return {str(part.name): plain(part.value) for part in self.parts}

    def below(self, change: Change) -> Change | None:
        """The change as it is for `[data]`; None where it is not wholly about these parts."""
        path = self._moved(change.path, whole=isinstance(change, Append))
        if path is None or (isinstance(change, Set) and len(path) < 2):
            return None
        if not isinstance(change, Move):
            return change._replace(path=path)
        to = self._moved(change.to, whole=False)
        return Move(path, to) if to is not None else None

    def _moved(self, path: Path, *, whole: bool) -> Path | None:
        count = len(self.path)
        if path[:count] != self.path or (len(path) == count and not whole):
            return None
        rest = path[count:]
        if self.in_list and rest:
            first, index = self.parts[0].name if self.parts else None, rest[0]
            if not isinstance(first, int) or not isinstance(index, int):
                return None
            rest = (index - first, *rest[1:])
        return (0, *rest)


def sections_around(document: Document, edits: SequenceOf[TextEdit]) -> list[Section]:
    """The sections that hold the edits, from the outermost in; none where a part may mean something else alone."""
    found: list[Section] = []
    if document.tangled or not edits:
        return found
    foremost, high = min(edits), max(edit.end for edit in edits)
    low, inserts = foremost.start, foremost.start == foremost.end
    path: Path = ()
    node, end = document.root, len(document.text)
    while isinstance(node, Mapping | Sequence) and not node.flow:
        parts = _parts(node)
        first = max(0, _holding(document, parts, low, behind=inserts))
        last = max(first, _holding(document, parts, high, behind=True))
        ends = line_start(document, parts[last + 1].at) if last + 1 < len(parts) else end
        if not parts or ends < high or line_start(document, parts[0].at) > low:
            break
        found += _sections(document, path, parts, first, last, ends, low if low == high else -1)
        if first != last or low < parts[first].inside:
            break
        path, node, end = (*path, parts[first].name), parts[first].value, ends
    return found


def _sections(
    document: Document, path: Path, parts: list[_Part], first: int, last: int, end: int, insertion: int
) -> list[Section]:
    """The run of parts, and the place behind it where only an insertion is to be made there."""
    in_list = isinstance(parts[0].name, int)
    start = line_start(document, parts[first].at)
    lead = (_DASH if in_list else _INDENT).fullmatch(document.text, start, parts[first].at)
    if lead is None or (0 <= insertion < start):
        return []
    column = lead[0].index("-") if in_list else len(lead[0])
    names = [part.name for part in parts]
    others = frozenset((*names[:first], *names[last + 1 :]))
    found = [Section(path, tuple(parts[first : last + 1]), start, end, column, in_list, others)]
    if insertion == start and first == 0 and not in_list:
        found.append(Section(path, (), insertion, insertion, column, in_list, frozenset(names)))
    value = parts[last].value
    at_line = insertion == len(document.text) or (insertion > 0 and document.text[insertion - 1] == "\n")
    if not in_list and insertion >= value.span.end and at_line and not _ends_open(value):
        found.append(Section(path, (), insertion, insertion, column, in_list, frozenset(names)))
    return found


def _parts(node: Mapping | Sequence) -> list[_Part]:
    if isinstance(node, Mapping):
        return [_Part(name, e.value, e.key.span.start, e.key.span.end) for name, e in node.entries.items()]
    values = (item.value for item in node.items)
    return [_Part(n, one, one.span.start, one.span.start) for n, one in enumerate(values)]


def _holding(document: Document, parts: list[_Part], offset: int, *, behind: bool) -> int:
    """The last part whose lines begin before an offset, or at it where what is `behind` it does not count; else -1."""
    found = -1
    for n, part in enumerate(parts):
        if part.at >= offset:
            start = line_start(document, part.at)
            if start > offset or (start == offset and behind):
                break
        found = n
    return found


def _ends_open(node: Node) -> bool:
    """Whether blank lines behind a node may belong to it."""
    while not isinstance(node, Scalar):
        inner = list(node.entries.values()) if isinstance(node, Mapping) else node.items
        if node.flow or not inner:
            return False
        node = inner[-1].value
    return node.style in ("|", ">")


def parsed_alone(document: Document, section: Section, edits: SequenceOf[TextEdit]) -> Data:
    """The section's data after the edits; None where its text would become anything but parts in its place."""
    moved = [TextEdit(e.start - section.start, e.end - section.start, e.text) for e in edits]
    text = apply_edits(document.text[section.start : section.end], moved)
    if not section.parts and section.start and document.text[section.start - 1] != "\n":
        # The text ends without a line break: the new line brings one along, or is none.
        line, text = text, text.lstrip("\r\n")
        if line == text:
            return None
    if not text and section.others:
        return [] if section.in_list else {}
    if section.end < len(document.text) and not text.endswith(("\n", "\r")):
        return None
    root = tree_of(text)
    if not isinstance(root, Sequence if section.in_list else Mapping) or root.flow:
        return None
    # What comes before its first line, such as a comment, might become a part of what stands above it.
    if text[: root.span.start] != " " * section.column:
        return None
    if isinstance(root, Mapping) and not section.others.isdisjoint(root.entries):
        return None
    return plain(root)
