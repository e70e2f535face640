"""Values with their interpolations resolved; what the files do not tell is unknown."""

from __future__ import annotations

import pytest

from advisor.document.parse import parse_document
from advisor.nel.compose import compose
from advisor.nel.values import ABSENT, Unknown, Values

CONFIG = """\
defaults: [{execution: local}, {deployment: vllm}, _self_]
deployment: {served_model_name: m, hf_model_handle: org/m, port: 9000}
a: {b: 1, l: [x, {c: y}], n: null, t: true}
d: ${a}
"""


def values(text: str) -> Values:
    return Values(compose(parse_document("x.yaml", text), lambda name: None))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("${a.b}", 1),
        ("x${a.b}y", "x1y"),
        ("${a.t}", True),
        ("${a.n}", None),
        ("${a.l.0}${a.l[1].c}", "xy"),
        ("${a.l}", ["x", {"c": "y"}]),
        ("\\${a.b}", "${a.b}"),
        ("${deployment.port}", 9000),
        ("${select_not_null:deployment.hf_model_handle,/checkpoint}", "org/m"),
        ("${select_not_null:deployment.nope,/checkpoint}", "/checkpoint"),
    ],
)
def test_a_text_is_resolved(text: str, value: object) -> None:
    assert values(CONFIG).text(text) == value


@pytest.mark.parametrize(
    "text", ["???", "${oc.env:HOME}", "${now:%Y}", "${k}", "x ${a}", "${d.b}", "${a.${a.b}}", "${.a}"]
)
def test_what_only_the_run_tells_is_unknown(text: str) -> None:
    assert isinstance(values(CONFIG + f"k: '{text}'\n").text(text), Unknown)


def test_the_command_of_a_group_is_resolved_in_full() -> None:
    command = values(CONFIG).at(("deployment", "command"))
    assert isinstance(command, str)
    assert command.startswith("vllm serve org/m --tensor-parallel-size=8")
    assert "--port 9000" in command


def test_absent_and_unknown_are_told_apart() -> None:
    assert values(CONFIG).at(("nope",)) is ABSENT
    assert values(CONFIG).key(("a", "nope")) is ABSENT
    hidden = values("defaults: [{execution: internal/site}]\n").at(("execution", "x"))
    assert isinstance(hidden, Unknown)
    assert hidden.there is None


def test_interpolations_that_double_end() -> None:
    lines = ["k0: xxxxxxxxxx", *(f"k{n}: '{f'${{k{n - 1}}}' * 10}'" for n in range(1, 12))]
    assert isinstance(values("\n".join(lines)).at(("k11",)), Unknown)
