from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Literal, Optional

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError, create_model

from advisor.nel.field_types import type_problem

TABLE = json.loads((Path(__file__).parents[2] / "rules/knowledge/schema.json").read_text())
PYTHON: dict[str, Any] = {"any": Any, "bool": bool, "int": int, "float": float, "str": str, "int|float": int | float}


def _annotation(field_type: str) -> Any:
    """The annotation that a type of the table stands for."""
    if field_type.endswith("?"):
        return Optional[_annotation(field_type[:-1])]  # noqa: UP045 (built at run time)
    name, _, inner = field_type.partition("[")
    inner = inner.removesuffix("]")
    if name == "list":
        return list[_annotation(inner)]  # type: ignore[misc]
    if name == "dict":
        key, _, value = inner.partition(",")
        return dict[_annotation(key), _annotation(value)]  # type: ignore[misc]
    if name == "literal":
        return Literal[tuple(inner.split(","))]
    return PYTHON[field_type]


def _types_in_table() -> list[str]:
    found: set[str] = set()
    for version in TABLE["versions"].values():
        adapter = version["adapter"]
        for record in [
            *version["sections"].values(),
            *adapter["interceptors"].values(),
            *adapter["post_eval_hooks"].values(),
        ]:
            keys = record.get("keys", {})
            if isinstance(keys, dict):
                found.update(keys.values())
    return sorted(found)


TYPES = _types_in_table()


@cache
def _model(field_type: str) -> type[BaseModel]:
    return create_model("Model", field=(_annotation(field_type), ...))


def _pydantic_takes(field_type: str, value: Any) -> bool:
    try:
        _model(field_type)(field=value)
    except ValidationError:
        return False
    return True


TEXTS = [
    "", " ", "true", "TRUE", "True", "yes", "Yes", "on", "y", "t", "1", "0", "off", "n", " true", "true ", "maybe", "2",
    "1.0", "8", " 8 ", "+8", "-8", "08", "8.0", "8.00", "8.", ".0", "8.5", "1e4", "1_000", "1__0", "_1", "1_", "1_0.0",
    "0x10", "0.6", ".5", "5.", "1e-3", "1E5", "inf", "-inf", "Infinity", "nan", "NaN", "1_000.5", "1_0e1_0", "many",
    "٣", "+-1", "json", "csv", "JSON", "per_task", "chat", "Chat", "vlm", "html", "${x}",
]  # fmt: skip
NUMBERS = [0, 1, 2, -1, 10**30, 0.0, 1.0, 1.5, -0.0, 8.0, 1e4, 1e22, float("nan"), float("inf"), -float("inf")]
LISTS: list[Any] = [[], ["a"], [1], ["1"], [None], [[]], ["html"]]
MAPS: list[Any] = [{}, {"a": "b"}, {"a": 1}, {"a": None}, {"a": {}}, {"a": {"b": "c"}}, {"a": {"b": 1}}]
VALUES: list[Any] = [None, True, False, *NUMBERS, *TEXTS, *LISTS, *MAPS]


@pytest.mark.parametrize("field_type", TYPES)
def test_every_type_of_the_table_takes_what_pydantic_takes(field_type: str) -> None:
    ours = {repr(value): type_problem(value, field_type) is None for value in VALUES}
    theirs = {repr(value): _pydantic_takes(field_type, value) for value in VALUES}
    assert ours == theirs


numberlike = st.text(alphabet="0123456789_.+-eE infatyrue", max_size=9)
# Left out: control characters, which YAML has not, and pydantic's own slip of taking "0-4" and "0__6" for integers.
words = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=5)
texts = (numberlike | words).filter(lambda text: not re.match(r"\s*[+-]?0[0_]*[-+_]", text))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
trees = st.recursive(
    scalars, lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3)
)


@given(st.sampled_from(TYPES), trees)
@example("int?", "1_000.0")
@example("float?", "1_e5")
def test_any_value_is_judged_as_pydantic_does(field_type: str, value: Any) -> None:
    assert (type_problem(value, field_type) is None) == _pydantic_takes(field_type, value)


@pytest.mark.parametrize(
    ("value", "field_type", "phrase"),
    [
        ("sk-secret", "int?", "takes a whole number, not text"),
        (1.5, "int", "takes a whole number"),
        (5, "str", "takes text (put it in quotes), not a number"),
        (None, "bool", "takes true or false, not null"),
        ({"a": 1}, "dict[str,str]", "its a takes text (put it in quotes), not a number"),
        (["a", 2], "list[str]", "item 1 takes text (put it in quotes), not a number"),
        ("a", "dict[str,any]?", "takes a mapping, not text"),
        ("xml", "literal[json,csv]", "takes one of json, csv"),
    ],
)
def test_the_phrase_names_kinds_and_never_the_value(value: Any, field_type: str, phrase: str) -> None:
    assert type_problem(value, field_type) == phrase
