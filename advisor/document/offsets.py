"""Where each character of a scalar's content stands in the document's text."""

from __future__ import annotations

from functools import lru_cache

from advisor.document.nodes import Scalar, Span
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# What libyaml takes for a line break in YAML 1.1.
_BREAK = r"(?:\r\n|[\n\r\x85\u2028\u2029])"
_NOT_BREAK = r"[^\n\r\x85\u2028\u2029]"
_PROPERTIES = pattern(rf"(?:(?:!<[^>\s]*>|[&!][^\s\[\]{{}},]*)(?:[ \t]|{_BREAK})+(?:#{_NOT_BREAK}*{_BREAK}\s*)*)*")
_FOLD = pattern(rf"[ \t]*{_BREAK}(?:[ \t]|{_BREAK})*")
_ESCAPED_FOLD = pattern(rf"\\{_BREAK}(?:[ \t]|{_BREAK})*")
_ESCAPE = pattern(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_BREAKS = pattern(_BREAK)
_RUN = pattern(rf"(?:[^\\'\t \n\r\x85\u2028\u2029]+|[ \t]++(?!{_BREAK}))+")
_HEADER = pattern(rf"[|>][-+0-9]*[ \t]*(?:#{_NOT_BREAK}*)?(?:{_BREAK}|\Z)")
_LINE = pattern(rf"(?P<body>{_NOT_BREAK}*)(?P<end>{_BREAK}|\Z)")

_Piece = tuple[str, int, int]


class Offsets(NamedTuple):
    """Character `i` of the content was made from the document's `[starts[i], ends[i])`.

    A character that folding or an escape made covers all of its source. `exact` is False where the
    source could not be followed: then every character covers the whole scalar.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    at_end: int
    exact: bool = True

    def span(self, start: int, end: int) -> Span:
        """The document's range for the content's `[start, end)`."""
        first = self.starts[start] if start < len(self.starts) else self.at_end
        return Span(first, max(first, self.ends[end - 1]) if end > start else first)


@lru_cache(maxsize=8)
def offsets(text: str, scalar: Scalar) -> Offsets:
    """Follow a scalar's source in the document's `text`. Of a serve command several places are asked in a row."""
    start = content_start(text, scalar)
    if not scalar.text:
        return Offsets((), (), start if scalar.style in ("", "|", ">") else start + 1)
    for pieces in _readings(text, scalar, start):
        read = list(pieces)
        if "".join(piece[0] for piece in read) == scalar.text:
            return _joined(read)
    span, size = scalar.span, len(scalar.text)
    return Offsets((span.start,) * size, (span.end,) * size, span.end, exact=False)


def content_start(text: str, scalar: Scalar) -> int:
    """Past the anchor and tag, which the parser counts into the scalar."""
    match = _PROPERTIES.match(text, scalar.span.start)
    return match.end() if match else scalar.span.start


def _joined(pieces: list[_Piece]) -> Offsets:
    starts: list[int] = []
    ends: list[int] = []
    for made, start, end in pieces:
        if end - start == len(made):
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        else:
            starts.append(start)
            ends.append(end)
    return Offsets(tuple(starts), tuple(ends), ends[-1])


def _readings(text: str, scalar: Scalar, start: int) -> Iterator[Iterator[_Piece]]:
    if scalar.style in ("|", ">"):
        header = _HEADER.match(text, start)
        if header is not None:
            keep = "+" in header.group().partition("#")[0]
            strip = "-" in header.group().partition("#")[0]
            for indent in _indents(text, header.end()):
                yield _block(text, header.end(), indent, scalar.style == ">", keep=keep, strip=strip)
    elif scalar.style:
        yield _flow(text, start + 1, scalar.span.end - 1, scalar.style)
    else:
        yield _flow(text, start, max(start, scalar.span.end), "")


def _flow(text: str, at: int, end: int, style: str) -> Iterator[_Piece]:
    """A plain or quoted scalar's content, one piece a run; a piece of another length is one character."""
    while at < end:
        fold = _FOLD.match(text, at, end)
        if fold:
            yield from _folded(text, at, fold.end())
            at = fold.end()
            continue
        if style == '"' and text[at] == "\\":
            skipped = _ESCAPED_FOLD.match(text, at, end)
            if skipped:
                first = _BREAKS.match(text, at + 1)
                yield from _kept_breaks(text, first.end() if first else at + 2, skipped.end())
                at = skipped.end()
                continue
            escape = _ESCAPE.match(text, at, end)
            stop = escape.end() if escape else at + 1
            yield _unescaped(text[at:stop]), at, stop
            at = stop
        elif style == "'" and text.startswith("''", at):
            yield "'", at, at + 2
            at += 2
        else:
            run = _RUN.match(text, at, end)
            stop = run.end() if run else at + 1
            yield text[at:stop], at, stop
            at = stop


def _folded(text: str, start: int, end: int) -> Iterator[_Piece]:
    """One line break becomes a space; of several, all but the first stay."""
    first = _BREAKS.search(text, start, end)
    if first is None:
        return
    rest = list(_kept_breaks(text, first.end(), end))
    if text[first.start()] in "\u2028\u2029":
        yield text[first.start()], first.start(), first.end()
    elif not rest:
        yield " ", start, end
    yield from rest


def _kept_breaks(text: str, start: int, end: int) -> Iterator[_Piece]:
    for match in _BREAKS.finditer(text, start, end):
        yield _as_break(match.group()), match.start(), match.end()


def _as_break(written: str) -> str:
    return written if written in "\u2028\u2029" else "\n"


_SIMPLE = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip


def _unescaped(written: str) -> str:
    if len(written) > 2:
        return chr(int(written[2:], 16))
    return _SIMPLE.get(written[1:], written[1:])


def _indents(text: str, at: int) -> Iterator[int]:
    """Every indentation that the block could have; which one it has, its content tells."""
    widest = 0
    for match in _LINE.finditer(text, at):
        body = match["body"]
        widest = max(widest, len(body) - len(body.lstrip(" ")))
        if body.strip(" ") or match.end() == len(text):
            break
    yield from range(max(widest, 1), 0, -1)


def _block(text: str, at: int, indent: int, folding: bool, *, keep: bool, strip: bool) -> Iterator[_Piece]:
    """A literal or folded block's content, by libyaml's rules for folding and chomping."""
    pending: _Piece | None = None
    blank: list[_Piece] = []
    after_blank = False
    while at < len(text):
        line = _LINE.match(text, at)
        assert line is not None
        body, stop = line["body"], line.end()
        broken = (_as_break(line["end"]), line.end("body"), stop) if line["end"] else None
        if not body[:indent].strip(" ") and len(body) <= indent:
            if broken:
                blank.append(broken)
        elif body[:indent].strip(" "):
            break
        else:
            begins_blank = body[indent] in " \t"
            if folding and pending and pending[0] == "\n" and not after_blank and not begins_blank:
                if not blank:
                    yield " ", pending[1], at + indent
            elif pending:
                yield pending
            yield from blank
            yield body[indent:], at + indent, line.end("body")
            pending, blank, after_blank = broken, [], begins_blank
        at = stop
    if pending and not strip:
        yield pending
    if keep:
        yield from blank
