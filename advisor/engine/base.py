"""The compiled rule base: rules to atoms and chain rules, once; then subjects to firings, for each target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from advisor.engine.chain import ChainRule, Engine, EngineError, Fact
from advisor.engine.choice import make_engine
from advisor.engine.conditions import Atom, atom_of
from advisor.engine.reference import ReferenceEngine
from advisor.engine.rule import Rule
from advisor.nel.versions import within
from advisor.subjects.subject import SINGLES, Subject, World


class Firing(NamedTuple):
    rule: Rule
    subject: Subject


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A rule's atoms that Python decides, and the conclusions that it waits for."""

    index: int
    atoms: tuple[tuple[str, Atom], ...]
    awaits: tuple[str, ...]


class RuleBase:
    """`select` says which rules take part, by their NEL versions and dialect; rules that conclude always do."""

    def __init__(self, rules: Sequence[Rule], engine: Callable[[Sequence[ChainRule]], Engine] = make_engine) -> None:
        self.rules = tuple(rules)
        self.atoms: dict[str, tuple[str, Atom]] = {}
        self.by_kind: dict[str, list[_Compiled]] = {}
        self.chain = [self._compile(index, rule) for index, rule in enumerate(self.rules)]
        self.kinds_awaiting = {kind for kind, some in self.by_kind.items() if any(one.awaits for one in some)}
        self.engine = engine(self.chain)

    def _compile(self, index: int, rule: Rule) -> ChainRule:
        awaits = tuple(f"c_{condition['concluded']}" for condition in rule.when if "concluded" in condition)
        atoms = tuple(dict.fromkeys(self._atom(condition) for condition in rule.when if "concluded" not in condition))
        for kind in rule.on:
            self.by_kind.setdefault(kind, []).append(_Compiled(index, atoms, awaits))
        names = tuple(dict.fromkeys([*(name for name, _ in atoms), *awaits]))
        return ChainRule(names, f"c_{rule.concludes}" if rule.concludes else "")

    def _atom(self, condition: dict[str, object]) -> tuple[str, Atom]:
        atom = atom_of(condition)
        return self.atoms.setdefault(atom.key, (f"a{len(self.atoms)}", atom))

    def match(self, world: World, nel_version: str) -> list[Firing]:
        """Every rule that fires, with its subject; by subject, then by rule."""
        applies = [applies_to(rule, nel_version) for rule in self.rules]
        facts = [fact for entity, subject in enumerate(world.subjects) for fact in self._facts(entity, subject, applies)]
        spread = self._spread(world) if self.kinds_awaiting else {}
        fired = self._run(facts, spread)
        ordered = sorted(((entity, index) for index, entity in fired if applies[index]))
        return [
            Firing(self.rules[index], world.subjects[entity])
            for entity, index in ordered
            if world.subjects[entity].kind in self.rules[index].on
        ]

    def _facts(self, entity: int, subject: Subject, applies: list[bool]) -> list[Fact]:
        """The atoms that hold for a subject, of those rules whose every atom does: no other can fire."""
        verdicts: dict[str, bool] = {}
        facts: dict[Fact, None] = {}
        for rule in self.by_kind.get(subject.kind, ()):
            if not applies[rule.index]:
                continue
            for name, atom in rule.atoms:
                holds = verdicts.get(name)
                if holds is None:
                    holds = verdicts[name] = atom.decide(subject) is True
                if not holds:
                    break
            else:
                facts.update(((name, entity), None) for name, _ in rule.atoms)
        return list(facts)

    def _spread(self, world: World) -> dict[int, list[int]]:
        """A conclusion on a subject holds for those below it too; on one of a kind, for all."""
        places = {id(subject): entity for entity, subject in enumerate(world.subjects)}
        waiting = [(e, subject) for e, subject in enumerate(world.subjects) if subject.kind in self.kinds_awaiting]
        spread: dict[int, list[int]] = {places[id(s)]: [e for e, _ in waiting] for s in world.singles.values() if id(s) in places}
        for entity, subject in waiting:
            above = subject.parent
            while above is not None:
                if above.kind not in SINGLES and id(above) in places:
                    spread.setdefault(places[id(above)], []).append(entity)
                above = above.parent
        return spread

    def _run(self, facts: list[Fact], spread: dict[int, list[int]]) -> list[tuple[int, int]]:
        try:
            return self.engine.run(facts, spread)
        except EngineError:
            return ReferenceEngine(self.chain).run(facts, spread)


def applies_to(rule: Rule, nel_version: str) -> bool:
    """Whether a rule's evidence covers a version of NEL."""
    return not rule.nel or within(nel_version, rule.nel) is not False
