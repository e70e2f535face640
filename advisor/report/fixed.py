"""What was fixed in a file, and what was not, for people."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.fixing.rounds import Fixed
from advisor.report.style import Style, safe


def fixed_text(fixed: Fixed, style: Style) -> str:
    """'' where nothing was to be fixed."""
    lines = list(_lines(fixed, style))
    if not lines:
        return ""
    return "\n".join([style.paint(safe(fixed.document.path), "path"), *lines]) + "\n"


def _lines(fixed: Fixed, style: Style) -> Iterator[str]:
    hide = fixed.before.redactor.text
    for finding in fixed.applied:
        title = finding.fix.title if finding.fix else ""
        yield f"  {style.paint('fixed', 'fix')} {finding.rule} {style.paint(finding.name, 'bold')}: {safe(title)}"
    for finding, reason in fixed.refused:
        text = f"  not fixed {finding.rule} {finding.name}: {safe(hide(reason))}"
        yield style.paint(text, "dim")
