"""The comment that hides one finding where it stands, and nothing else of the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from advisor.document.document import Document
from advisor.document.edits import CannotEdit, TextEdit, apply_edits
from advisor.document.layout import line_end, line_start, newline
from advisor.document.proof import data_of, reparsed, same_data
from advisor.engine.findings import Finding
from advisor.suppression import suppressions

_COMMENT = re.compile(r"#[ \t]*nel-advisor:[ \t]*ignore\[[^\]\r\n]*(?=\])")


def ignoring_edit(document: Document, finding: Finding) -> TextEdit | None:
    """The first of the places for such a comment that hides the finding and leaves the data alone."""
    if finding.place.document is not None or document.root is None:
        return None
    return next((edit for edit in _candidates(document, finding) if _hides(document, finding, edit)), None)


def _candidates(document: Document, finding: Finding) -> Iterator[TextEdit]:
    """In a comment that is there, at the end of the line, on a line of its own above, and at the top of the file."""
    at = finding.place.span.start
    start, end = line_start(document, at), line_end(document, at)
    there = _COMMENT.search(document.text, start, end)
    if there is not None:
        yield TextEdit(there.end(), there.end(), f", {finding.name}")
    comment = f"# nel-advisor: ignore[{finding.name}]"
    line = document.text[start:end]
    stop = start + len(line.rstrip())
    yield TextEdit(stop, stop, f"  {comment}")
    indent = line[: len(line) - len(line.lstrip(" "))]
    yield TextEdit(start, start, f"{indent}{comment}{newline(document)}")
    yield TextEdit(0, 0, f"{comment}{newline(document)}")


def _hides(document: Document, finding: Finding, edit: TextEdit) -> bool:
    at = finding.place.span.start
    try:
        after = reparsed(document, apply_edits(document.text, [edit]))
    except CannotEdit:  # such as a key that stands twice
        return False
    if after.root is None or not same_data(data_of(after), data_of(document)):
        return False
    moved = at + len(edit.text) if edit.end <= at else at
    return any(one.name == finding.name and one.holds.start <= moved <= one.holds.end for one in suppressions(after))
