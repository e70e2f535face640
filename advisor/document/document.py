"""A file's text, its tree and its problems; offsets to lines and columns and back."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate, count
from operator import add

from advisor.document.nodes import Mapping, Node, Path, Sequence
from advisor.document.problems import Problem
from advisor.patterns import pattern
from advisor.records import NamedTuple

_LINE_END = pattern(r"\r\n|\n|\r")


class Position(NamedTuple):
    """Line and column from 1; columns in code points."""

    line: int
    column: int


class Document(NamedTuple):
    """`text` has no byte order mark; `root` is None where the text does not parse or is empty. In a `tangled` text a
    part may parse otherwise alone than in the whole: it has anchors, or characters for which another parser is used."""

    path: str
    text: str
    root: Node | None
    problems: tuple[Problem, ...] = ()
    bom: bool = False
    tangled: bool = False

    @property
    def line_starts(self) -> list[int]:
        return _line_starts(self.text)

    def position(self, offset: int) -> Position:
        starts = _line_starts(self.text)
        line = bisect_right(starts, offset)
        return Position(line, offset - starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line, numbered from 1, without its line end."""
        starts = self.line_starts
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def at(self, path: Path) -> Node | None:
        """The node at a path, or None where the text has none."""
        node = self.root
        for part in path:
            if isinstance(node, Mapping) and part in node.entries:
                node = node.entries[str(part)].value
            elif isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
                node = node.items[part].value
            else:
                return None
        return node


@lru_cache(maxsize=8)
def _line_starts(text: str) -> list[int]:
    if "\r" in text:
        return [0, *(match.end() for match in _LINE_END.finditer(text))]
    lengths = map(len, text.split("\n")[:-1])
    return [0, *map(add, accumulate(lengths), count(1))]
