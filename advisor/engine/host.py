"""durable_rules as the engine: its low-level module, equality joins on one key only, and no user data inside.

One small ruleset serves every set of rules. Its rules are the shapes of a conjunction: so many conditions that Python
has decided, so many conclusions of other rules. A rule on an entity is a case. What holds of its own is one fact, each
conclusion that it waits for another, joined by the case's number; a match says whose conjunction is complete.

Why so: a ruleset costs more to compile than to run, and a run the more, the more rules it holds; joins with < > != read
past their memory; its Host starts threads and swallows exceptions; 512 children under one alpha node never return
(hence a limit on the shapes); `delete_state` before any action has fired frees an uninitialised pointer (hence the
first run); a value that its parser rejects drops the rest of a batch silently (hence ASCII names only, and the sentinel
must be seen); facts are told apart by 32 bits of a hash (hence ids in sequence, which are known not to collide).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence

import durable_rules_engine as durable

from advisor.engine.chain import ChainRule, EngineError, Fact, Spread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_ATOMS_IN_RULE = 15
MAX_FACTS = 20_000
MAX_PATTERNS = 400
_SENTINEL = '{"id":"end","sid":"0","end":1}'
_decode = json.JSONDecoder().raw_decode

Shape = tuple[int, int]  # own conditions, conclusions awaited


class _Ruleset:
    """The compiled shapes, one ruleset for the process, which grows when a shape is first met."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.shapes: frozenset[Shape] = frozenset()
        self.handle: int | None = None

    def run(self, shapes: set[Shape], batch: list[str], fire: Callable[[list[int]], list[str]]) -> None:
        """Asserts a batch of facts, then whatever `fire` makes of the numbers of the cases that are complete."""
        with self.lock:
            whole = False
            try:
                if self.handle is None or not shapes <= self.shapes:
                    more = self.shapes | shapes
                    self._compile(more if _patterns(more) <= MAX_PATTERNS else frozenset(shapes))
                self._run(batch, fire)
                whole = True
            except durable.error as error:
                raise EngineError(str(error)) from error
            finally:
                if not whole:
                    self._drop()  # what it holds now is not known

    def _compile(self, shapes: frozenset[Shape]) -> None:
        if _patterns(shapes) > MAX_PATTERNS:
            raise EngineError("more kinds of conjunctions than the engine holds")
        self._drop()
        rules = {"end": {"all": [{"m0": {"end": 1}}], "cap": 1}}
        # With a cap, all that is complete comes in one answer.
        rules |= {_name(shape): {"all": _conjunction(shape), "cap": MAX_FACTS} for shape in sorted(shapes)}
        self.handle, self.shapes = durable.create_ruleset("nel", json.dumps(rules)), shapes
        self._run([], lambda cases: [])  # initialises the session, so that deleting its state is safe from now on

    def _drop(self) -> None:
        handle, self.handle, self.shapes = self.handle, None, frozenset()
        if handle is not None:
            durable.delete_ruleset(handle)

    def _run(self, batch: list[str], fire: Callable[[list[int]], list[str]]) -> None:
        ended = False
        try:
            _, offset = durable.assert_facts(self.handle, _array([_SENTINEL, *batch]))
            action = durable.start_action_for_state(self.handle, offset)
            message = action and action[1]
            while message:
                ((name, matches),) = _decode(message)[0].items()
                if name == "end":
                    ended = True
                elif derived := fire([int(match["m0"]["e"][1:]) for match in matches]):
                    durable.assert_facts(self.handle, _array(derived))
                message = durable.complete_and_start_action(self.handle, offset)
        finally:
            durable.delete_state(self.handle, "0")
        if not ended:
            raise EngineError("the engine dropped a part of the facts")


def _name(shape: Shape) -> str:
    return f"s{shape[0]}w{shape[1]}"


def _patterns(shapes: Iterable[Shape]) -> int:
    return sum(1 + awaited for _, awaited in shapes)


def _array(facts: list[str]) -> str:
    return "[" + ",".join(facts) + "]"


def _conjunction(shape: Shape) -> list[dict[str, Any]]:
    """The facts that make a case of this shape complete, as durable_rules matches them."""
    own, awaited = shape
    name = _name(shape)
    facts: list[list[dict[str, Any]]] = [[{name: 1}, *({f"p{place}": 1} for place in range(own))]] if own else []
    facts += [[{f"{name}c{place}": 1}] for place in range(awaited)]
    for fact in facts[1:]:
        fact.append({"e": {"m0": "e"}})
    return [{f"m{number}": {"$and": fact}} for number, fact in enumerate(facts)]


_ruleset = _Ruleset()


class DurableEngine:
    name = "durable_rules"

    def __init__(self, rules: Sequence[ChainRule]) -> None:
        self.rules = tuple(rules)
        self.shapes: list[Shape] = []
        self.names: list[str] = []
        self.own: dict[str, list[tuple[int, str]]] = {}  # atom -> rules that ask for it, and as which property
        self.awaited: dict[str, list[tuple[int, str]]] = {}
        concluded = {rule.concludes for rule in self.rules}
        for index, rule in enumerate(self.rules):
            if not 1 <= len(set(rule.atoms)) == len(rule.atoms) <= MAX_ATOMS_IN_RULE:
                raise EngineError(f"a rule needs 1 to {MAX_ATOMS_IN_RULE} different conditions")
            own = [atom for atom in rule.atoms if atom not in concluded]
            awaited = [atom for atom in rule.atoms if atom in concluded]
            shape = len(own), len(awaited)
            name = _name(shape)
            self.shapes.append(shape)
            self.names.append(name)
            for place, atom in enumerate(own):
                self.own.setdefault(atom, []).append((index, f',"p{place}":1'))
            for place, atom in enumerate(awaited):
                self.awaited.setdefault(atom, []).append((index, f"{name}c{place}"))

    def run(self, facts: Iterable[Fact], spread: Spread) -> list[tuple[int, int]]:
        return _Run(self, spread).fired_by(facts)


class _Run:
    """One target: its cases, numbered, and what was asserted of them."""

    def __init__(self, engine: DurableEngine, spread: Spread) -> None:
        self.engine, self.spread = engine, spread
        self.cases: list[tuple[int, int]] = []
        self.numbers: dict[tuple[int, int], int] = {}
        self.known: set[Fact] = set()
        self.facts = 0
        self.fired: list[tuple[int, int]] = []

    def fired_by(self, facts: Iterable[Fact]) -> list[tuple[int, int]]:
        engine = self.engine
        holds: dict[tuple[int, int], str] = {}
        concluded: list[Fact] = []
        for fact in dict.fromkeys(facts):
            atom, entity = fact
            for index, place in engine.own.get(atom, ()):
                case = index, entity
                holds[case] = holds.get(case, "") + place
            if atom in engine.awaited:
                concluded.append(fact)
        batch = [self._fact(self._number(case), engine.names[case[0]], held) for case, held in holds.items()]
        for fact in concluded:
            self._await(fact, batch)
        if batch:
            _ruleset.run(set(engine.shapes), batch, self._fire)
        return sorted(self.fired)

    def _number(self, case: tuple[int, int]) -> int:
        number = self.numbers[case] = len(self.cases)
        self.cases.append(case)
        return number

    def _fact(self, number: int, kind: str, held: str = "") -> str:
        self.facts += 1
        if self.facts > MAX_FACTS:
            raise EngineError("more facts than the engine takes for one target")
        return f'{{"id":"{self.facts}","sid":"0","e":"e{number}","{kind}":1{held}}}'

    def _await(self, fact: Fact, out: list[str]) -> None:
        """What a conclusion is to the rules that wait for it there; nothing where a rule's own part does not hold."""
        if fact in self.known:
            return
        self.known.add(fact)
        atom, entity = fact
        for index, kind in self.engine.awaited.get(atom, ()):
            number = self.numbers.get((index, entity))
            if number is None and not self.engine.shapes[index][0]:
                number = self._number((index, entity))
            if number is not None:
                out.append(self._fact(number, kind))

    def _fire(self, numbers: list[int]) -> list[str]:
        """Notes the cases that are complete; gives the facts that they conclude."""
        derived: list[str] = []
        for number in numbers:
            index, entity = case = self.cases[number]
            self.fired.append(case)
            concludes = self.engine.rules[index].concludes
            if concludes in self.engine.awaited:
                for one in (entity, *self.spread.get(entity, ())):
                    self._await((concludes, one), derived)
        return derived
