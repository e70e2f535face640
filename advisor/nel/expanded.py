"""A text with the interpolations in it unfolded, every character still knowing the key that it was written in."""

from __future__ import annotations

from bisect import bisect_right

from advisor.document.nodes import Path, Scalar, Span
from advisor.document.offsets import offsets
from advisor.nel.interpolation import KEY, RESOLVER, Interpolation, find_interpolations, outermost
from advisor.nel.values import ABSENT
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.nel.effective import Effective
    from advisor.nel.values import Values

_MAX_DEPTH = 20
_MAX_LENGTH = 200_000


class Piece(NamedTuple):
    """Characters of the whole from `start` on, written in the scalar at `path` from its character `offset` on;
    `offset` is None where they are the scalar's whole value in another form."""

    start: int
    text: str
    path: Path
    node: Effective
    offset: int | None


class Expanded(NamedTuple):
    """`text` as a shell gets it; what only the launch can tell (`${oc.env:X}`, `???`) is left as it is written."""

    text: str
    pieces: tuple[Piece, ...]

    def piece_at(self, index: int) -> Piece:
        """The piece that a character stands in."""
        return self.pieces[max(0, bisect_right(self.pieces, index, key=lambda piece: piece.start) - 1)]

    def span(self, start: int, end: int, source: str) -> Span | None:
        """The range of the document's text `source` that `[start, end)` was written in; None where it is a default,
        and that of the first piece where it was written in several places."""
        piece = self.piece_at(start)
        value, node = piece.node.origin.value, piece.node.origin.node
        if value is None or not isinstance(node, Scalar):
            return None
        if piece.offset is None or value != node.span:
            return value
        last = min(end, piece.start + len(piece.text))
        return offsets(source, node).span(piece.offset + start - piece.start, piece.offset + last - piece.start)


def expand(values: Values, path: Path) -> Expanded | None:
    """The text at a path unfolded; None where there is no text. A config's values keep what was asked for."""
    if path not in values.expanded:
        values.expanded[path] = _expand(values, path)
    return values.expanded[path]


def _expand(values: Values, path: Path) -> Expanded | None:
    node = values.tree.at(path)
    if node is None or not isinstance(node.data, str) or node.is_missing:
        return None
    pieces: list[Piece] = []
    at = 0
    for text, where, owner, offset in _unfold(values, node, path, 0):
        if text and at <= _MAX_LENGTH:
            pieces.append(Piece(at, text, where, owner, offset))
            at += len(text)
    return Expanded("".join(piece.text for piece in pieces), tuple(pieces)) if pieces else None


_Part = tuple[str, Path, "Effective", "int | None"]


def _unfold(values: Values, node: Effective, path: Path, depth: int) -> Iterator[_Part]:
    data = node.data
    if not isinstance(data, str):
        yield str(node.plain()), path, node, None
        return
    at = 0
    for one in outermost(find_interpolations(data)):
        yield from _literal(data, at, one.start, path, node)
        inner = list(_interpolated(values, one, path, node, depth)) if depth < _MAX_DEPTH else []
        yield from inner or [(one.text, path, node, one.start)]
        at = one.end
    yield from _literal(data, at, len(data), path, node)


def _literal(data: str, start: int, end: int, path: Path, node: Effective) -> Iterator[_Part]:
    """Text between interpolations, in pieces where an escaped one (`\\${`) loses its backslash."""
    at = start
    while (escaped := data.find("\\${", at, end)) >= 0:
        yield data[at:escaped], path, node, at
        at = escaped + 1
        start = at
        yield data[at : at + 1], path, node, at
        at += 1
    yield data[at:end], path, node, at


def _interpolated(values: Values, one: Interpolation, path: Path, node: Effective, depth: int) -> Iterator[_Part]:
    """What a config key's interpolation becomes; nothing where the files do not tell."""
    if one.kind == KEY and one.key_path:
        target, default = values.node(one.key_path), None
        key = one.key_path
    elif one.kind == RESOLVER and one.name == "select_not_null":
        name, _, default = one.arguments.partition(",")
        key = tuple(name.strip().split("."))
        value = values.key(key)
        target = None if value is None or value is ABSENT else values.node(key)
    else:
        return
    if target is not None and not target.is_missing and not isinstance(target.data, dict | list):
        yield from _unfold(values, target, key, depth + 1)
    elif target is None and default is not None:
        yield default.strip(), path, node, one.start
