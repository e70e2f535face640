"""What the plan takes for holding is what the three-valued operators say is true, on random conditions and values."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.document.nodes import Span
from advisor.document.reading import decode_document
from advisor.engine.conditions import check_of
from advisor.engine.conditions import test_of as decided_by
from advisor.engine.operators import OPERATORS, REFERENCES, TYPES
from advisor.engine.plan import Plan
from advisor.nel.context import Context
from advisor.nel.values import ABSENT, Unknown
from advisor.subjects.launcher import launcher_world
from advisor.subjects.subject import Place, Subject, World

_SCALARS = [None, True, False, 0, 1, -3, 2.5, "", "a", "ab", "1", "true", "0.11.0"]
_NAMES = ["one", "two", "three", "four", "deployment.type", "task.one"]
_UNKNOWN = [Unknown("why"), Unknown("why", None), Unknown("why", False)]
scalars = st.sampled_from(_SCALARS)
lists = st.lists(scalars, max_size=3)
values = st.one_of(scalars, lists, st.just({"a": 1}), st.just({}), st.just(ABSENT), st.sampled_from(_UNKNOWN))


def operators(depth: int = 1) -> st.SearchStrategy[dict[str, Any]]:
    nested = operators(depth - 1) if depth else st.just({"is": 1})
    arguments: dict[str, st.SearchStrategy[Any]] = {
        **dict.fromkeys(["is", "not", "contains", "not_contains"], scalars),
        **dict.fromkeys(["in", "not_in"], lists),
        **dict.fromkeys(["matches", "not_matches"], st.sampled_from(["a", "^$", "1"])),
        **dict.fromkeys(["lt", "le", "gt", "ge"], st.integers(-3, 3)),
        **dict.fromkeys(["type", "not_type"], st.sampled_from(TYPES)),
        **dict.fromkeys(["present", "absent", "known"], st.booleans()),
        **dict.fromkeys(["any_of", "all_of"], nested),
        "version": st.sampled_from([">=0.10", "<0.10"]),
    }
    assert set(arguments) == set(OPERATORS)
    pairs = st.sampled_from(sorted(arguments)).flatmap(lambda name: st.tuples(st.just(name), arguments[name]))
    return st.lists(pairs, min_size=1, max_size=3).map(dict)


references = st.tuples(st.sampled_from(REFERENCES), st.sampled_from(_NAMES)).map(lambda pair: dict([pair]))
plain = st.builds(
    lambda name, some, others: {"name": name, "ops": {**some, **others}},
    st.sampled_from(_NAMES),
    operators(),
    st.one_of(st.just({}), references),
)
conditions = st.one_of(
    plain, st.lists(st.lists(plain, min_size=1, max_size=2), min_size=1, max_size=3).map(lambda any_: {"any": any_})
)


def subject_with(attributes: dict[str, Any]) -> Subject:
    config = launcher_world(decode_document("x.yaml", b"deployment: {type: none}\n"), Context(), None)
    world = World(config.values)
    return world.add_single(Subject("task", Place((), Span(0, 0)), world, attributes))


@settings(deadline=None, max_examples=300)
@given(conditions, st.lists(values, min_size=3, max_size=3), st.booleans())
def test_a_check_holds_where_the_condition_is_true(condition: dict[str, Any], some: list[Any], late: bool) -> None:
    def subject() -> Subject:
        given_values = dict(zip(_NAMES, some, strict=False))
        return subject_with({name: (lambda one=one: one) if late else one for name, one in given_values.items()})

    plan = Plan([(0, ("c",)), (1, ("c", "c"))], lambda atom: check_of(condition))
    assert plan.met(subject()) == ([0, 1] if decided_by(condition)(subject()) is True else [])
