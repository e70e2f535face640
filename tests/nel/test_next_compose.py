"""Composition as nel-next does it, and what becomes of its `${...}`."""

from __future__ import annotations

import pytest

from advisor.document.parse import parse_document
from advisor.nel.next_compose import compose_next
from advisor.nel.next_values import NextValues, expansions
from advisor.nel.values import ABSENT, Unknown


def composed(text: str, **files: str) -> object:
    siblings = {name.replace("__", "/"): parse_document(name, content) for name, content in files.items()}
    composition, _ = compose_next(parse_document("eval.yaml", text), lambda name: siblings.get(name))
    return composition.tree.plain()


@pytest.mark.parametrize(
    ("text", "files", "wanted"),
    [
        ("a: 1\na: 2\n", {}, {"a": 2}),
        ("defaults: null\na: null\n", {}, {"a": None}),
        (
            "defaults: [_base_: base]\na: {c: 3}\nl: [9]\n",
            {"base": "a: {b: 1, c: 2}\nl: [1, 2]\n"},
            {"a": {"b": 1, "c": 3}, "l": [9]},
        ),
        ("defaults: [_self_, _base_: base]\na: 1\n", {"base": "a: 2\n"}, {"a": 2}),
        ("defaults: [_base_: base]\na: null\nl: [null]\n", {"base": "a: {b: 1}\n"}, {"l": [None]}),
        ("defaults: [clusters/x]\n", {"conf__clusters__x": "type: slurm\n"}, {"cluster": {"type": "slurm"}}),
        ("defaults: [services/m]\n", {"conf__services__m": "m: {type: api}\n"}, {"services": {"m": {"type": "api"}}}),
        ("defaults: [common]\nb: 1\n", {"conf__common": "a: 1\n"}, {"a": 1, "b": 1}),
        ("defaults: [clusters/local]\n", {}, {"cluster": {"type": "local"}}),
        (
            "defaults: [_base_: sub/b]\n",
            {"sub__b": "defaults: [_base_: c]\nx: 1\n", "sub__c": "y: 2\n"},
            {"y": 2, "x": 1},
        ),
        ("defaults: [_base_: a]\nx: 1\n", {"a": "defaults: [_base_: a]\ny: 1\n"}, {"y": 1, "x": 1}),
        ("n: 1e5\nf: 1.0e+5\ns: 12:30:00\nd: 0x1f\n", {}, {"n": "1e5", "f": 1.0e5, "s": 45000, "d": 31}),
    ],
)
def test_composition(text: str, files: dict[str, str], wanted: object) -> None:
    assert composed(text, **files) == wanted


def test_a_playbook_lies_below_what_is_written() -> None:
    tree = composed(
        "benchmarks: [{playbook: terminal_bench_2_1, sandbox: {concurrency: 3}}, {playbook: ./mine.yaml}]\n"
    )
    assert isinstance(tree, dict)
    first, second = tree["benchmarks"]
    assert first["solver"] == {"type": "harbor", "service": "model", "agent": "terminus-2"}
    assert (first["sandbox"]["type"], first["sandbox"]["concurrency"]) == ("ecs_fargate", 3)
    assert second == {"playbook": "./mine.yaml"}


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("defaults: [execution: local]\n", [("", False)]),
        ("defaults: {a: b}\n", [("", False)]),
        (
            "defaults: [clusters/gone, _base_: gone, ../outside]\n",
            [("clusters/gone", True), ("gone", True), ("../outside", True)],
        ),
    ],
)
def test_entries_that_cannot_be_followed(text: str, problems: list[tuple[str, bool]]) -> None:
    composition, found = compose_next(parse_document("eval.yaml", text), lambda name: None)
    assert [(one.shown, one.is_legal) for one in found] == problems
    assert composition.is_open(("services",)) is any(is_legal for _, is_legal in problems)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("plain", "plain"),
        ("???", "???"),
        ("${.services.m.port}", "8000"),
        ("${._v.name}-x", "n-x"),
        ("${._v.gone}", "${._v.gone}"),
        ("${._v}", "{'name': 'n'}"),
        ("$${HOME}/x", "${HOME}/x"),
        ("${oc.env:USER}", "${oc.env:USER}"),
        ("${services.m.port}", "${services.m.port}"),
        ("${USER}", Unknown),
        ("a ${USER:-b} c", Unknown),
        ("${._v.env}", Unknown),
    ],
)
def test_values(value: str, wanted: object) -> None:
    text = f"services: {{m: {{port: 8000}}}}\n_v: {{name: n, env: '${{X}}'}}\nit: '{value}'\n"
    if value == "${._v}":
        text = text.replace(", env: '${X}'", "")
    composition, _ = compose_next(parse_document("eval.yaml", text), lambda name: None)
    found = NextValues(composition).at(("it",))
    assert isinstance(found, Unknown) if wanted is Unknown else found == wanted
    assert NextValues(composition).at(("gone",)) is ABSENT


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("${A} ${A:-} ${A:-b}", ["variable", "variable", "variable"]),
        ("$${A} ${.a.b} ${a.b} ${", ["deferred", "reference", "literal"]),
        ("$A {A} $(A)", []),
    ],
)
def test_expansions(text: str, kinds: list[str]) -> None:
    found = list(expansions(text))
    assert [one.kind for one in found] == kinds
    assert all(text[one.start : one.end] == one.text for one in found)
