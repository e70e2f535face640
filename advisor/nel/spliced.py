"""A text with its `${...}` filled in from the config, and the way back from it to the places that it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.document.nodes import Scalar
from advisor.nel.interpolation import KEY, RESOLVER, Interpolation, find_interpolations, outermost
from advisor.nel.values import ABSENT, Absent, Unknown, Values

if TYPE_CHECKING:
    from advisor.nel.effective import Effective

_MAX_DEPTH = 20
_MAX_PIECES = 2_000
_MAX_LENGTH = 1_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """`text[start:end]` of the whole was made of `[raw_start, raw_end)` of the source's own text; `inner` is the text
    that took the place of an interpolation."""

    start: int
    end: int
    raw_start: int
    raw_end: int
    inner: Spliced | None = None


@dataclass(frozen=True, slots=True)
class Spliced:
    """`source` is the scalar of the config's own text, None for a shipped default."""

    text: str
    source: Scalar | None
    pieces: tuple[Piece, ...]

    def origin(self, start: int, end: int) -> tuple[Scalar, int, int] | None:
        """The innermost scalar of the config's own text that holds all of `text[start:end]`, and the range of that
        scalar's `.text`. A range over several pieces leads to the outer scalar, interpolations whole."""
        touched = [one for one in self.pieces if one.start < end and start < one.end] or [
            one for one in self.pieces if one.start <= start <= one.end
        ]
        if not touched:
            return (self.source, 0, 0) if self.source else None
        first, last = touched[0], touched[-1]
        if len(touched) == 1 and first.inner is not None:
            found = first.inner.origin(start - first.start, end - first.start)
            if found is not None:
                return found
        if self.source is None:
            return None
        raw_start = first.raw_start if first.inner is not None else first.raw_start + max(0, start - first.start)
        raw_end = last.raw_end if last.inner is not None else last.raw_start + min(end, last.end) - last.start
        return self.source, raw_start, max(raw_start, raw_end)


def splice(node: Effective, values: Values) -> Spliced:
    """The text of a scalar. What cannot be filled in stays as `${...}`."""
    return _Splicer(values).splice(node, 0)


class _Splicer:
    """Fills interpolations in, within bounds that aliases of aliases cannot break."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.left = _MAX_PIECES

    def splice(self, node: Effective, depth: int) -> Spliced:
        source = node.origin.node if isinstance(node.origin.node, Scalar) else None
        data = node.data
        if not isinstance(data, str):
            written = source.text if source else "" if data is None else str(data)
            return _whole(written, source)
        pieces: list[tuple[str, int, int, Spliced | None]] = []
        at = 0
        for one in outermost(find_interpolations(data)):
            pieces += _literal(data, at, one.start)
            inner = self.filled(one, depth)
            pieces.append((inner.text if inner else one.text, one.start, one.end, inner))
            at = one.end
        pieces += _literal(data, at, len(data))
        return _joined(pieces, source)

    def filled(self, one: Interpolation, depth: int) -> Spliced | None:
        """What takes an interpolation's place, None where that is not known."""
        self.left -= 1
        path = one.key_path if one.kind == KEY else ()
        default: str | None = None
        if one.kind == RESOLVER and one.name == "select_not_null":
            name, _, default = (part.strip() for part in one.arguments.partition(","))
            path = tuple(name.split("."))
        if not path or depth >= _MAX_DEPTH or self.left < 0:
            return None
        value = self.values.key(path)
        if default is not None and (value is None or value is ABSENT):
            return _whole(default, None)
        node = self.values.node(path)
        if isinstance(value, Absent | dict | list) or node is None or isinstance(node.data, dict | list):
            return None
        if isinstance(value, Unknown) and (not isinstance(node.data, str) or node.is_missing):
            return None
        inner = self.splice(node, depth + 1)
        return inner if len(inner.text) <= _MAX_LENGTH else None


def _whole(text: str, source: Scalar | None) -> Spliced:
    return Spliced(text, source, (Piece(0, len(text), 0, len(text)),))


def _joined(parts: list[tuple[str, int, int, Spliced | None]], source: Scalar | None) -> Spliced:
    pieces: list[Piece] = []
    size = 0
    for text, raw_start, raw_end, inner in parts:
        pieces.append(Piece(size, size + len(text), raw_start, raw_end, inner))
        size += len(text)
    return Spliced("".join(part[0] for part in parts), source, tuple(pieces))


def _literal(data: str, start: int, end: int) -> list[tuple[str, int, int, Spliced | None]]:
    """Text as it stands, but for the backslash of an escaped `\\${`."""
    out: list[tuple[str, int, int, Spliced | None]] = []
    while (escape := data.find("\\${", start, end)) >= 0:
        out.append((data[start:escape], start, escape, None))
        start = escape + 1
        out.append((data[start : start + 2], start, start + 2, None))
        start += 2
    out.append((data[start:end], start, end, None))
    return [part for part in out if part[0]]
