"""Advice for people: place, source line with a caret, message, why, fix; then what was not checked."""

from __future__ import annotations

from advisor.advise import Advice
from advisor.document.document import Document
from advisor.engine.findings import Finding, describe
from advisor.report.style import Style, safe
from advisor.report.summary import Summary
from advisor.subjects.subject import BASELINE, Place

_LABEL = "       "


def advice_text(advice: Advice, style: Style) -> str:
    """All of one target's findings, and what was not checked of it; '' where there is nothing to say."""
    told: set[str] = set()
    blocks = [_finding(finding, advice, style, told) for finding in advice.findings]
    if advice.checkpoint is not None:
        from advisor.report.checkpoint import facts_text

        blocks.insert(0, facts_text(advice.checkpoint, style))
    if advice.pair is not None:
        from advisor.report.pair import pair_text

        blocks.insert(0, pair_text(advice, advice.pair, style))
    notes = [
        line
        for note in advice.unchecked
        for line in style.wrap(safe(f"{note.what}: {note.reason}"), " " * 15, "  not checked: ")
    ]
    if notes:
        head = [] if blocks else [style.paint(safe(advice.path), "path")]
        blocks.append("\n".join([*head, *(style.paint(line, "dim") for line in notes)]) + "\n")
    return "\n".join(blocks)


def _finding(finding: Finding, advice: Advice, style: Style, told: set[str]) -> str:
    """One finding; a reason that was told already is not told again."""
    head = f"{style.paint(finding.severity, finding.severity)} {finding.rule} {style.paint(finding.name, 'bold')}"
    lines = [f"{style.paint(position(finding.place, advice), 'path')}: {head}"]
    lines += style.wrap(safe(finding.message), "  ", "  ")
    lines += _source(finding.place, finding.severity, advice, style)
    for place in (place for name, place in finding.related if name == BASELINE and place.document is not None):
        lines += [
            f"  {style.paint(f'baseline {position(place, advice)}', 'dim')}",
            *_source(place, "caret", advice, style)[1:],
        ]
    if finding.why not in told:
        told.add(finding.why)
        lines += _labelled("why", safe(finding.why), style)
    if finding.fix:
        asks = "" if finding.fix.safety == "auto" else " (your choice)"
        lines += _labelled("fix", safe(finding.fix.title) + asks, style, "fix")
        shown = (edit._replace(argument=advice.redactor.data(edit.argument)) for edit in finding.fix.edits)
        lines += [f"{_LABEL}{style.paint('- ' + safe(advice.redactor.text(describe(edit))), 'dim')}" for edit in shown]
    return "\n".join(lines) + "\n"


def _labelled(label: str, text: str, style: Style, colour: str = "bold") -> list[str]:
    lines = style.wrap(text, _LABEL, f"  {label}: ")
    lines[0] = f"  {style.paint(label + ':', colour)}{lines[0][len(label) + 3 :]}"
    return lines


def position(place: Place, advice: Advice) -> str:
    """A place as editors and terminals take it."""
    document = place.document or advice.document
    at = document.position(place.span.start)
    return f"{safe(document.path)}:{at.line}:{at.column}"


def _source(place: Place, colour: str, advice: Advice, style: Style) -> list[str]:
    """The line of a place, with a caret."""
    document, span = place.document or advice.document, place.span
    if not document.text:
        return []
    at = document.position(span.start)
    line = advice.redactor.in_place(document.line(at.line))
    gutter = " " * len(str(at.line))
    room = style.width - len(f"  {gutter} | ")
    shown, start, length = _window(line, at.column - 1, _marked(document, at.line, span.start, span.end), room)
    caret = " " * _columns(shown[:start]) + "^" * max(1, _columns(shown[start : start + length]))
    bar = style.paint("|", "caret")
    return [
        f"  {gutter} {bar}",
        f"  {style.paint(str(at.line), 'caret')} {bar} {safe(shown.expandtabs(4))}",
        f"  {gutter} {bar} {style.paint(caret, colour)}",
    ]


def _marked(document: Document, line: int, start: int, end: int) -> int:
    """How much of the line the caret marks: the span, or of one over several lines its first word."""
    if document.position(end).line == line:
        return max(1, end - start)
    words = document.text[start:end].split(maxsplit=1)
    return len(words[0].rstrip(":")) if words else 1


def _window(source: str, start: int, length: int, room: int) -> tuple[str, int, int]:
    """The part around the caret of a line that is longer than there is room for, with the caret's place and length."""
    length = min(length, max(1, len(source) - start))
    if len(source) <= room:
        return source, start, length
    left = max(0, min(start - room // 4, len(source) - room))
    cut = source[left : left + room]
    cut = ("…" if left else cut[0]) + cut[1:-1] + ("…" if left + room < len(source) else cut[-1])
    return cut, start - left, min(length, room - (start - left))


def _columns(text: str) -> int:
    """How many columns a terminal needs for a text."""
    text = text.expandtabs(4)
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def summary_text(summary: Summary, style: Style) -> str:
    """The last line."""
    if not summary.targets:
        return "no NEL configs found"
    counts = [
        style.paint(_count(number, word), word) if number else _count(number, word)
        for number, word in ((summary.errors, "error"), (summary.warnings, "warning"), (summary.infos, "info"))
    ]
    files = _count(summary.targets, "file")
    text = f"{', '.join(counts)} in {files}" if summary.findings else f"nothing found in {files}"
    if summary.fixable:
        safe_ones = f"{summary.automatic} of them safe (--fix)" if summary.automatic else "your choice (--fix --unsafe)"
        text += f"; {_count(summary.fixable, 'fix', 'fixes')} known, {safe_ones}"
    if summary.unchecked:
        text += f"; not checked in full: {_count(summary.unchecked, 'file')}"
    return text


def _count(number: int, word: str, many: str = "") -> str:
    return f"{number} {word}" if number == 1 else f"{number} {many or word + 's'}"
