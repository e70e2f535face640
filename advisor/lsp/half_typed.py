"""A text that does not parse, and the last one before it that did: what stands in both at the same place."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.document.edits import TextEdit
from advisor.lsp.session import Analysis


def offset_before(analysis: Analysis, offset: int) -> int | None:
    """The same place in the last good text; None where the line, or what lies between, has changed."""
    good = analysis.last_good
    if good is None:
        return None
    old, new = good.document.text, analysis.document.text
    start, end = new.rfind("\n", 0, offset) + 1, new.find("\n", offset)
    if end >= 0 and old[:end] == new[:end] and old[end : end + 1] == "\n":
        return offset
    grown = len(new) - len(old)
    if start - grown > 0 and old[start - grown - 1 :] == new[start - 1 :] and start > 0:
        return offset - grown
    return None


def edits_now(analysis: Analysis, edits: Iterable[TextEdit]) -> list[TextEdit] | None:
    """Edits of the last good text as edits of the present one; None where one of them lies in what has changed."""
    good = analysis.last_good
    assert good is not None
    grown = len(analysis.document.text) - len(good.document.text)
    found = []
    for one in edits:
        for shift in (0, grown):
            start, end = one.start + shift, one.end + shift
            if (offset_before(analysis, start), offset_before(analysis, end)) == (one.start, one.end):
                found.append(TextEdit(start, end, one.text))
                break
        else:
            return None
    return found
