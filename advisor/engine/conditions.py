"""Conditions of rules to atoms: short names with a test in Python behind each."""

from __future__ import annotations

import json
from collections.abc import Callable

from advisor.engine.operators import REFERENCES, Test, holds_for, same, test_for
from advisor.engine.rule import ConditionData
from advisor.nel.values import Unknown, Value
from advisor.records import NamedTuple
from advisor.subjects.subject import Subject, getter, is_nothing, is_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_encoded = json.JSONEncoder(ensure_ascii=False, default=str).encode
Decide = Callable[[Subject], "bool | None"]
Tests = Callable[["dict[str, Any]"], Test]


class Check(NamedTuple):
    """What tells whether a condition holds: a test of the value of a subject's own attribute, which most conditions
    are; of the subject itself where `name` is ''."""

    name: str
    test: Callable[[Any], bool | None]


def check_of(condition: ConditionData) -> Check:
    """How to learn in the shortest way whether a condition holds that is no conclusion."""
    if "name" in condition and is_own(condition["name"]) and not any(op in REFERENCES for op in condition["ops"]):
        return Check(condition["name"], holds_for(condition["ops"]))
    return Check("", _decided(condition, holds_for))


def test_of(condition: ConditionData) -> Decide:
    """What decides a condition that is no conclusion."""
    return _decided(condition, test_for)


def _decided(condition: ConditionData, tests_for: Tests) -> Decide:
    if "any" in condition:
        return _alternatives([[_decided(one, tests_for) for one in group] for group in condition["any"]])
    name, operators = condition["name"], condition["ops"]
    plain = {op: argument for op, argument in operators.items() if op not in REFERENCES}
    tests: list[Decide] = [_reference(name, op, argument) for op, argument in operators.items() if op in REFERENCES]
    if plain:
        test, value = tests_for(plain), getter(name)
        tests.append(lambda subject: test(value(subject)))
    return _all(tests)


def _reference(name: str, op: str, other: str) -> Decide:
    wanted, one, two = op == "same_as", getter(name), getter(other)

    def decide(subject: Subject) -> bool | None:
        a, b = one(subject), two(subject)
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return None
        return (same(a, b) or (is_nothing(a) and is_nothing(b))) is wanted

    return decide


def _alternatives(groups: list[list[Decide]]) -> Decide:
    branches = [_all(group) for group in groups]

    def decide(subject: Subject) -> bool | None:
        unknown = False
        for branch in branches:
            verdict = branch(subject)
            if verdict:
                return True
            unknown = unknown or verdict is None
        return None if unknown else False

    return decide


def _all(tests: list[Decide]) -> Decide:
    if len(tests) == 1:
        return tests[0]

    def decide(subject: Subject) -> bool | None:
        unknown = False
        for test in tests:
            verdict = test(subject)
            if verdict is False:
                return False
            unknown = unknown or verdict is None
        return None if unknown else True

    return decide


_WORDS = {
    "is": "is", "not": "is not", "in": "is one of", "not_in": "is none of", "matches": "matches",
    "not_matches": "does not match",
    "contains": "contains", "not_contains": "does not contain", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "type": "is a",
    "not_type": "is no", "version": "is version", "any_of": "has one that", "all_of": "has only ones that",
    "same_as": "is the same as", "differs_from": "differs from",
}  # fmt: skip


def read(condition: ConditionData) -> str:
    """A condition as a person reads it."""
    if "any" in condition:
        return " or ".join(" and ".join(read(one) for one in group) for group in condition["any"])
    if "concluded" in condition:
        return f"concluded: {condition['concluded']}"
    return " and ".join(_read_operator(condition["name"], op, argument) for op, argument in condition["ops"].items())


def _read_operator(name: str, op: str, argument: Any) -> str:
    if op in ("present", "absent", "known"):
        holds = "is " if argument else "is not "
        return f"{name} {holds}{op}"
    shown = argument if op in ("same_as", "differs_from", "type", "version") else json.dumps(argument)
    return f"{name} {_WORDS[op]} {shown}"


def shown(value: Value) -> str:
    """A value as `because` and `explain` print it."""
    if isinstance(value, Unknown):
        return f"unknown ({value.reason})"
    if is_nothing(value):
        return "null" if value is None else "absent"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = _encoded(value)
    return text if len(text) <= 120 else text[:117] + "..."
