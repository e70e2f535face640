"""Advice for programs: the JSON contract, version 1. Lines and columns from 1, columns in code points."""

from __future__ import annotations

from typing import Any

from advisor.advise import Advice
from advisor.document.document import Document
from advisor.document.nodes import dotted
from advisor.engine.findings import Edit, Finding, Fix
from advisor.report.summary import Summary
from advisor.subjects.subject import Place

VERSION = 1


def advice_json(advice: Advice) -> dict[str, Any]:
    """One target of the contract."""
    return {
        "path": advice.path,
        "kind": advice.kind,
        "findings": [_finding(finding, advice.document) for finding in advice.findings],
        "unchecked": [{"what": note.what, "reason": note.reason} for note in advice.unchecked],
    }


def summary_json(summary: Summary) -> dict[str, int]:
    """The contract's last member."""
    return {"errors": summary.errors, "warnings": summary.warnings, "infos": summary.infos}


def _finding(finding: Finding, document: Document) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "name": finding.name,
        "severity": finding.severity,
        "message": finding.message,
        "why": finding.why,
        "at": _place(finding.place, document),
        "fix": _fix(finding.fix) if finding.fix else None,
        "evidence": list(finding.evidence),
        "because": list(finding.because),
    }


def _place(place: Place, document: Document) -> dict[str, Any]:
    return {
        "path": dotted(place.path),
        "start": _position(document, place.span.start),
        "end": _position(document, place.span.end),
    }


def _position(document: Document, offset: int) -> dict[str, int]:
    at = document.position(offset)
    return {"line": at.line, "column": at.column}


def _fix(fix: Fix) -> dict[str, Any]:
    return {"title": fix.title, "safety": fix.safety, "edits": [_edit(edit) for edit in fix.edits]}


def _edit(edit: Edit) -> dict[str, Any]:
    return {"op": edit.op, "path": dotted(edit.path), "argument": edit.argument}
