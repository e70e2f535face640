"""The compiled rule base: rules to atoms and chain rules, once; then subjects to firings, for each target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from advisor.engine.chain import ChainRule, Engine, EngineError, Fact
from advisor.engine.choice import make_engine
from advisor.engine.conditions import Decide, test_of
from advisor.engine.reference import ReferenceEngine
from advisor.engine.rule import ConditionData, Rule
from advisor.nel.versions import within
from advisor.subjects.subject import Subject, World

_MAX_ENGINES = 64


class Firing(NamedTuple):
    rule: Rule
    subject: Subject


class _Compiled(NamedTuple):
    """A rule's atoms that Python decides."""

    rule: int
    atoms: tuple[str, ...]


class RuleBase:
    """The rules, their conditions as atoms (what decides one is made when it is first asked), and the engine."""

    def __init__(self, rules: Sequence[Rule], engine: Callable[[Sequence[ChainRule]], Engine] = make_engine) -> None:
        self.rules = tuple(rules)
        self.atoms: dict[str, str] = {}
        self.conditions: dict[str, ConditionData] = {}
        self.deciders: dict[str, Decide] = {}
        self.by_kind: dict[str, list[_Compiled]] = {}
        self.kinds_awaiting: set[str] = set()
        self.applying: dict[str, list[bool]] = {}
        self.chain = [self._compile(index, rule) for index, rule in enumerate(self.rules)]
        self.make_engine = engine
        self.engines: dict[tuple[int, ...], Engine] = {}

    def _compile(self, index: int, rule: Rule) -> ChainRule:
        awaits = [f"c_{condition['concluded']}" for condition in rule.when if "concluded" in condition]
        atoms = tuple(dict.fromkeys(self._atom(condition) for condition in rule.when if "concluded" not in condition))
        for kind in rule.on:
            self.by_kind.setdefault(kind, []).append(_Compiled(index, atoms))
            if awaits:
                self.kinds_awaiting.add(kind)
        return ChainRule(tuple(dict.fromkeys([*atoms, *awaits])), f"c_{rule.concludes}" if rule.concludes else "")

    def _atom(self, condition: ConditionData) -> str:
        """The name of a condition; the same for the same condition in another rule."""
        name = self.atoms.setdefault(repr(condition), f"a{len(self.atoms)}")
        self.conditions[name] = condition
        return name

    def _decider(self, atom: str) -> Decide:
        decide = self.deciders[atom] = test_of(self.conditions[atom])
        return decide

    def match(self, world: World, nel_version: str) -> list[Firing]:
        """Every rule that fires, with its subject; by subject, then by rule."""
        if nel_version not in self.applying:
            self.applying[nel_version] = [applies_to(rule, nel_version) for rule in self.rules]
        applies = self.applying[nel_version]
        facts: dict[Fact, None] = {}
        live: set[int] = set()
        for entity, subject in enumerate(world.subjects):
            self._add_facts(entity, subject, applies, facts, live)
        fired = self._run(list(facts), self._spread(world) if self.kinds_awaiting else {}, sorted(live))
        ordered = sorted(((entity, index) for index, entity in fired if applies[index]))
        return [
            Firing(self.rules[index], world.subjects[entity])
            for entity, index in ordered
            if world.subjects[entity].kind in self.rules[index].on
        ]

    def _add_facts(
        self, entity: int, subject: Subject, applies: list[bool], facts: dict[Fact, None], live: set[int]
    ) -> None:
        """The atoms that hold for a subject, of those rules whose every atom does: no other can fire."""
        deciders = self.deciders
        verdicts: dict[str, bool] = {}
        for index, atoms in self.by_kind.get(subject.kind, ()):
            if not applies[index]:
                continue
            for atom in atoms:
                holds = verdicts.get(atom)
                if holds is None:
                    decide = deciders.get(atom) or self._decider(atom)
                    holds = verdicts[atom] = decide(subject) is True
                if not holds:
                    break
            else:
                live.add(index)
                for atom in atoms:
                    facts[atom, entity] = None

    def _spread(self, world: World) -> dict[int, list[int]]:
        """A conclusion on a subject holds for those below it too; on one of a kind, for all."""
        places = {id(subject): entity for entity, subject in enumerate(world.subjects)}
        waiting = [(e, subject) for e, subject in enumerate(world.subjects) if subject.kind in self.kinds_awaiting]
        spread: dict[int, list[int]] = {
            places[id(s)]: [e for e, _ in waiting] for s in world.singles.values() if id(s) in places
        }
        for entity, subject in waiting:
            above = subject.parent
            while above is not None:
                if world.singles.get(above.kind) is not above and id(above) in places:
                    spread.setdefault(places[id(above)], []).append(entity)
                above = above.parent
        return spread

    def _run(self, facts: list[Fact], spread: dict[int, list[int]], live: list[int]) -> list[tuple[int, int]]:
        """The engine compiles only the rules that can fire here: a run costs the more, the more it holds, and to
        compile these few costs less than that. The same few come again when a file is edited."""
        chain = [self.chain[index] for index in live]
        try:
            fired = self._engine(tuple(live), chain).run(facts, spread)
        except EngineError:
            fired = ReferenceEngine(chain).run(facts, spread)
        return [(live[index], entity) for index, entity in fired]

    def _engine(self, live: tuple[int, ...], chain: list[ChainRule]) -> Engine:
        if live not in self.engines:
            if len(self.engines) >= _MAX_ENGINES:
                for engine in self.engines.values():
                    engine.close()
                self.engines.clear()
            self.engines[live] = self.make_engine(chain)
        return self.engines[live]


def applies_to(rule: Rule, nel_version: str) -> bool:
    """Whether a rule's evidence covers a version of NEL."""
    return not rule.nel or within(nel_version, rule.nel) is not False
