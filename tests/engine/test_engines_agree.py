"""durable_rules and the plain reference engine fire the same rules, on random bases and random facts."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.engine.chain import ChainRule, EngineError
from advisor.engine.choice import make_engine, why_not_durable
from advisor.engine.reference import ReferenceEngine

ENTITIES = 6
ROOT = Path(__file__).parent.parent.parent
needs_durable = pytest.mark.skipif(bool(why_not_durable()), reason=why_not_durable() or "durable_rules is here")


@st.composite
def bases(draw: st.DrawFn) -> list[ChainRule]:
    """Up to 40 rules over up to 12 atoms; a rule may ask for what any other concludes, itself included."""
    size = draw(st.integers(1, 40))
    pool = [f"a{i}" for i in range(12)] + [f"c{i}" for i in range(8)]
    atoms = st.lists(st.sampled_from(pool), min_size=1, max_size=5, unique=True)
    concluded = st.sampled_from(["", "", *(f"c{i}" for i in range(8))])
    return [ChainRule(tuple(draw(atoms)), draw(concluded)) for _ in range(size)]


facts = st.lists(st.tuples(st.sampled_from([f"a{i}" for i in range(14)]), st.integers(0, ENTITIES - 1)), max_size=60)
spreads = st.dictionaries(
    st.integers(0, ENTITIES - 1), st.lists(st.integers(0, ENTITIES - 1), max_size=ENTITIES, unique=True), max_size=3
)


@needs_durable
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(bases(), st.lists(st.tuples(facts, spreads), min_size=1, max_size=4))
def test_agree_on_random_bases(rules: list[ChainRule], runs: list[tuple[list, dict]]) -> None:
    durable, reference = make_engine(rules), ReferenceEngine(rules)
    assert durable.name == "durable_rules"
    for given_facts, spread in runs:
        assert durable.run(given_facts, spread) == reference.run(given_facts, spread)


@needs_durable
def test_an_atom_that_hundreds_of_rules_ask_for() -> None:
    rules = [ChainRule(("popular", f"own{i}"), "") for i in range(500)]
    engine = make_engine(rules)
    assert engine.name == "durable_rules"
    found = engine.run([("popular", 0), ("own7", 0), ("own499", 0), ("own3", 1)], {})
    assert found == [(7, 0), (499, 0)]


@needs_durable
def test_the_largest_conjunctions_and_a_new_one_after_others() -> None:
    for size in (1, 15, 7):
        atoms = tuple(f"a{i}" for i in range(size))
        rules = [ChainRule(atoms, "c"), ChainRule(("c", *atoms[1:]), "d"), ChainRule(("d", "c"), "")]
        facts = [(atom, entity) for entity in range(3) for atom in atoms[entity // 2 :]]
        expected = ReferenceEngine(rules).run(facts, {0: [2]})
        assert (2, 2) in expected
        assert make_engine(rules).run(facts, {0: [2]}) == expected


@needs_durable
def test_a_conjunction_beyond_the_engines_limits_is_the_reference_engines() -> None:
    rules = [ChainRule(tuple(f"a{i}" for i in range(16)), "")]
    engine = make_engine(rules)
    assert engine.name == "reference"
    assert engine.run([(f"a{i}", 3) for i in range(16)], {}) == [(0, 3)]


def of_shapes(sizes: list[tuple[int, int]]) -> list[ChainRule]:
    """A rule for each number of own conditions and awaited conclusions, and those that conclude."""
    asked = [[f"a{i}" for i in range(own)] + [f"c{i}" for i in range(awaited)] for own, awaited in sizes]
    concluding = [ChainRule((f"x{i}",), f"c{i}") for i in range(15)]
    return [*(ChainRule(tuple(atoms)) for atoms in asked), *concluding]


@needs_durable
def test_any_conjunction_runs_after_any_others() -> None:
    """The compiled shapes would reach the limit together, and one base alone that does is refused, not run for ever."""
    sizes = [(own, awaited) for own in range(16) for awaited in range(16 - own) if own + awaited]
    facts = [(f"{kind}{i}", entity) for kind in "ax" for i in range(15) for entity in range(2)]
    for start in range(0, len(sizes), 20):
        rules = of_shapes(sizes[start : start + 20])
        assert make_engine(rules).run(facts, {0: [2]}) == ReferenceEngine(rules).run(facts, {0: [2]})
    with pytest.raises(EngineError):
        make_engine(of_shapes(sizes)).run(facts, {})
    assert make_engine(of_shapes([(2, 1)])).run(facts, {})[0] == (0, 0)


@needs_durable
def test_threads_share_the_engine() -> None:
    def fired(number: int) -> bool:
        atoms = tuple(f"a{i}" for i in range(number % 6 + 1))
        engine = make_engine([ChainRule(atoms, "c"), ChainRule(("c",), "")])
        facts = [(atom, entity) for entity in range(number % 9) for atom in atoms]
        return engine.run(facts, {}) == [(index, entity) for index in (0, 1) for entity in range(number % 9)]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(fired, range(2_000)))


@needs_durable
def test_after_a_failure_inside_nothing_of_it_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    from advisor.engine import host

    engine = make_engine([ChainRule(("a",), "c"), ChainRule(("c", "b"), "")])

    def fail(*_: object) -> str:
        raise host.durable.error("no")

    with monkeypatch.context() as patch:
        patch.setattr(host.durable, "complete_and_start_action", fail)
        with pytest.raises(EngineError):
            engine.run([("a", 0), ("a", 1)], {})
    assert engine.run([("b", 0), ("b", 1), ("a", 1)], {}) == [(0, 1), (1, 1)]


_RUNS = """
import random, resource, sys
from advisor.engine.chain import ChainRule
from advisor.engine.choice import make_engine

chance, pool = random.Random(5), [f"a{i}" for i in range(40)]

def run():
    size, entities = chance.randint(1, 25), chance.randint(1, 60)
    rules = [
        ChainRule(tuple(chance.sample(pool, chance.randint(1, 7))), chance.choice(["", "", chance.choice(pool)]))
        for _ in range(size)
    ]
    facts = [(chance.choice(pool), chance.randrange(entities)) for _ in range(chance.randint(0, 250))]
    make_engine(rules).run(facts, {0: range(1, entities)})

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() // 1024

for _ in range(1_500):
    run()
before = resident()
for _ in range(3_000):
    run()
print(resident() - before)
"""


@needs_durable
def test_memory_stays_flat_over_thousands_of_runs_on_other_facts() -> None:
    """1 KB a run would be 3,000."""
    done = subprocess.run([sys.executable, "-c", _RUNS], capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(done.stdout) < 1_500


@needs_durable
def test_more_facts_than_a_batch_takes_is_an_engine_error() -> None:
    from advisor.engine.host import DurableEngine

    engine = DurableEngine([ChainRule(("a",), "")])
    with pytest.raises(EngineError):
        engine.run([("a", entity) for entity in range(30_000)], {})
    assert engine.run([("a", 1)], {}) == [(0, 1)]


def test_reference_chains_and_spreads() -> None:
    rules = [ChainRule(("a",), "c"), ChainRule(("c", "b"), "d"), ChainRule(("d",), "")]
    engine = ReferenceEngine(rules)
    assert engine.run([("a", 0), ("b", 1)], {0: [1, 2]}) == [(0, 0), (1, 1), (2, 1)]
    assert engine.run([("a", 0), ("b", 1)], {}) == [(0, 0)]
