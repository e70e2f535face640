"""Which keys are unknown, and which of those somebody reads after all."""

from __future__ import annotations

import pytest

from advisor.document.parse import parse_document
from advisor.nel.context import Context
from advisor.subjects.launcher import launcher_world

HEAD = "defaults: [{execution: slurm/default}, {deployment: vllm}, _self_]\n"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("hydra: {}\nuser_config_path: x\n", []),
        ("a: 1\nb: ${a}\n", ["b"]),
        ("a: {c: 1}\nb: ${oc.select:a.c,2}\n", ["b"]),
        ("a: {c: 1, d: '${.c}'}\n", []),
        ("a: &x {t: 1}\ntarget: {api_endpoint: *x}\n", []),
        ("x-a: 1\n_b: 1\n.c: 1\n", []),
        ("execution: {mode: parallel}\n", []),
        ("execution: {speed: 1}\n", ["speed"]),
        ("execution: {num_nodes_per_instance: 1, env_vars: {}}\n", []),
        ("deployment: {multiple_instances: true}\n", []),
        ("execution: {mounts: {home: {}}}\n", ["home"]),
        ("evaluation: {overrides: {}, config: {}, task: []}\n", ["task"]),
        ("evaluation: {tasks: [{name: a, x: 1}, {name: b, y: 1}, c]}\n", ["x", "y"]),
        ("evaluation: ${other}\nother: {x: 1}\n", []),
    ],
)
def test_unknown_keys(text: str, keys: list[str]) -> None:
    world = launcher_world(parse_document("eval.yaml", HEAD + text), Context(), lambda name: None)
    assert [subject.get("name") for subject in world.of("key")] == keys
