"""Two configs, whose scores are to be compared, to advice: what but the model differs between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.advise import MAX_FINDINGS, RANK, Advice, Unchecked, redacted, version_for, world_for
from advisor.document.nodes import Mapping
from advisor.engine.findings import Finding, finding_of
from advisor.nel.dialect import LAUNCHER, NEXT, dialect_of
from advisor.nel.redaction import Redactor, redactor_for
from advisor.subjects.pair import Config, pair_world
from advisor.subjects.subject import BASELINE
from advisor.suppression import unhidden

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.engine.base import Firing, RuleBase
    from advisor.nel.compose import SiblingReader
    from advisor.nel.context import Context
    from advisor.subjects.pair import Pair
    from advisor.subjects.subject import Place, World


class NotComparable(ValueError):
    """Why a file cannot be compared with another."""


def compare_documents(
    baseline: Document,
    candidate: Document,
    base: RuleBase,
    context: Context,
    read_sibling: SiblingReader | None = None,
) -> Advice:
    """Advice on the candidate beside the baseline, from the rules on pairs alone. Raises NotComparable."""
    world, pair, kind = compared(baseline, candidate, context, read_sibling)
    version = version_for(kind, context)
    findings = [_finding(firing) for firing in base.match(world, version) if firing.rule.reports]
    findings = unhidden(findings, candidate, base)
    findings = findings[:MAX_FINDINGS]
    findings.sort(key=lambda finding: (finding.place.span.start, RANK[finding.severity], finding.rule))
    redactor = _both(redactor_for(baseline), redactor_for(candidate))
    unchecked = tuple(Unchecked(redactor.text(what), redactor.text(reason)) for what, reason in world.unchecked)
    hidden = tuple(redacted(finding, redactor) for finding in findings)
    pair = pair._replace(baseline=redactor.text(pair.baseline), candidate=redactor.text(pair.candidate))
    return Advice(candidate.path, kind, hidden, unchecked, candidate, redactor, pair=pair)


def compared(
    baseline: Document, candidate: Document, context: Context, read_sibling: SiblingReader | None = None
) -> tuple[World, Pair, str]:
    """The subjects of a comparison, what was compared, and the candidate's dialect. Raises NotComparable."""
    theirs, ours = (_config(one, context, read_sibling) for one in (baseline, candidate))
    return *pair_world(theirs, ours, context), ours.kind


def _config(document: Document, context: Context, read_sibling: SiblingReader | None) -> Config:
    kind = dialect_of(document)
    if not isinstance(document.root, Mapping):
        why = f"it does not parse: {document.problems[0].message}" if document.problems else "it holds no config"
        raise NotComparable(f"{document.path}: {why}")
    if kind not in (LAUNCHER, NEXT):
        raise NotComparable(f"{document.path}: not recognised as a NEL config")
    return Config(document, kind, world_for(kind, document, context, read_sibling))


def _finding(firing: Firing) -> Finding:
    """What a firing says, with the baseline's own place beside it."""
    finding, place = finding_of(firing), firing.subject.places.get(BASELINE)
    if place is None or place.document is None:
        return finding
    because = (*finding.because, f"the baseline says so at {_where(place, place.document)}")
    return finding._replace(because=because, related=((BASELINE, place),))


def _where(place: Place, document: Document) -> str:
    at = document.position(place.span.start)
    return f"{document.path}:{at.line}:{at.column}"


def _both(one: Redactor, two: Redactor) -> Redactor:
    secrets = {*one.secrets, *two.secrets}
    return Redactor(tuple(sorted(secrets, key=lambda secret: len(secret[0]), reverse=True)))
