"""Advice for programs: the JSON contract, version 1. Lines and columns from 1, columns in code points."""

from __future__ import annotations

from advisor.advise import Advice
from advisor.document.document import Document
from advisor.document.edits import TextEdit
from advisor.document.nodes import dotted
from advisor.engine.findings import Finding, Fix
from advisor.fixing.offers import Refusal, offer
from advisor.report.summary import Summary
from advisor.subjects.subject import BASELINE, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 1


def advice_json(advice: Advice) -> dict[str, Any]:
    """One target of the contract."""
    target: dict[str, Any] = {
        "path": advice.path,
        "kind": advice.kind,
        "findings": [_finding(finding, advice) for finding in advice.findings],
        "unchecked": [{"what": note.what, "reason": note.reason} for note in advice.unchecked],
    }
    if advice.checkpoint is not None:
        from advisor.report.checkpoint import facts_json

        target["facts"] = facts_json(advice.checkpoint)
    if advice.pair is not None:
        pair = advice.pair
        target["baseline"] = {"path": pair.path, "model": pair.baseline}
        target |= {"model": pair.candidate, "tasks": pair.tasks, "settings": pair.settings}
    return target


def summary_json(summary: Summary) -> dict[str, int]:
    """The contract's last member."""
    return {"errors": summary.errors, "warnings": summary.warnings, "infos": summary.infos}


def _finding(finding: Finding, advice: Advice) -> dict[str, Any]:
    fix, why_not = _fix(finding, finding.fix, advice) if finding.fix else (None, "")
    shown: dict[str, Any] = {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        "why": finding.why,
        "at": _place(finding.place, advice),
        "fix": fix,
        "evidence": list(finding.evidence),
        "because": [*finding.because, *([f"its fix is not offered: {why_not}"] if why_not else [])],
    }
    for name, place in finding.related:
        if name == BASELINE and place.document is not None:
            shown[BASELINE] = {"file": place.document.path, **_place(place, advice)}
    return shown


def _place(place: Place, advice: Advice) -> dict[str, Any]:
    document = place.document or advice.document
    return {
        "path": advice.redactor.text(dotted(place.path)),
        "start": _position(document, place.span.start),
        "end": _position(document, place.span.end),
    }


def _position(document: Document, offset: int) -> dict[str, int]:
    at = document.position(offset)
    return {"line": at.line, "column": at.column}


def _fix(finding: Finding, fix: Fix, advice: Advice) -> tuple[dict[str, Any] | None, str]:
    """The fix with its proven text edits; None, and why, where there is no proof or an edit would print a secret."""
    found = offer(advice.document, finding)
    if isinstance(found, Refusal):
        return None, advice.redactor.text(found.reason)
    if any(advice.redactor.text(edit.text) != edit.text for edit in found.edits):
        return None, "its text holds a secret, which is not printed; --fix writes it"
    edits = [_edit(edit, advice.document) for edit in found.edits]
    return {"title": fix.title, "safety": found.safety, "edits": edits}, ""


def _edit(edit: TextEdit, document: Document) -> dict[str, Any]:
    return {"start": _position(document, edit.start), "end": _position(document, edit.end), "text": edit.text}
