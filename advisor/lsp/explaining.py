"""Why a rule fires in a text, and why it does not, as Markdown."""

from __future__ import annotations

import os
from typing import Any

from advisor.advise import version_for
from advisor.document.document import Document
from advisor.engine.rule import Rule
from advisor.engine.selection import find_rules
from advisor.engine.trace import SubjectTrace, trace
from advisor.lsp.session import Analysis
from advisor.nel.redaction import redactor_for
from advisor.report.rules import rule_text, trace_text
from advisor.report.style import Style

_MOST = 5


def explanation(analysis: Analysis, word: str) -> dict[str, Any]:
    """`title` and `text`. Raises UnknownSelector for a word that is no rule's."""
    style = Style(colour=False, width=110)
    sound = analysis.sound
    traced = [(rule, _traces(sound, rule)) for rule in find_rules(analysis.policy.base.rules, word)]
    # A name may be that of several rules; those of the other program's configs have nothing to ask here.
    asked = [pair for pair in traced if pair[1]] or traced
    parts = [part for rule, traces in asked for part in (rule_text(rule, style), _verdicts(sound, rule, traces, style))]
    text = "\n\n".join(part for part in parts if part)
    return {"title": f"{word} in {os.path.basename(analysis.path)}", "text": f"{text}\n"}


def _traces(analysis: Analysis, rule: Rule) -> list[SubjectTrace]:
    """What the rule finds of each of its subjects, those that it fires on first."""
    if analysis.world is None:
        return []
    version = version_for(analysis.dialect, analysis.policy.context)
    return sorted(trace(analysis.policy.base, rule, analysis.world, version), key=lambda one: not one.fires)


def _verdicts(analysis: Analysis, rule: Rule, traces: list[SubjectTrace], style: Style) -> str:
    if analysis.world is None:
        return ""
    document = analysis.document
    named = Document(os.path.basename(document.path), document.text, document.root, document.problems)
    said = [
        f"{named.path}:{document.position(finding.place.span.start).line}: {finding.message}"
        for finding in analysis.advice.findings
        if finding.rule == rule.id and finding.place.document is None
    ]
    fires = sum(1 for one in traces if one.fires)
    shown = traces[: max(fires, _MOST)]
    text = trace_text(shown, rule, named, redactor_for(document), style)
    left = len(traces) - len(shown)
    more = [f"... and {left} more that it does not fire on"] if left else []
    return "\n\n".join([*said, text, *more])
