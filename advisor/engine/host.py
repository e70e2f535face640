"""durable_rules as the engine: its low-level module, equality joins on the entity only, and no user data inside.

Why so: joins with < > != read past their memory; its Host starts threads and swallows exceptions; 512 children under
one alpha node never return (hence shards); `delete_state` before any action has fired frees an uninitialised pointer
(hence the sentinel); a value that its parser rejects drops the rest of a batch silently (hence ASCII names only, and
the sentinel must be seen).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence

import durable_rules_engine as durable

from advisor.engine.chain import ChainRule, EngineError, Fact, Spread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SHARDS = 32
MAX_ATOMS_IN_SHARD = 480
MAX_RULES_ON_PATTERN = 60
MAX_ATOMS_IN_RULE = 15
MAX_FACTS = 20_000
_SENTINEL = '{"id":"e","sid":"0","k":"end"}'


class DurableEngine:
    name = "durable_rules"

    def __init__(self, rules: Sequence[ChainRule]) -> None:
        self.rules = tuple(rules)
        self.lock = threading.Lock()
        self.patterns: dict[str, list[tuple[str, str]]] = {}
        self.uses: dict[tuple[str, str], int] = {}
        definition: dict[str, Any] = {"end": {"all": [{"m": {"k": "end"}}]}}
        for index, rule in enumerate(self.rules):
            if not 1 <= len(set(rule.atoms)) == len(rule.atoms) <= MAX_ATOMS_IN_RULE:
                raise EngineError(f"a rule needs 1 to {MAX_ATOMS_IN_RULE} different conditions")
            definition[f"r{index}"] = {"all": [self._match(j, atom) for j, atom in enumerate(rule.atoms)]}
        if len(self.uses) > SHARDS * MAX_ATOMS_IN_SHARD:
            raise EngineError("more conditions than the engine holds")
        self.handle = durable.create_ruleset("nel", json.dumps(definition))
        self.run([], {})  # initialises the session, so that deleting its state is safe from now on

    def _match(self, position: int, atom: str) -> dict[str, Any]:
        shard, name = self._pattern(atom)
        terms: list[dict[str, Any]] = [{"k": shard}, {"a": name}]
        if position:
            terms.append({"e": {"m0": "e"}})
        return {f"m{position}": {"$and": terms}}

    def _pattern(self, atom: str) -> tuple[str, str]:
        """A pattern that stands for the atom; a popular atom gets a second one before the engine's limit is met."""
        copies = self.patterns.setdefault(atom, [])
        if not copies or self.uses[copies[-1]] >= MAX_RULES_ON_PATTERN:
            pattern = (f"s{len(self.uses) % SHARDS}", f"a{len(self.uses)}")
            copies.append(pattern)
            self.uses[pattern] = 0
        self.uses[copies[-1]] += 1
        return copies[-1]

    def run(self, facts: Iterable[Fact], spread: Spread) -> list[tuple[int, int]]:
        seen: set[Fact] = set()
        batch = [_SENTINEL]
        for fact in facts:
            self._encode(fact, seen, batch)
        if len(batch) > MAX_FACTS:
            raise EngineError("more facts than the engine takes in one batch")
        with self.lock:
            return self._run(batch, seen, spread)

    def close(self) -> None:
        durable.delete_ruleset(self.handle)

    def _encode(self, fact: Fact, seen: set[Fact], out: list[str]) -> None:
        atom, entity = fact
        if fact in seen:
            return
        seen.add(fact)
        for shard, name in self.patterns.get(atom, ()):
            out.append(f'{{"id":"{entity}{name}","sid":"0","k":"{shard}","a":"{name}","e":"e{entity}"}}')

    def _run(self, batch: list[str], seen: set[Fact], spread: Spread) -> list[tuple[int, int]]:
        fired: list[tuple[int, int]] = []
        ended = False
        try:
            _, offset = durable.assert_facts(self.handle, "[" + ",".join(batch) + "]")
            action = durable.start_action_for_state(self.handle, offset)
            message = action and action[1]
            while message:
                ((name, match),) = json.loads(message).items()
                if name == "end":
                    ended = True
                else:
                    index, entity = int(name[1:]), int((match.get("m0") or match["m"])["e"][1:])
                    fired.append((index, entity))
                    self._conclude(index, entity, seen, spread)
                message = durable.complete_and_start_action(self.handle, offset)
        except durable.error as error:
            raise EngineError(str(error)) from error
        finally:
            try:
                durable.delete_state(self.handle, "0")
            except durable.error:
                ended = False
        if not ended:
            raise EngineError("the engine dropped a part of the facts")
        return sorted(fired)

    def _conclude(self, index: int, entity: int, seen: set[Fact], spread: Spread) -> None:
        concluded = self.rules[index].concludes
        if not concluded:
            return
        derived: list[str] = []
        for one in (entity, *spread.get(entity, ())):
            self._encode((concluded, one), seen, derived)
        for fact in derived:
            durable.assert_fact(self.handle, fact)
