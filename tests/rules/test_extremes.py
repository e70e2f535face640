"""No value of a config ends the advice: every example of a rule, with one of its values replaced by an extreme one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.advise import advise_document
from advisor.document.nodes import Mapping, Node, Path, Scalar, Sequence
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.engine.bundle import load_rules
from advisor.nel.context import Context
from advisor.report.json import advice_json
from advisor.report.style import Style
from advisor.report.text import advice_text
from tests.rules.test_examples import cases

DIGITS = "9" * 5_000
NUMBERS = (
    DIGITS, f"-{DIGITS}", "9" * 4_200, f"0x{'f' * 5_000}", ":".join(["1", *["59"] * 3_000]), "1e999999", "-1e308",
    ".nan", ".inf", "-.inf", "0", "-1", "2020-01-01",
)  # fmt: skip
SHAPES = (
    "''",
    "' '",
    "null",
    "true",
    "???",
    "[]",
    "{}",
    "{a: {b: [c]}}",
    "[[]]",
    "[null]",
    "{a: null}",
    "{'': ''}",
    "[{}]",
)
WORDS = (
    f"'{DIGITS}'", f"'{'9' * 4_200}'", f"'{DIGITS}:{DIGITS}'", f"'gpu:{DIGITS}'",
    f"'--max-model-len {DIGITS} -x={DIGITS}'", f"'vllm/vllm-openai:v{DIGITS}.{DIGITS}'", f"'http://[{DIGITS}'",
    "'http://h:99999999/'", "'${'", "'${a.b}'", "'}'",
    '"\\0"', '"\\ud800"', '"\\U0010ffff"', "'~'", "'/'", "'.'", "'..'", f"'/{'a/' * 5_000}'", "!!binary aGk=", "'$('",
    "\"'\"", "'host:'", "'lit:'", "'runtime:'", "<x>", "'%'", "'{'", "'{0}'", "'{name}'", "'\\'",
)  # fmt: skip
EXTREMES = (*NUMBERS, *SHAPES, *WORDS)
TEXTS = sorted({case.example.bad for case in cases() if "{checkpoint:" not in case.example.bad})


@pytest.fixture(scope="module")
def base() -> RuleBase:
    return RuleBase(load_rules())


def scalars(node: Node, path: Path = ()) -> list[tuple[Path, Node]]:
    """Each value in the text, small and large."""
    found: list[tuple[Path, Node]] = [(path, node)]
    if isinstance(node, Mapping):
        for name, entry in node.entries.items():
            found += scalars(entry.value, (*path, name))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            found += scalars(item.value, (*path, index))
    return [(path, node) for path, node in found if isinstance(node, Scalar) or getattr(node, "flow", False)]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_extreme_value_ends_nothing(base: RuleBase, data: Any) -> None:
    text = data.draw(st.sampled_from(TEXTS))
    document = parse_document("eval.yaml", text)
    if document.root is None:
        return
    places = [node.span for _, node in scalars(document.root) if node.span.end > node.span.start]
    if not places:
        return
    span = data.draw(st.sampled_from(places))
    changed = text[: span.start] + data.draw(st.sampled_from(EXTREMES)) + text[span.end :]
    context = Context(walltime_limit="04:00:00", partitions=("batch",), gpu="h100", gpu_count=8)
    advice = advise_document(parse_document("eval.yaml", changed), base, context)
    assert " object at 0x" not in json.dumps(advice_json(advice)), "a message shows something of the program's own"
    assert advice_text(advice, Style(False, 100)) or not (advice.findings or advice.unchecked)


@pytest.mark.parametrize("name", ["temperature", "top_p", "max_new_tokens", "parallelism", "request_timeout"])
@pytest.mark.parametrize("value", ["9" * 400, "-" + "9" * 400, "1e999", ".nan"])
def test_absurd_parameters_of_a_known_model_end_nothing(base: RuleBase, name: str, value: str) -> None:
    """Integers that are too large to be compared with what its vendor asks for."""
    text = (
        "defaults: [{execution: local}, {deployment: vllm}, _self_]\n"
        "execution: {output_dir: /out}\n"
        "deployment: {hf_model_handle: Qwen/Qwen3-30B-A3B, checkpoint_path: null, served_model_name: q}\n"
        "evaluation:\n"
        f"  nemo_evaluator_config: {{config: {{params: {{{name}: {value}}}}}}}\n"
        "  tasks: [{name: ns_gpqa}]\n"
    )
    advice = advise_document(parse_document("eval.yaml", text), base, Context())
    assert advice.kind == "launcher"
    assert advice_json(advice)["findings"]
