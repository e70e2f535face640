"""What nel-next's models refuse. Each was compared with the models themselves when it was written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.document.parse import parse_document
from advisor.knowledge import table
from advisor.nel.field_types import type_problem
from advisor.nel.next_compose import compose_next
from advisor.nel.next_schema import mistakes, shown_section

SERVICE = (
    "services: {m: {type: vllm, model: x, protocol: chat_completions%s}}\n"
    "benchmarks: [{name: gsm8k, solver: {type: oracle}}]\n"
)
WHOLE = SERVICE % "" + "%s"


def found(text: str) -> list[tuple[str, str]]:
    composition, _ = compose_next(parse_document("eval.yaml", text), lambda name: None)
    return [(one.kind, one.key) for one in mistakes(composition.tree)]


@pytest.mark.parametrize(
    "text",
    [
        SERVICE % "",
        SERVICE % ", port: '8000', startup_timeout: 60, extra_env: {A: '1'}, gpus: [0, 1]",
        SERVICE % ", port: '${PORT}', num_nodes: '${N:-2}', image: null, generation: {temperature: '0.5'}",
        WHOLE % "cluster: {type: docker}\noutput: {dir: '${DIR}', export: []}\n_anything: {at: all}\n",
        "services: {}\nbenchmarks: [{playbook: swebench_verified}, {playbook: mine}]\n",
        "services: {}\nbenchmarks: [{name: x, solver: {type: oracle}, sandbox: some, params: {any: thing}}]\n",
    ],
)
def test_what_is_taken(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{}\n", [("missing", "services"), ("missing", "benchmarks")]),
        (SERVICE % ", prot: 1", [("unknown-key", "prot")]),
        (SERVICE % ", port: a", [("bad-type", "port")]),
        (SERVICE % ", port: 8000.5", [("bad-type", "port")]),
        (SERVICE % ", extra_args: '${ARGS}'", [("bad-type", "extra_args")]),
        (SERVICE % ", extra_args: ['--a', 1]", [("bad-type", "1")]),
        (SERVICE % ", extra_env: {A: 1, B: yes, C: b}", [("bad-type", "A"), ("bad-type", "B")]),
        (SERVICE % ", extra_env: {A: 2024-01-02}", [("bad-type", "A")]),
        (
            SERVICE % ", generation: {temperature: 2.5, max_tokens: 0}",
            [("out-of-range", "temperature"), ("out-of-range", "max_tokens")],
        ),
        (SERVICE % ", generation: 3", [("bad-type", "generation")]),
        (SERVICE % ", num_nodes: null", [("bad-type", "num_nodes")]),
        ("services: {m: {protocol: x}}\nbenchmarks: []\n", [("no-type", "type"), ("out-of-range", "benchmarks")]),
        ("services: [m]\nbenchmarks: {}\n", [("bad-type", "services"), ("bad-type", "benchmarks")]),
        (WHOLE % "cluster: {type: slurm}\n", [("missing", "node_pools")]),
        (WHOLE % "cluster: {type: lepton}\n", [("unknown-type", "lepton")]),
        (WHOLE % "cluster: slurm\n", [("bad-type", "cluster")]),
        (WHOLE % "sandboxes: {s: {type: docker, cpu: 1}}\n", [("unknown-key", "cpu")]),
        (WHOLE % "output: {dir: 3}\n", [("bad-type", "dir")]),
    ],
)
def test_what_is_refused(text: str, wanted: list[tuple[str, str]]) -> None:
    assert found(text) == wanted


@pytest.mark.parametrize(
    ("key", "section", "meant"),
    [
        ("tensor_paralel_size", ", tensor_paralel_size: 2", "tensor_parallel_size"),
        ("checkpoint_path", ", checkpoint_path: /x", "model"),
        ("max_new_tokens", ", generation: {max_new_tokens: 5}", "max_tokens"),
        ("zzz", ", zzz: 5", None),
    ],
)
def test_what_was_meant(key: str, section: str, meant: str | None) -> None:
    composition, _ = compose_next(parse_document("eval.yaml", SERVICE % section), lambda name: None)
    (one,) = mistakes(composition.tree)
    assert (one.key, one.meant) == (key, meant)


def test_every_type_in_the_table_is_known() -> None:
    data = table("next")
    for name, record in data["sections"].items():
        assert shown_section(name)
        for field_type in record["keys"].values():
            base = field_type.removesuffix("?")
            inner = base.removeprefix("list[").removeprefix("dict[str,").rstrip("]")
            if inner.startswith("@"):
                assert inner[1:] in data["sections"] or inner[1:] in data["unions"], field_type
            else:
                type_problem(None, field_type)
    for union, types in data["unions"].items():
        assert all(f"{union}.{one}" in data["sections"] for one in types)


LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-5, 70000), st.floats(allow_nan=False), st.text(max_size=8))
NAMES = [
    *("services", "benchmarks", "cluster", "output", "type", "vllm"),
    *("solver", "sandbox", "scoring", "metrics", "node_pools", "proxy"),
]
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.dictionaries(st.sampled_from(["services", "benchmarks", "cluster", "output", "sandboxes", "defaults"]), TREES)
)
def test_nothing_makes_it_stop(data: dict[str, Any]) -> None:
    import yaml

    from advisor.nel.context import Context
    from advisor.subjects.next_world import next_world

    document = parse_document("eval.yaml", yaml.safe_dump(data))
    world = next_world(document, Context(), lambda name: None)
    for subject in world.subjects:
        for name in list(subject.attributes):
            subject.get(name)
