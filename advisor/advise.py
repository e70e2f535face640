"""The heart: a target and what is known of the world, to advice. Pure but for reading what the target names."""

from __future__ import annotations

import os

from advisor.document.document import Document
from advisor.document.reading import read_document
from advisor.engine.base import RuleBase
from advisor.engine.findings import Finding, finding_of
from advisor.nel.compose import SiblingReader
from advisor.nel.context import Context
from advisor.nel.dialect import CORE, LAUNCHER, NEXT, OTHER, dialect_of
from advisor.nel.redaction import Redactor, redactor_for
from advisor.records import NamedTuple
from advisor.subjects.launcher import launcher_world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint
    from advisor.subjects.pair import Pair
    from advisor.subjects.subject import World

CHECKPOINT = "checkpoint"
MAX_FINDINGS = 500
# What a comment that hides findings begins with.
_HIDES = "nel-advisor:"


class Unchecked(NamedTuple):
    """Something that was not checked, and why."""

    what: str
    reason: str


class Advice(NamedTuple):
    """What there is to say of one target. `kind` is launcher, next, checkpoint or unknown. The document is the one
    that the findings' spans lie in; `redactor` hides its secrets in whatever is printed from it. `checkpoint` is what
    was read of a directory that is itself the target, `world` the subjects of a config, `pair` what it was compared
    with."""

    path: str
    kind: str
    findings: tuple[Finding, ...]
    unchecked: tuple[Unchecked, ...]
    document: Document
    redactor: Redactor
    checkpoint: Checkpoint | None = None
    world: World | None = None
    pair: Pair | None = None


def advise(path: str, base: RuleBase, context: Context) -> Advice:
    """Advice on one config file or checkpoint directory. Never raises for what a file holds."""
    if os.path.isdir(path):
        return advise_checkpoint(path, base, context)
    return advise_document(read_document(path), base, context)


def advise_document(
    document: Document, base: RuleBase, context: Context, read_sibling: SiblingReader | None = None
) -> Advice:
    """Advice on a config that is already read, such as an editor's buffer."""
    kind = dialect_of(document)
    redactor = redactor_for(document)
    if kind == CORE or (kind == OTHER and not document.problems):
        return Advice(document.path, _public(kind), (), (_not_ours(kind),), document, redactor)
    version = version_for(kind, context)
    world = world_for(kind, document, context, read_sibling)
    findings = [finding_of(firing) for firing in base.match(world, version) if firing.rule.reports]
    # A block that aliases repeat is one text: what is wrong with it is said once.
    findings = list({(f.rule, f.place.span, f.message): f for f in reversed(findings)}.values())
    if _HIDES in document.text:
        from advisor.suppression import sift

        findings = sift(findings, document, base, version, world.values)
    findings.sort(key=lambda f: (f.place.span.start, RANK[f.severity], f.rule))
    unchecked = [Unchecked(redactor.text(what), redactor.text(reason)) for what, reason in world.unchecked]
    if len(findings) > MAX_FINDINGS:
        unchecked.append(Unchecked("further findings", f"only the first {MAX_FINDINGS} of {len(findings)} are listed"))
    hidden = tuple(redacted(finding, redactor) for finding in findings[:MAX_FINDINGS])
    return Advice(document.path, _public(kind), hidden, tuple(unchecked), document, redactor, world=world)


def world_for(kind: str, document: Document, context: Context, read_sibling: SiblingReader | None = None) -> World:
    """The subjects of a config, as its own program means it."""
    if kind != NEXT:
        return launcher_world(document, context, read_sibling)
    from advisor.subjects.next_world import next_world

    return next_world(document, context, read_sibling)


def version_for(kind: str, context: Context) -> str:
    """The version of the program that a file is for; nel-next's is not known where the launcher's is named."""
    if kind != NEXT:
        return context.nel_version
    from advisor.subjects.next_cluster import checked_by

    return checked_by(context)


def advise_checkpoint(path: str, base: RuleBase, context: Context) -> Advice:
    """Advice on a checkpoint directory. Its findings point into its own files."""
    from advisor.subjects.checkpoint import checkpoint_world

    world, checkpoint = checkpoint_world(path, context)
    document = Document(path, "", None)
    findings = [finding_of(firing) for firing in base.match(world, context.nel_version) if firing.rule.reports]
    findings.sort(key=lambda f: (RANK[f.severity], f.place.path[:1], f.place.span.start, f.rule))
    unchecked = tuple(Unchecked(what, reason) for what, reason in world.unchecked)
    kept = tuple(findings[:MAX_FINDINGS])
    return Advice(path, CHECKPOINT, kept, unchecked, document, redactor_for(document), checkpoint)


RANK = {"error": 0, "warning": 1, "info": 2}


def redacted(finding: Finding, redactor: Redactor) -> Finding:
    """The finding with no secret in any of its texts. The fix's edits stay as they are, since a file is written by
    them: whoever prints them hides what they hold."""
    if not redactor.secrets:
        return finding
    hide = redactor.text
    fix = finding.fix and finding.fix._replace(title=hide(finding.fix.title))
    return finding._replace(
        message=hide(finding.message),
        why=hide(finding.why),
        because=tuple(hide(line) for line in finding.because),
        fix=fix,
    )


def _public(kind: str) -> str:
    return kind if kind in (LAUNCHER, NEXT) else OTHER


def _not_ours(kind: str) -> Unchecked:
    if kind == CORE:
        return Unchecked("the whole file", "it is a run config of the nemo-evaluator core, not of the launcher")
    return Unchecked("the whole file", "it is not recognised as a NEL config")
