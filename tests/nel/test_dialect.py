"""Which program a YAML file is for, and which files of a directory are NEL's."""

from __future__ import annotations

import pytest

from advisor.document.parse import parse_document
from advisor.nel.dialect import CORE, LAUNCHER, NEXT, OTHER, dialect_of, is_nel_config

NEXT_FILE = "services: {m: {type: api}}\nbenchmarks: [{name: gsm8k}]\n"


@pytest.mark.parametrize(
    ("text", "dialect", "found"),
    [
        ("defaults: [{execution: local}]\n", LAUNCHER, True),
        ("defaults: [{override execution: local}]\n", LAUNCHER, True),
        ("defaults: [deployment/vllm]\n", LAUNCHER, True),
        ("evaluation: {tasks: []}\n", LAUNCHER, True),
        ("execution: {type: local, output_dir: x}\n", LAUNCHER, True),
        ("execution: {}\n", LAUNCHER, False),
        ("deployment: {replicas: 3}\n", LAUNCHER, False),
        ("evaluation: {metric: f1}\n", LAUNCHER, False),
        (NEXT_FILE, NEXT, True),
        ("benchmarks: [{name: gsm8k}]\n", NEXT, True),
        ("services: {web: {image: nginx}}\n", OTHER, False),
        (NEXT_FILE + "evaluation: {tasks: []}\n", LAUNCHER, True),
        ("config: {type: mmlu}\ntarget: {api_endpoint: {}}\n", CORE, False),
        ("defaults: [a, b]\n", OTHER, False),
        ("name: x\n", OTHER, False),
        ("- execution: local\n", OTHER, False),
        ("", OTHER, False),
        ("just text\n", OTHER, False),
        ("defaults:\n  - execution: local\n  - deployment: none\n\texecution: 1\n", LAUNCHER, True),
        ("name: x\n\tother: 1\n", OTHER, False),
    ],
)
def test_dialects_are_told_by_content(text: str, dialect: str, found: bool) -> None:
    document = parse_document("x.yaml", text)
    assert (dialect_of(document), is_nel_config(document)) == (dialect, found)
