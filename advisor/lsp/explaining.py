"""Why a rule fires in a text, and why it does not, as Markdown."""

from __future__ import annotations

from typing import Any

from advisor.advise import version_for
from advisor.engine.selection import find_rules
from advisor.engine.trace import trace
from advisor.lsp.session import Analysis
from advisor.nel.redaction import redactor_for
from advisor.report.rules import rule_text, trace_text
from advisor.report.style import Style


def explanation(analysis: Analysis, word: str) -> dict[str, Any]:
    """`title` and `text`. Raises UnknownSelector for a word that is no rule's."""
    style = Style(colour=False, width=110)
    policy, parts = analysis.policy, []
    sound = analysis.sound
    for rule in find_rules(policy.base.rules, word):
        parts.append(rule_text(rule, style))
        if sound.world is not None:
            version = version_for(sound.dialect, policy.context)
            traces = trace(policy.base, rule, sound.world, version)
            parts.append(trace_text(traces, rule, sound.document, redactor_for(sound.document), style))
    return {"title": f"{word} in {analysis.path.rpartition('/')[2]}", "text": "\n\n".join(parts) + "\n"}
