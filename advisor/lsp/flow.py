"""Where in a flow collection (`{a: 1, b: [x]}`) a cursor stands, in a text that need not be whole."""

from __future__ import annotations

from advisor.document.nodes import Path
from advisor.patterns import pattern
from advisor.records import NamedTuple

_FARTHEST = 20_000
_OPENS = pattern(r"(?:[&!]\S+[ \t]+)*(?=[{\[])")
_QUOTED = pattern(r"'(?:[^'\n]|'')*'|\"(?:[^\"\\\n]|\\.)*\"")


class FlowPlace(NamedTuple):
    """`path` is that of the mapping or of the list's element, below the value that the collection is. In a mapping
    `key` is the one whose value is being typed, None where a key is; `there` are its other keys. What is being typed
    begins at the index `start`."""

    path: Path
    in_mapping: bool
    key: str | None
    there: frozenset[str]
    start: int


class _Open:
    """A collection that is not closed yet, and what was read of its present entry."""

    def __init__(self, opener: str, at: int) -> None:
        self.in_mapping = opener == "{"
        self.index = 0
        self.key: str | None = None
        self.keys: list[str] = []
        self.token = at

    @property
    def part(self) -> str | int:
        return (self.key or "") if self.in_mapping else self.index

    def colon(self, text: str, at: int) -> None:
        if self.in_mapping and self.key is None:
            self.key = text[self.token : at].strip().strip("\"'")
            self.keys.append(self.key)
            self.token = at + 1

    def comma(self, at: int) -> None:
        self.index += 1
        self.key = None
        self.token = at + 1


def flow_start(value: str) -> int | None:
    """Where in a value a flow collection begins; None where it is none."""
    match = _OPENS.match(value)
    return match.end() if match else None


def flow_place(text: str, start: int, cursor: int, indent: int) -> FlowPlace | None:
    """The place of the cursor in the collection that begins at `start`; None behind its end and in a comment. Lines
    that are not indented by more than `indent` do not belong to it."""
    reading = _Reading(text, indent)
    reading.step(start)
    if reading.until(start + 1, cursor, 1) > cursor or not reading.stack:
        return None
    own = reading.stack[-1]
    path = tuple(one.part for one in reading.stack[:-1]) + (() if own.in_mapping else (own.index,))
    key, token = own.key, own.token
    typed = text[token:cursor]
    token += len(typed) - len(typed.lstrip())
    # What follows tells the other keys; one that the cursor is in is the one being typed.
    reading.until(cursor, len(text), len(reading.stack))
    being_typed = key if key is not None else text[token:].partition(":")[0].strip().strip("\"'")
    return FlowPlace(path, own.in_mapping, key, frozenset({*own.keys} - {being_typed}), token)


class _Reading:
    """Reads flow collections, keeping those that are open."""

    def __init__(self, text: str, indent: int) -> None:
        self.text, self.indent = text, indent
        self.stack: list[_Open] = []

    def until(self, at: int, end: int, depth: int) -> int:
        """Read on to `end`, or until fewer than `depth` are open; the index where that was."""
        text, end = self.text, min(end, at + _FARTHEST)
        while at < end and len(self.stack) >= depth:
            char = text[at]
            if char in "\"'" and text[self.stack[-1].token : at].strip() == "":
                match = _QUOTED.match(text, at)
                if match is None:
                    return end
                at = min(match.end(), end)
                continue
            if char == "#" and text[at - 1 : at].isspace():
                line_end = text.find("\n", at)
                at = line_end if 0 <= line_end < end else end + 1
                continue
            if char == "\n" and not self._goes_on(at + 1):
                self.stack.clear()
                return at
            at += self.step(at)
        return at

    def step(self, at: int) -> int:
        """Take in one character, or an interpolation whole; how many that were."""
        text, stack = self.text, self.stack
        char = text[at]
        if text.startswith("${", at) and stack:
            closing = text.find("}", at)
            line_end = text.find("\n", at)
            return closing - at + 1 if closing >= 0 and (line_end < 0 or closing < line_end) else 2
        if char in "{[":
            stack.append(_Open(char, at + 1))
        elif char in "}]" and stack:
            stack.pop()
        elif char == "," and stack:
            stack[-1].comma(at)
        elif char == ":" and stack and text[at + 1 : at + 2] in ("", " ", "\t", "\n", "\r", ",", "}", "]"):
            stack[-1].colon(text, at)
        return 1

    def _goes_on(self, at: int) -> bool:
        line = self.text[at : at + 200].partition("\n")[0]
        return not line.strip() or len(line) - len(line.lstrip(" ")) > self.indent or line.strip()[:1] in "}]"
