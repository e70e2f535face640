"""Text edits: ranges of a document's text and what comes in their place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from advisor.document.nodes import Span
from advisor.records import NamedTuple


class CannotEdit(ValueError):
    """Why a change cannot be made here without touching anything else."""


class TextEdit(NamedTuple):
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


def joined(edits: Iterable[TextEdit]) -> list[TextEdit]:
    """The edits in order, those that touch made one. Raises CannotEdit where two of them overlap."""
    out: list[TextEdit] = []
    for edit in sorted(edits):
        last = out[-1] if out else None
        if last is None or edit.start > last.end:
            out.append(edit)
        elif edit.start < last.end:
            raise CannotEdit("two edits overlap")
        else:
            out[-1] = TextEdit(last.start, edit.end, last.text + edit.text)
    return out


def edits_between(old: str, new: str) -> tuple[TextEdit, ...]:
    """The line-wise differences of two texts as edits, each cut down to what differs."""
    from difflib import SequenceMatcher

    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    before, after = before[head : len(before) - tail], after[head : len(after) - tail]
    starts = [sum(map(len, old.splitlines(keepends=True)[:head]))]
    for line in before:
        starts.append(starts[-1] + len(line))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return tuple(
        _trimmed(starts[a], "".join(before[a:b]), "".join(after[c:d]))
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    )


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """How many of their first elements are the same."""
    count = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        count += 1
    return count


def _trimmed(start: int, old: str, new: str) -> TextEdit:
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    return TextEdit(start + head, start + len(old) - tail, new[head : len(new) - tail])
