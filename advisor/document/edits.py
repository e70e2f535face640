"""Text edits: ranges of a document's text and what comes in their place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from advisor.document.nodes import Span


class CannotEdit(ValueError):
    """Why a change cannot be made here without touching anything else."""


@dataclass(frozen=True, slots=True, order=True)
class TextEdit:
    """`start` and `end` are offsets in the document's text, as in Span."""

    start: int
    end: int
    text: str

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)


def apply_edits(text: str, edits: Iterable[TextEdit]) -> str:
    """The text with its edits made. Raises CannotEdit where two of them overlap."""
    out, at = [], 0
    for edit in sorted(edits):
        if edit.start < at:
            raise CannotEdit("two edits overlap")
        out += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*out, text[at:]])


def edits_between(old: str, new: str) -> tuple[TextEdit, ...]:
    """The line-wise differences of two texts as edits, each cut down to what differs."""
    from difflib import SequenceMatcher

    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return tuple(
        _trimmed(starts[a], "".join(before[a:b]), "".join(after[c:d]))
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    )


def _trimmed(start: int, old: str, new: str) -> TextEdit:
    shortest, head = min(len(old), len(new)), 0
    while head < shortest and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shortest - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return TextEdit(start + head, start + len(old) - tail, new[head : len(new) - tail])
