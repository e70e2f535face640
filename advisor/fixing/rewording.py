"""The differences of two texts, word by word."""

from __future__ import annotations

from advisor.patterns import pattern

_PIECES = pattern(r"\s+|[^\s]+")


def splices_between(old: str, new: str) -> list[tuple[int, int, str]]:
    """What to put in the place of which characters of the old text."""
    from difflib import SequenceMatcher

    before, after = _PIECES.findall(old), _PIECES.findall(new)
    starts = [0]
    for piece in before:
        starts.append(starts[-1] + len(piece))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [(starts[a], starts[b], "".join(after[c:d])) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]
