"""The compiled rule base: rules to atoms and chain rules, once; then subjects to firings, for each target."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from advisor.engine.chain import ChainRule, Engine, EngineError, Fact, Spread
from advisor.engine.choice import make_engine
from advisor.engine.conditions import Check, check_of
from advisor.engine.plan import Plan
from advisor.engine.reference import ReferenceEngine
from advisor.engine.rule import ConditionData, Rule
from advisor.nel.versions import within
from advisor.records import NamedTuple
from advisor.subjects.subject import Subject, World


class Firing(NamedTuple):
    rule: Rule
    subject: Subject


class _Compiled(NamedTuple):
    """A rule's atoms that Python decides, and the rule as the engine has it."""

    atoms: tuple[str, ...]
    chain: ChainRule


class RuleBase:
    """The rules, their conditions as atoms (what decides one is made when it is first asked), and the engine."""

    def __init__(self, rules: Sequence[Rule], engine: Callable[[Sequence[ChainRule]], Engine] = make_engine) -> None:
        self.rules = tuple(rules)
        self.atoms: dict[int, str] = {}
        self.conditions: dict[str, ConditionData] = {}
        self.checks: dict[str, Check] = {}
        self.by_kind: dict[str, list[int]] = {}
        self.kinds_awaiting: set[str] = set()
        for index, rule in enumerate(self.rules):
            for kind in rule.on:
                self.by_kind.setdefault(kind, []).append(index)
            if any("concluded" in condition for condition in rule.when):
                self.kinds_awaiting.update(rule.on)
        self.compiled: dict[int, _Compiled] = {}
        self.plans: dict[str, dict[str, Plan]] = {}
        self.make_engine = engine

    def _compile(self, index: int) -> _Compiled:
        """A rule for the engine, made when a subject of its kind is first met."""
        if index not in self.compiled:
            rule = self.rules[index]
            awaits = [f"c_{condition['concluded']}" for condition in rule.when if "concluded" in condition]
            own = [self._atom(condition) for condition in rule.when if "concluded" not in condition]
            atoms = tuple(dict.fromkeys(own))
            chain = ChainRule(tuple(dict.fromkeys([*atoms, *awaits])), f"c_{rule.concludes}" if rule.concludes else "")
            self.compiled[index] = _Compiled(atoms, chain)
        return self.compiled[index]

    def _atom(self, condition: ConditionData) -> str:
        """The name of a condition; the same in another rule, since those that are equal are one object."""
        name = self.atoms.get(id(condition))
        if name is None:
            name = self.atoms[id(condition)] = f"a{len(self.atoms)}"
            self.conditions[name] = condition
        return name

    def _check(self, atom: str) -> Check:
        if atom not in self.checks:
            self.checks[atom] = check_of(self.conditions[atom])
        return self.checks[atom]

    def _plan(self, kind: str, nel_version: str) -> Plan:
        """The plan for a kind of subject, of the rules whose evidence covers a version."""
        fitting = [n for n in self.by_kind.get(kind, ()) if applies_to(self.rules[n], nel_version)]
        return Plan([(n, self._compile(n).atoms) for n in fitting], self._check)

    def match(self, world: World, nel_version: str) -> list[Firing]:
        """Every rule that fires, with its subject; by subject, then by rule."""
        plans = self.plans.setdefault(nel_version, {})
        facts: list[Fact] = []
        live: set[int] = set()
        for entity, subject in enumerate(world.subjects):
            plan = plans.get(subject.kind)
            if plan is None:
                plan = plans[subject.kind] = self._plan(subject.kind, nel_version)
            for index in plan.met(subject):
                live.add(index)
                facts += [(atom, entity) for atom in self.compiled[index].atoms]
        spread = self._spread(world) if any(self.rules[index].concludes for index in live) else {}
        fired = self._run(facts, spread, sorted(live)) if live else []
        return [
            Firing(self.rules[index], world.subjects[entity])
            for entity, index in sorted((entity, index) for index, entity in fired)
            if world.subjects[entity].kind in self.rules[index].on
        ]

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

    def _run(self, facts: list[Fact], spread: Spread, live: list[int]) -> list[tuple[int, int]]:
        """The engine sees only the rules that can fire here: they are few."""
        chain = [self.compiled[index].chain for index in live]
        try:
            fired = self.make_engine(chain).run(facts, spread)
        except EngineError:
            fired = ReferenceEngine(chain).run(facts, spread)
        return [(live[index], entity) for index, entity in fired]


def applies_to(rule: Rule, nel_version: str) -> bool:
    """Whether a rule's evidence covers a version of NEL."""
    return not rule.nel or within(nel_version, rule.nel) is not False
