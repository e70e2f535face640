"""What holds for a target: the settings that apply to it, with what the command line says over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from advisor.advise import Advice, advise_checkpoint, advise_document
from advisor.document.document import Document
from advisor.engine.base import RuleBase
from advisor.engine.bundle import load_rules
from advisor.engine.findings import Finding
from advisor.engine.selection import Selection, UnknownSelector, make_selection
from advisor.nel.compose import SiblingReader
from advisor.nel.context import Context
from advisor.settings.effective import Lookup, Settings
from advisor.settings.files import SettingsError

if TYPE_CHECKING:
    from advisor.baseline import Baseline


class Asked(NamedTuple):
    """What the command line says: `select` and `nel_version` in place of the settings', `ignore` beside theirs."""

    context: Context
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    nel_version: str = ""
    baseline: Baseline | None = None


class Policy(NamedTuple):
    """Advises as the settings and the command line want it."""

    base: RuleBase
    context: Context
    selection: Selection
    settings: Settings
    baseline: Baseline | None

    def advise(self, document: Document, read_sibling: SiblingReader | None = None) -> Advice:
        return self._kept(advise_document(document, self.base, self.context, read_sibling))

    def advise_checkpoint(self, path: str) -> Advice:
        return self._kept(advise_checkpoint(path, self.base, self.context))

    def _kept(self, advice: Advice) -> Advice:
        """The findings that are wanted, each as grave as the settings say."""
        graded = (self._graded(finding) for finding in advice.findings)
        advice = advice._replace(findings=tuple(finding for finding in graded if self.selection.allows(finding)))
        return self.baseline.new_in(advice) if self.baseline is not None else advice

    def _graded(self, finding: Finding) -> Finding:
        """The finding with the severity that the settings give to its rule, by name, by id or by family."""
        given = self.settings.severity
        for word in (finding.name, finding.rule, self.selection.families.get(finding.rule, "")):
            if word in given:
                return finding._replace(severity=given[word])
        return finding


class Policies:
    """The policy of each target; those with the same settings share one."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._lookup = Lookup()
        self._made: dict[int, Policy] = {}
        self._bases: dict[tuple[str, ...], RuleBase] = {}

    def of(self, path: str) -> Policy:
        """Raises SettingsError for settings that are wrong, UnknownSelector for words of the command line, and
        RuleFileError or OSError for the rules."""
        settings = self._lookup.for_target(path)
        if id(settings) not in self._made:
            self._made[id(settings)] = self._policy(settings)
        return self._made[id(settings)]

    def _policy(self, settings: Settings) -> Policy:
        asked, base = self._asked, self._base(settings.rules)
        selection = make_selection(base.rules, asked.select, asked.ignore)
        given = _checked(base, settings, settings.select if not asked.select else ())
        selection = selection._replace(select=selection.select | given.select, ignore=selection.ignore | given.ignore)
        context = settings.context(asked.context)
        if asked.nel_version:
            context = context._replace(nel_version=asked.nel_version)
        return Policy(base, context, selection, settings, asked.baseline)

    def _base(self, rules: tuple[str, ...]) -> RuleBase:
        if rules not in self._bases:
            self._bases[rules] = RuleBase(load_rules(rules))
        return self._bases[rules]


def _checked(base: RuleBase, settings: Settings, select: Sequence[str]) -> Selection:
    """The settings' own selection. Raises SettingsError where they name a rule that is not there."""
    for key in ("select", "ignore", "severity"):
        try:
            make_selection(base.rules, settings.values[key], ())
        except UnknownSelector as error:
            raise SettingsError(f"{settings.source(key)}: {key}: {error}") from None
    return make_selection(base.rules, select, settings.ignore)
