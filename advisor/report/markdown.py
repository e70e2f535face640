"""Advice for people, as the Markdown file that the daemon keeps beside a target."""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator, Sequence

from advisor.advise import Advice
from advisor.document.nodes import dotted
from advisor.engine.findings import Finding, describe
from advisor.report.style import Style, safe
from advisor.report.summary import summary_of
from advisor.report.trouble import escaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint

_MAX_SOURCE = 160


def advice_markdown(advice: Advice, notes: Sequence[str] = ()) -> str:
    """The whole page, with `notes` on the files beside it; '' where there is nothing to say. It holds no time, so that
    the same advice is the same text."""
    if not (advice.findings or advice.unchecked or advice.checkpoint):
        return ""
    blocks = [f"# Advice on {escaped(os.path.basename(advice.path))}", _counts(advice), *map(escaped, notes)]
    if advice.checkpoint is not None:
        blocks.append(_facts(advice.checkpoint))
    blocks += [block for finding in advice.findings for block in _finding(finding, advice)]
    if advice.unchecked:
        lines = [f"- {escaped(note.what)}: {escaped(note.reason)}" for note in advice.unchecked]
        blocks += ["## Not checked", "\n".join(lines)]
    return "\n\n".join(blocks) + "\n"


def _counts(advice: Advice) -> str:
    summary = summary_of(advice)
    if not summary.findings:
        return "Nothing found, but not all could be checked." if advice.unchecked else "Nothing found."
    counts = ((summary.errors, "error"), (summary.warnings, "warning"), (summary.infos, "note"))
    text = ", ".join(f"{number} {word if number == 1 else word + 's'}" for number, word in counts if number)
    if summary.fixable:
        text += f"; {summary.fixable} with a fix, {summary.automatic} of them safe"
    return text + "."


def _facts(checkpoint: Checkpoint) -> str:
    from advisor.report.checkpoint import facts_text

    table = facts_text(checkpoint, Style(colour=False, width=100)).partition("\n")[2].rstrip()
    fence = _longer_than("`", table, 3)
    return f"{fence}text\n{table}\n{fence}"


def _finding(finding: Finding, advice: Advice) -> list[str]:
    blocks = [
        f"## {finding.severity.capitalize()}: {escaped(finding.message)}",
        ", ".join([f"{finding.rule} {escaped(finding.name)}", *_where(finding, advice)]),
        *_source(finding, advice),
    ]
    if finding.why:
        blocks.append(f"**Why:** {escaped(finding.why)}")
    if finding.fix:
        asks = "safe" if finding.fix.safety == "auto" else "your choice"
        hidden = (edit._replace(argument=advice.redactor.data(edit.argument)) for edit in finding.fix.edits)
        edits = [f"- {_code(advice.redactor.text(describe(edit)))}" for edit in hidden]
        blocks.append("\n".join([f"**Fix** ({asks}): {escaped(finding.fix.title)}", "", *edits]))
    return blocks


def _where(finding: Finding, advice: Advice) -> Iterator[str]:
    document = finding.place.document or advice.document
    if finding.place.document is not None:
        yield _code(os.path.basename(document.path))
    if document.text:
        yield f"line {document.position(finding.place.span.start).line}"
    if finding.place.path:
        yield _code(dotted(finding.place.path))


def _source(finding: Finding, advice: Advice) -> list[str]:
    document = finding.place.document or advice.document
    if not document.text:
        return []
    at = document.position(finding.place.span.start)
    line = document.line(at.line)
    left = max(0, min(at.column - 41, len(line) - _MAX_SOURCE))
    shown = safe(advice.redactor.text(line)[left : left + _MAX_SOURCE]).expandtabs(4).rstrip()
    if not shown.strip():
        return []
    fence = _longer_than("`", shown, 3)
    language = os.path.splitext(document.path)[1][1:]
    return [f"{fence}{language if language.isalnum() else ''}\n{shown}\n{fence}"]


def _code(text: str) -> str:
    """A code span; the text may hold backticks."""
    text = " ".join(safe(text).split())
    fence = _longer_than("`", text, 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _longer_than(mark: str, text: str, least: int) -> str:
    runs = [len(run) for run in re.findall(f"{mark}+", text)]
    return mark * max(least, *(run + 1 for run in runs)) if runs else mark * least
