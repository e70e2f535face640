"""Rules for people and for programs."""

from __future__ import annotations

from advisor.document.document import Document
from advisor.document.nodes import dotted
from advisor.engine.conditions import read
from advisor.engine.rule import Rule
from advisor.engine.trace import SubjectTrace
from advisor.nel.redaction import Redactor
from advisor.report.style import Style, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_INDENT = "    "


def rule_line(rule: Rule, widths: tuple[int, int], style: Style) -> str:
    """One line of the list."""
    fix = rule.fix.safety if rule.fix else "-"
    severity = style.paint(f"{rule.severity:<7}", rule.severity)
    head = f"{rule.id:<{widths[0]}}  {severity}  {fix:<4}  {rule.name:<{widths[1]}}"
    text = rule.message or f"(concludes {rule.concludes})"
    room = style.width - widths[0] - widths[1] - 19
    return f"{head}  {text if len(text) <= room else text[: max(room - 3, 10)] + '...'}"


def rule_json(rule: Rule) -> dict[str, Any]:
    data = rule._asdict()
    data["when"] = [read(condition) for condition in rule.when]
    if rule.fix:
        edits = [{"op": op, "name": name, "argument": value} for op, name, value in rule.fix.edits]
        data["fix"] = {**rule.fix._asdict(), "edits": edits}
    return data


def rule_text(rule: Rule, style: Style) -> str:
    """All that a rule says, without its examples."""
    lines = [f"{style.paint(rule.severity, rule.severity)} {rule.id} {style.paint(rule.name, 'bold')} ({rule.family})"]
    if rule.message:
        lines += style.wrap(rule.message, "  ", "  ")
    if rule.covers:
        lines += style.wrap(f"its findings are named {', '.join(rule.covers)}", "  ", "  ")
    if rule.concludes:
        lines.append(f"  concludes {rule.concludes}, which other rules ask for")
    if rule.why:
        lines += ["", style.paint("Why", "bold"), *style.wrap(rule.why, "  ", "  ")]
    lines += ["", style.paint(f"When, for each {' or '.join(rule.on)}", "bold")]
    lines += [line for condition in rule.when for line in style.wrap(read(condition), _INDENT, "  - ")]
    if rule.fix:
        asks = "safe to apply" if rule.fix.safety == "auto" else "your choice"
        lines += ["", f"{style.paint('Fix', 'bold')} ({asks})", *style.wrap(rule.fix.title, "  ", "  ")]
    if rule.nel:
        lines += ["", f"{style.paint('Versions of NEL', 'bold')}  {rule.nel}"]
    lines += ["", style.paint("Evidence", "bold")]
    lines += [line for one in rule.evidence for line in style.wrap(one, _INDENT, "  - ")]
    return "\n".join(lines)


def trace_text(traces: list[SubjectTrace], rule: Rule, document: Document, redactor: Redactor, style: Style) -> str:
    """Each condition's value for each subject of the rule's kind."""
    if not traces:
        return f"{safe(document.path)} has no {' or '.join(rule.on)}: the rule has nothing to ask."
    return "\n\n".join(_subject(trace, document, redactor, style) for trace in traces)


def _subject(trace: SubjectTrace, document: Document, redactor: Redactor, style: Style) -> str:
    subject = trace.subject
    document = subject.place.document or document
    at = document.position(subject.place.span.start)
    verdict = style.paint("fires", "error") if trace.fires else style.paint("does not fire", "fix")
    where = dotted(subject.place.path) or subject.kind
    lines = [
        f"{style.paint(f'{safe(document.path)}:{at.line}:{at.column}', 'path')}: "
        f"{subject.kind} {safe(where)}: {verdict}"
    ]
    for one in trace.conditions:
        mark = {
            True: style.paint("yes", "fix"),
            False: style.paint("no ", "error"),
            None: style.paint("?  ", "warning"),
        }[one.holds]
        lines.append(f"  {mark} {safe(one.text)}")
        if one.value:
            lines.append(style.paint(f"        it is {safe(redactor.text(one.value))}", "dim"))
        lines += [style.paint(f"        by {behind}", "dim") for behind in one.behind]
    return "\n".join(lines)
