"""Colour on a terminal, none elsewhere; wrapping to its width; nothing that steers it."""

from __future__ import annotations

import os

from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_CODES = {
    "error": "1;31", "warning": "1;33", "info": "1;36", "bold": "1", "dim": "2", "fix": "32", "caret": "1;34",
    "path": "1",
}  # fmt: skip
_WIDEST = 120
_CONTROL = pattern(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Style(NamedTuple):
    colour: bool
    width: int

    def paint(self, text: str, name: str) -> str:
        return f"\033[{_CODES[name]}m{text}\033[0m" if self.colour and text else text

    def wrap(self, text: str, indent: str, first: str) -> list[str]:
        """Words filled into lines of the width; the first line begins with `first`, the others with `indent`."""
        lines, lead, rest = [], first, " ".join(text.split())
        while len(lead) + len(rest) >= self.width:
            end = rest.rfind(" ", 0, max(0, self.width - len(lead)))
            if end < 0:
                end = rest.find(" ")
            if end < 0:
                break
            lines.append(lead + rest[:end])
            lead, rest = indent, rest[end + 1 :]
        return [*lines, (lead + rest).rstrip()]


def style_for(stream: TextIO, choice: str) -> Style:
    """`choice` is auto, always or never; auto follows the stream, NO_COLOR and FORCE_COLOR."""
    terminal = stream.isatty()
    if choice == "auto":
        choice = "always" if (terminal and "NO_COLOR" not in os.environ) or os.environ.get("FORCE_COLOR") else "never"
    return Style(choice == "always", _width(stream) if terminal else 100)


def _width(stream: TextIO) -> int:
    try:
        return max(40, min(_WIDEST, os.get_terminal_size(stream.fileno()).columns))
    except (OSError, ValueError):
        return 100


def safe(text: str) -> str:
    """Text from a file with nothing in it that steers a terminal."""
    return text if text.isprintable() else _CONTROL.sub("\ufffd", text)
