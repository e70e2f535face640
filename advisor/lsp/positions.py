"""Offsets in a buffer to an editor's positions and back, in the units that were agreed on."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import Any

UTF8, UTF16, UTF32 = "utf-8", "utf-16", "utf-32"
_LINE_END = re.compile(r"\r\n|\n|\r")
_BOM = "\ufeff"


def line_starts(text: str) -> list[int]:
    """Where each line begins; LF, CRLF and CR end one, and nothing else does."""
    if "\r" in text:
        return [0, *(match.end() for match in _LINE_END.finditer(text))]
    return [0, *accumulate(len(line) + 1 for line in text.split("\n")[:-1])]


class Positions:
    """Of one text. Offsets count code points and leave a byte order mark out, as a document's spans do."""

    def __init__(self, text: str, encoding: str = UTF16) -> None:
        self.text, self.encoding = text, encoding
        self._starts = line_starts(text)
        self._shift = 1 if text.startswith(_BOM) else 0

    def position(self, offset: int) -> dict[str, int]:
        at = max(0, min(offset + self._shift, len(self.text)))
        line = bisect_right(self._starts, at) - 1
        return {"line": line, "character": self._units(self.text[self._starts[line] : at])}

    def range(self, start: int, end: int) -> dict[str, Any]:
        return {"start": self.position(start), "end": self.position(end)}

    def offset(self, position: dict[str, int]) -> int:
        """The offset of a position; what lies outside of the text or of its line is the nearest end."""
        return max(0, self._raw(position) - self._shift)

    def replaced(self, start: dict[str, int], end: dict[str, int], text: str) -> str:
        """The text with a range of it replaced, byte order mark and all."""
        a, b = sorted((self._raw(start), self._raw(end)))
        return self.text[:a] + text + self.text[b:]

    def _raw(self, position: dict[str, int]) -> int:
        line = position["line"]
        if line >= len(self._starts):
            return len(self.text)
        start = self._starts[max(line, 0)]
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.text)
        content = self.text[start:end].rstrip("\r\n")
        return start + self._code_points(content, max(position["character"], 0))

    def _units(self, text: str) -> int:
        if text.isascii() or self.encoding == UTF32:
            return len(text)
        if self.encoding == UTF8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text) + sum(1 for char in text if char > "\uffff")

    def _code_points(self, line: str, units: int) -> int:
        if line.isascii() or self.encoding == UTF32:
            return min(units, len(line))
        count = 0
        for index, char in enumerate(line):
            if count >= units:
                return index
            count += self._units(char)
        return len(line)
