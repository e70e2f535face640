"""What `advise --fix` and `--diff` do with a target."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.cli.work import Rendered, render
from advisor.document.document import Document
from advisor.engine.base import RuleBase
from advisor.engine.selection import make_selection
from advisor.fixing.diff import unified_diff
from advisor.fixing.rounds import Fixed, Wanted, fix_document
from advisor.fixing.writing import CannotWrite, write_in_place
from advisor.policies import Policy
from advisor.report.fixed import fixed_text
from advisor.report.style import Style
from advisor.report.summary import summary_of


@dataclass(frozen=True, slots=True)
class FixInPlace:
    """Writes the fixes into the file, then reports what is left."""

    wanted: Wanted
    style: Style | None

    def config(self, document: Document, policy: Policy) -> Rendered:
        fixed = fix_document(document, policy.advise, self.wanted)
        complaints = _undoing(fixed)
        if fixed.document.text != document.text:
            try:
                write_in_place(document, fixed.document)
            except CannotWrite as error:
                complaints = (f"{document.path}: not fixed: {error}",)
                fixed = fixed._replace(advice=fixed.before, applied=())
        text = render(fixed.advice, self.style)
        if self.style is not None:
            text = "\n".join(part for part in (fixed_text(fixed, self.style), text) if part)
        return Rendered(text, summary_of(fixed.advice), complaints, fixed=len(fixed.applied), failed=bool(complaints))

    def checkpoint(self, path: str, policy: Policy) -> Rendered:
        """A checkpoint is never written to."""
        advice = policy.advise_checkpoint(path)
        return Rendered(render(advice, self.style), summary_of(advice))


@dataclass(frozen=True, slots=True)
class ShowDiff:
    """Shows what the fixes would change, and writes nothing."""

    wanted: Wanted

    def checkpoint(self, path: str, policy: Policy) -> Rendered:
        """A checkpoint is never written to."""
        return Rendered("", summary_of(policy.advise_checkpoint(path)))

    def config(self, document: Document, policy: Policy) -> Rendered:
        fixed = fix_document(document, policy.advise, self.wanted)
        diff = unified_diff(document.path, document.text, fixed.document.text)
        shown = fixed.before.redactor.text(diff)
        undoing = _undoing(fixed)
        hidden = (f"{document.path}: secrets are hidden in the diff, so it cannot be applied as it stands",)
        complaints = undoing or (hidden if shown != diff else ())
        return Rendered(shown, summary_of(fixed.before), complaints, fixed=len(fixed.applied), failed=bool(undoing))


def only_these(base: RuleBase, words: tuple[str, ...]) -> frozenset[str]:
    """The ids and names of rules whose fixes are wanted. Raises UnknownSelector for one that knows no fix."""
    return make_selection([rule for rule in base.rules if rule.fix], words, ()).select


def _undoing(fixed: Fixed) -> tuple[str, ...]:
    if not fixed.undoing:
        return ()
    names = " and ".join(fixed.undoing)
    return (f"{fixed.document.path}: not fixed: the fixes of {names} undo each other",)
