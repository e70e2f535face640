"""The smallest part of a text around some edits that parses alone as it does in the whole: neighbours in one block
mapping or list, on lines of their own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from collections.abc import Sequence as SequenceOf
from itertools import islice

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


class Section(NamedTuple):
    """Neighbouring parts, those from `first` up to `stop`, of the collection `holder` at `path`, with their text
    [start, end); no parts where that is the place between two. They begin in `column`."""

    path: Path
    holder: Mapping | Sequence
    first: int
    stop: int
    start: int
    end: int
    column: int

    def data(self) -> Data:
        """The parts as plain data."""
        holder = self.holder
        if isinstance(holder, Sequence):
            return [plain(item.value) for item in holder.items[self.first : self.stop]]
        entries = islice(holder.entries.items(), self.first, self.stop)
        return {name: plain(entry.value) for name, entry in entries}

    @property
    def names(self) -> list[str | int]:
        """The keys of the parts, or their numbers."""
        return _names(self.holder)[self.first : self.stop]

    def others(self) -> list[str | int]:
        """The keys, or the numbers, of the collection's other parts."""
        names = _names(self.holder)
        return [*names[: self.first], *names[self.stop :]]

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
        if isinstance(self.holder, Sequence) and rest:
            index = rest[0]
            if not isinstance(index, int) or index < self.first:
                return None
            rest = (index - self.first, *rest[1:])
        return (0, *rest)


def sections_around(document: Document, edits: SequenceOf[TextEdit]) -> Iterator[Section]:
    """The sections that hold the edits, from the innermost out; none where a part may mean something else alone."""
    if document.tangled or not edits:
        return
    foremost, high = min(edits), max(edit.end for edit in edits)
    low, inserts = foremost.start, foremost.start == foremost.end
    found: list[tuple[Path, Mapping | Sequence, list[int], int, int, int]] = []
    path: Path = ()
    node, end = document.root, len(document.text)
    while isinstance(node, Mapping | Sequence) and not node.flow:
        starts = _starts(node)
        first = max(0, _holding(document, starts, low, behind=inserts))
        last = max(first, _holding(document, starts, high, behind=True))
        ends = line_start(document, starts[last + 1]) if last + 1 < len(starts) else end
        if not starts or ends < high or line_start(document, starts[0]) > low:
            break
        found.append((path, node, starts, first, last, ends))
        name, node, inside = _part(node, first)
        if first != last or low < inside:
            break
        path, end = (*path, name), ends
    for level in reversed(found):
        yield from _sections(document, *level, low if low == high else -1)


def _sections(
    document: Document,
    path: Path,
    holder: Mapping | Sequence,
    starts: list[int],
    first: int,
    last: int,
    end: int,
    insertion: int,
) -> Iterator[Section]:
    """The place behind a run of parts, or before it, where only an insertion is to be made there; then the run."""
    in_list = isinstance(holder, Sequence)
    start = line_start(document, starts[first])
    lead = (_DASH if in_list else _INDENT).fullmatch(document.text, start, starts[first])
    if lead is None or (0 <= insertion < start):
        return
    column = lead[0].index("-") if in_list else len(lead[0])
    if insertion >= 0 and not in_list:
        value = _part(holder, last)[1]
        at_line = insertion == len(document.text) or (insertion > 0 and document.text[insertion - 1] == "\n")
        if insertion >= value.span.end and at_line and not _ends_open(value):
            yield Section(path, holder, last + 1, last + 1, insertion, insertion, column)
        if insertion == start and first == 0:
            yield Section(path, holder, 0, 0, insertion, insertion, column)
    yield Section(path, holder, first, last + 1, start, end, column)


def _names(node: Mapping | Sequence) -> list[str | int]:
    return [*node.entries] if isinstance(node, Mapping) else [*range(len(node.items))]


def _starts(node: Mapping | Sequence) -> list[int]:
    """Where each key, or each element behind its dash, begins."""
    if isinstance(node, Mapping):
        return [entry.key.span.start for entry in node.entries.values()]
    return [item.value.span.start for item in node.items]


def _part(node: Mapping | Sequence, index: int) -> tuple[str | int, Node, int]:
    """The name and value of a part, and where the text begins that an edit can change without touching key or dash."""
    if isinstance(node, Mapping):
        entry = next(islice(node.entries.values(), index, None))
        return entry.name, entry.value, entry.key.span.end
    value = node.items[index].value
    return index, value, value.span.start


def _holding(document: Document, starts: list[int], offset: int, *, behind: bool) -> int:
    """The last part whose lines begin before an offset, or at it where what is `behind` it does not count; else -1."""
    found = bisect_left(starts, offset)
    while found < len(starts):
        start = line_start(document, starts[found])
        if start > offset or (start == offset and behind):
            break
        found += 1
    return found - 1


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
    in_list = isinstance(section.holder, Sequence)
    if section.first == section.stop and section.start and document.text[section.start - 1] != "\n":
        # The text ends without a line break: the new line brings one along, or is none.
        line, text = text, text.lstrip("\r\n")
        if line == text:
            return None
    if not text and section.others():
        return [] if in_list else {}
    if section.end < len(document.text) and not text.endswith(("\n", "\r")):
        return None
    root = tree_of(text)
    if not isinstance(root, Sequence if in_list else Mapping) or root.flow:
        return None
    # What comes before its first line, such as a comment, might become a part of what stands above it.
    if text[: root.span.start] != " " * section.column:
        return None
    if isinstance(root, Mapping) and not root.entries.keys().isdisjoint(section.others()):
        return None
    return plain(root)
