"""The operators of conditions: a value and an argument to True, False or None (unknown)."""

from __future__ import annotations

from collections.abc import Callable

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.nel.versions import within
from advisor.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Test = Callable[[Value], "bool | None"]


def same(a: object, b: object) -> bool:
    """Equality that does not take 1 for true."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return a == b


def _number(value: object) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _is(argument: Any) -> Callable[[Any], bool]:
    """As `same`: what is asked most often, in the shortest way."""
    if argument is None or isinstance(argument, bool):
        return lambda value: value is argument
    if isinstance(argument, str):
        return lambda value: value == argument
    return lambda value: same(value, argument)


def _in(argument: list[Any]) -> Callable[[Any], bool]:
    if all(isinstance(one, str) for one in argument):
        words = frozenset(argument)
        return lambda value: isinstance(value, str) and value in words
    return lambda value: any(same(value, one) for one in argument)


def _matches(argument: str) -> Callable[[Any], bool]:
    compiled = pattern(argument)
    return lambda value: isinstance(value, str) and compiled.search(value) is not None


def _contains(argument: Any) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        if isinstance(value, str):
            return str(argument) in value
        return isinstance(value, list | dict) and any(same(one, argument) for one in value)

    return test


def _compare(compare: Callable[[float, float], bool]) -> Callable[[Any], Callable[[Any], bool]]:
    def operator(argument: Any) -> Callable[[Any], bool]:
        limit = float(argument)

        def test(value: Any) -> bool:
            number = _number(value)
            return number is not None and compare(number, limit)

        return test

    return operator


_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: _number(value) is not None,
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "mapping": lambda value: isinstance(value, dict),
}


def _type(argument: str) -> Callable[[Any], bool]:
    return _TYPES[argument]


def _version(argument: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and within(value, argument) is True


def _any_of(argument: dict[str, Any]) -> Callable[[Any], bool]:
    test = test_for(argument)
    return lambda value: isinstance(value, list | dict) and any(test(one) is True for one in value)


def _all_of(argument: dict[str, Any]) -> Callable[[Any], bool]:
    test = test_for(argument)
    return lambda value: isinstance(value, list | dict) and all(test(one) is True for one in value)


_POSITIVE: dict[str, Callable[[Any], Callable[[Any], bool]]] = {
    "is": _is,
    "in": _in,
    "matches": _matches,
    "contains": _contains,
    "lt": _compare(lambda a, b: a < b),
    "le": _compare(lambda a, b: a <= b),
    "gt": _compare(lambda a, b: a > b),
    "ge": _compare(lambda a, b: a >= b),
    "type": _type,
    "version": _version,
    "any_of": _any_of,
    "all_of": _all_of,
}
_NEGATIVE = {"not": "is", "not_in": "in", "not_matches": "matches", "not_contains": "contains", "not_type": "type"}
TYPES = tuple(_TYPES)
OPERATORS = (*_POSITIVE, *_NEGATIVE, "present", "absent", "known")
REFERENCES = ("same_as", "differs_from")


def operator(name: str, argument: Any) -> Test:
    """One operator as a test. Positive ones are false, negated ones true, for what is absent; both are unknown for an
    unknown value. `present` means there and not null."""
    if name in ("present", "absent"):
        return _presence(argument if name == "present" else not argument)
    if name == "known":
        return lambda value: isinstance(value, Unknown) is not argument
    negative = name in _NEGATIVE
    test = _POSITIVE[_NEGATIVE.get(name, name)](argument)

    # A test is false for what is absent or unknown, so that most values are decided by it alone.
    def decide(value: Value) -> bool | None:
        if test(value):
            return not negative
        return None if type(value) is Unknown else negative

    return decide


def _presence(wanted: bool) -> Test:
    def decide(value: Value) -> bool | None:
        if value is None or value is ABSENT:
            return not wanted
        if type(value) is Unknown:
            return None if value.there is None else value.there is wanted
        return wanted

    return decide


def test_for(operators: dict[str, Any]) -> Test:
    """Several operators on one value: all must hold."""
    tests = [operator(name, argument) for name, argument in operators.items()]
    if len(tests) == 1:
        return tests[0]

    def decide(value: Value) -> bool | None:
        verdicts = [test(value) for test in tests]
        return False if False in verdicts else None if None in verdicts else True

    return decide


def holds_for(operators: dict[str, Any]) -> Test:
    """As `test_for` for who asks only whether all hold: True for the same values, but what is unknown may be False."""
    if len(operators) == 1:
        ((name, argument),) = operators.items()
        return _POSITIVE[name](argument) if name in _POSITIVE else operator(name, argument)
    tests = [holds_for({name: argument}) for name, argument in operators.items()]

    def holds(value: Value) -> bool:
        for test in tests:  # noqa: SIM110 - half the price of all()
            if not test(value):
                return False
        return True

    return holds
