"""Counts over all targets of a call."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.advise import Advice
from advisor.records import NamedTuple


class Summary(NamedTuple):
    targets: int = 0
    errors: int = 0
    warnings: int = 0
    infos: int = 0
    fixable: int = 0
    automatic: int = 0
    unchecked: int = 0

    @property
    def findings(self) -> int:
        return self.errors + self.warnings + self.infos

    def at_or_above(self, severity: str) -> int:
        """How many findings are at least that grave; 0 for `never`."""
        graver = {"error": self.errors, "warning": self.errors + self.warnings, "info": self.findings}
        return graver.get(severity, 0)


def summary_of(advice: Advice) -> Summary:
    severities = [finding.severity for finding in advice.findings]
    fixes = [finding.fix.safety for finding in advice.findings if finding.fix]
    return Summary(
        1,
        severities.count("error"),
        severities.count("warning"),
        severities.count("info"),
        len(fixes),
        fixes.count("auto"),
        bool(advice.unchecked),
    )


def total(summaries: Iterable[Summary]) -> Summary:
    parts = [(s.targets, s.errors, s.warnings, s.infos, s.fixable, s.automatic, s.unchecked) for s in summaries]
    return Summary(*(sum(column) for column in zip(*parts, strict=True))) if parts else Summary()
