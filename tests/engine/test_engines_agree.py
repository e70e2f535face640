"""durable_rules and the plain reference engine fire the same rules, on random bases and random facts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.engine.chain import ChainRule, EngineError
from advisor.engine.choice import make_engine, why_not_durable
from advisor.engine.reference import ReferenceEngine

ENTITIES = 6
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
def test_a_popular_atom_is_split_below_the_engines_limit() -> None:
    rules = [ChainRule(("popular", f"own{i}"), "") for i in range(500)]
    engine = make_engine(rules)
    assert engine.name == "durable_rules"
    found = engine.run([("popular", 0), ("own7", 0), ("own499", 0), ("own3", 1)], {})
    assert found == [(7, 0), (499, 0)]


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
