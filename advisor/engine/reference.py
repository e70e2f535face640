"""The plain engine: a fixpoint in Python, the oracle of the tests, and the fallback where the C engine cannot run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from advisor.engine.chain import ChainRule, Fact, Spread


class ReferenceEngine:
    name = "reference"

    def __init__(self, rules: Sequence[ChainRule]) -> None:
        self.rules = tuple(rules)
        self.by_atom: dict[str, list[int]] = {}
        for index, rule in enumerate(self.rules):
            for atom in rule.atoms:
                self.by_atom.setdefault(atom, []).append(index)

    def run(self, facts: Iterable[Fact], spread: Spread) -> list[tuple[int, int]]:
        known: set[Fact] = set()
        fired: set[tuple[int, int]] = set()
        todo = list(dict.fromkeys(facts))
        while todo:
            fact = todo.pop()
            if fact in known:
                continue
            known.add(fact)
            atom, entity = fact
            for index in self.by_atom.get(atom, ()):
                rule = self.rules[index]
                if (index, entity) in fired or not all((one, entity) in known for one in rule.atoms):
                    continue
                fired.add((index, entity))
                if rule.concludes:
                    todo += [(rule.concludes, one) for one in (entity, *spread.get(entity, ()))]
        return sorted(fired)
