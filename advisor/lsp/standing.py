"""Findings of the last text that parsed which still stand while it is being typed on: those outside of what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from advisor.engine.findings import Finding
from advisor.lsp.session import Analysis

# An old offset to the same place in the new text.
Moved: TypeAlias = Callable[[int], int]


def standing(analysis: Analysis) -> Iterator[tuple[Finding, Moved]]:
    """The last good findings in the text before and after the place that changed; none where the text parses."""
    good = analysis.last_good
    if good is None:
        return
    old, new = good.document.text, analysis.document.text
    before = _common(old, new)
    after = _common_end(old, new, before)
    for finding in good.advice.findings:
        span = finding.place.span
        if finding.place.document is not None or span.end < before:
            yield finding, _same
        elif span.start > len(old) - after:
            yield finding, _shifted(len(new) - len(old))


def _same(offset: int) -> int:
    return offset


def _shifted(by: int) -> Moved:
    return lambda offset: offset + by


def _common(a: str, b: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[:middle] == b[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _common_end(a: str, b: str, before: int) -> int:
    """How many characters both end with, those that they begin with left out."""
    low, high = 0, min(len(a), len(b)) - before
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle :] == b[len(b) - middle :]:
            low = middle
        else:
            high = middle - 1
    return low
