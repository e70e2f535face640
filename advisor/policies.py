"""What holds for a target: the settings that apply to it, with what the command line says over them."""

from __future__ import annotations

from advisor.advise import Advice, Unchecked, advise_checkpoint, advise_document
from advisor.document.document import Document
from advisor.engine.base import RuleBase
from advisor.engine.bundle import load_rules
from advisor.engine.findings import Finding
from advisor.engine.selection import Selection, UnknownSelector, make_selection, words_of
from advisor.nel.compose import SiblingReader
from advisor.nel.context import Context
from advisor.records import NamedTuple
from advisor.settings.effective import Lookup, Settings
from advisor.settings.files import SettingsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.baseline import Baseline


class Asked(NamedTuple):
    """What the command line says: `select` and `nel_version` in place of the settings', `ignore` beside theirs, and the
    document that targets are compared with."""

    context: Context
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    nel_version: str = ""
    baseline: Baseline | None = None
    beside: Document | None = None


class Policy(NamedTuple):
    """Advises as the settings and the command line want it."""

    base: RuleBase
    context: Context
    selection: Selection
    settings: Settings
    baseline: Baseline | None
    beside: Document | None = None

    def advise(self, document: Document, read_sibling: SiblingReader | None = None) -> Advice:
        """On a document alone, or where there is one `beside` it, on it as the candidate to that baseline. Raises
        NotComparable."""
        if self.beside is not None:
            return self._compared(document, self.beside)
        return self._kept(advise_document(document, self.base, self.context, read_sibling))

    def _compared(self, document: Document, beside: Document) -> Advice:
        from advisor.compare import compare_documents

        advice = self._kept(compare_documents(beside, document, self.base, self.context))
        counts = {one.path: self._own_errors(one) for one in (beside, document)}
        wrong = {path: count for path, count in counts.items() if count}
        if not wrong:
            return advice
        shown = ", ".join(f"{path} has {count} error{'' if count == 1 else 's'}" for path, count in wrong.items())
        note = Unchecked("each file by itself", f"{shown}; see nel-advisor advise {' '.join(wrong)}")
        return advice._replace(unchecked=(*advice.unchecked, note))

    def _own_errors(self, document: Document) -> int:
        """How many errors a file has of its own, which a comparison does not list."""
        selection = self.selection._replace(select=frozenset())
        own = self._replace(beside=None, selection=selection).advise(document)
        return sum(finding.severity == "error" for finding in own.findings)

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
        selection, given = make_selection(base.rules, asked.select, asked.ignore), _checked(base, settings)
        select = selection.select if asked.select else given["select"]
        selection = selection._replace(select=select, ignore=selection.ignore | given["ignore"])
        context = settings.context(asked.context)
        if asked.nel_version:
            context = context._replace(nel_version=asked.nel_version)
        return Policy(base, context, selection, settings, asked.baseline, asked.beside)

    def _base(self, rules: tuple[str, ...]) -> RuleBase:
        if rules not in self._bases:
            self._bases[rules] = RuleBase(load_rules(rules))
        return self._bases[rules]


def _checked(base: RuleBase, settings: Settings) -> dict[str, frozenset[str]]:
    """The settings' own selections by key. Raises SettingsError where they name a rule that is not there."""
    given = {}
    for key in ("select", "ignore", "severity"):
        try:
            given[key] = words_of(settings.values[key], base.rules)
        except UnknownSelector as error:
            raise SettingsError(f"{settings.source(key)}: {key}: {error}") from None
    return given
