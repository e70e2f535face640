"""Which rules' findings are wanted: by id, by name or by family."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.engine.findings import Finding
from advisor.engine.rule import Rule
from advisor.records import NamedTuple


class UnknownSelector(ValueError):
    """A word that is no rule's id, no name and no family."""


class Selection(NamedTuple):
    """Rule ids, and names that one rule of many names can carry; no `select` means all."""

    families: dict[str, str]
    select: frozenset[str]
    ignore: frozenset[str]

    def allows(self, finding: Finding) -> bool:
        words = {finding.rule, finding.name, self.families.get(finding.rule, "")}
        return (not self.select or bool(words & self.select)) and not words & self.ignore


def known_words(rules: Iterable[Rule]) -> set[str]:
    """What a rule can be called: its id, its names and its family."""
    return {word for rule in rules for word in (rule.id, rule.family, rule.name, *rule.names)}


def make_selection(rules: Iterable[Rule], select: Iterable[str], ignore: Iterable[str]) -> Selection:
    """A Selection from the words of a command line. Raises UnknownSelector."""
    rules = tuple(rules)
    return Selection({rule.id: rule.family for rule in rules}, words_of(select, rules), words_of(ignore, rules))


def find_rules(rules: Iterable[Rule], word: str) -> list[Rule]:
    """The rules of that id or name. Raises UnknownSelector."""
    rules = tuple(rules)
    found = [rule for rule in rules if word in (rule.id, rule.name, *rule.names)]
    if not found:
        raise _unknown(word, {known for rule in rules for known in (rule.id, rule.name, *rule.names)})
    return found


def words_of(given: Iterable[str], rules: Iterable[Rule]) -> frozenset[str]:
    """What is selected in words that may each hold several, comma-separated. Raises UnknownSelector."""
    words = [word.strip() for some in given for word in some.split(",") if word.strip()]
    known = known_words(rules) if words else set()
    for word in words:
        if word not in known:
            raise _unknown(word, known)
    return frozenset(words)


def _unknown(word: str, known: set[str]) -> UnknownSelector:
    from difflib import get_close_matches

    near = get_close_matches(word, sorted(known), 1)
    return UnknownSelector(
        f"{word!r} is no rule's id, name or family" + (f"; did you mean {near[0]!r}?" if near else "")
    )
