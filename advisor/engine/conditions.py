"""Conditions of rules to atoms: short names with a test in Python behind each."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from advisor.engine.operators import REFERENCES, same, test_for
from advisor.engine.rule import ConditionData
from advisor.nel.values import Unknown, Value
from advisor.subjects.subject import Subject, is_nothing, value_of

Decide = Callable[[Subject], "bool | None"]


class Atom(NamedTuple):
    """A distinct condition. `name` is the attribute that it asks for ('' for an alternative), `text` how people read it."""

    key: str
    decide: Decide
    name: str
    text: str


def atom_of(condition: ConditionData) -> Atom:
    """The atom of a condition that is no conclusion."""
    key = json.dumps(condition, sort_keys=True)
    if "any" in condition:
        return Atom(key, _alternatives(condition["any"]), "", read(condition))
    return Atom(key, _decide(condition["name"], condition["ops"]), condition["name"], read(condition))


def _decide(name: str, operators: dict[str, Any]) -> Decide:
    plain = {op: argument for op, argument in operators.items() if op not in REFERENCES}
    tests: list[Decide] = [_reference(name, op, argument) for op, argument in operators.items() if op in REFERENCES]
    if plain:
        test = test_for(plain)
        if not tests:
            return lambda subject: test(value_of(subject, name))
        tests.append(lambda subject: test(value_of(subject, name)))
    return tests[0] if len(tests) == 1 else _all(tests)


def _reference(name: str, op: str, other: str) -> Decide:
    wanted = op == "same_as"

    def decide(subject: Subject) -> bool | None:
        a, b = value_of(subject, name), value_of(subject, other)
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return None
        return (same(a, b) or (is_nothing(a) and is_nothing(b))) is wanted

    return decide


def _alternatives(groups: list[list[ConditionData]]) -> Decide:
    branches = [_all([atom_of(condition).decide for condition in group]) for group in groups]

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
    "is": "is", "not": "is not", "in": "is one of", "not_in": "is none of", "matches": "matches", "not_matches": "does not match",
    "contains": "contains", "not_contains": "does not contain", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "type": "is a",
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
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else text[:117] + "..."
