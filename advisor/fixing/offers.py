"""A finding's fix to proven text edits, or the reason why there are none."""

from __future__ import annotations

from advisor.document.document import Document
from advisor.document.edits import CannotEdit, TextEdit
from advisor.document.nodes import dotted
from advisor.document.proof import prove
from advisor.engine.findings import Finding
from advisor.engine.rule import ASK
from advisor.fixing.meaning import changes_of
from advisor.records import NamedTuple


class Offer(NamedTuple):
    """Edits of the document's text whose effect was proven. `safety` is that of the fix, and `ask` where the change
    shows in other places too (`elsewhere`, for people)."""

    safety: str
    edits: tuple[TextEdit, ...]
    elsewhere: tuple[str, ...] = ()


class Refusal(NamedTuple):
    """Why a fix is not offered."""

    reason: str


def offer(document: Document, finding: Finding) -> Offer | Refusal:
    """Prove the fix of a finding on the document that it is about. Costs a parse, mostly of the part alone."""
    fix = finding.fix
    if fix is None:
        return Refusal("the rule knows no fix for it")
    if finding.place.document is not None:
        return Refusal("it is about another file")
    try:
        proven = prove(document, changes_of(document, fix))
    except CannotEdit as error:
        return Refusal(str(error))
    if all(document.text[edit.start : edit.end] == edit.text for edit in proven.edits):
        return Refusal("it would change nothing")
    elsewhere = tuple(dotted(path) for path in proven.elsewhere)
    return Offer(ASK if elsewhere else fix.safety, proven.edits, elsewhere)
