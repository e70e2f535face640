"""Exclusion patterns, against fnmatch itself and against expressions made to take for ever."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.checkpoint.patterns import exclusion_matcher, safe_expression, spellings

_NAME = st.text("ab.01", min_size=1, max_size=8)
_GLOB = st.text("ab.01*?", min_size=1, max_size=6)


@given(_NAME, st.lists(_GLOB, max_size=6))
@example("ab", ["a*", "aa*"])
def test_globs_match_as_fnmatch_does(name: str, patterns: list[str]) -> None:
    matcher = exclusion_matcher("modelopt", tuple(patterns))
    assert matcher.matches(name) == any(fnmatchcase(name, pattern) for pattern in patterns)


@pytest.mark.parametrize(
    ("method", "pattern", "name", "matches"),
    [
        ("modelopt", "lm_head", "lm_head", True),
        ("modelopt", "lm_head", "model.lm_head", False),
        ("compressed-tensors", "re:.*lm_head", "model.lm_head", True),
        ("compressed-tensors", "lm_*", "lm_head", False),
        ("compressed-tensors", "re:.*mlp.gate$", "model.layers.0.mlp.gate", True),
        ("compressed-tensors", "re:.*mlp.gate$", "model.layers.0.mlp.gate_proj", False),
        ("awq", "mlp.gate", "model.layers.0.mlp.gate_proj", True),
        ("fp8", "model.layers.0", "model.layers.0.mlp.up_proj", True),
        ("fp8", "model.layers.1", "model.layers.10.mlp.up_proj", False),
        ("mxfp4", "model.layers.*.self_attn", "model.layers.3.self_attn.q_proj", True),
        ("gptq", "re:.*shared.*", "model.layers.0.mlp.shared_expert.up_proj", True),
    ],
)
def test_each_method_reads_its_patterns_its_way(method: str, pattern: str, name: str, matches: bool) -> None:
    assert exclusion_matcher(method, (pattern,)).matches(name) is matches


@pytest.mark.parametrize(
    ("expression", "safe"),
    [
        (r".*\.layers\.\d+\.mlp\..*", True),
        (r"^(?!.*lm_head).*$", True),
        (r"model\.layers\.(0|1|2)\..*_proj", True),
        (r"(a+)+$", False),
        (r"(?:a|a)*$", False),
        (r"(.*)\1", False),
        (r".*.*.*.*.*.*x", False),
        (r"(a{1,}){2}", False),
        (r"[", False),
        ("a" * 600, False),
        ("(" * 400, False),
    ],
)
def test_expressions_that_could_take_for_ever_are_refused(expression: str, safe: bool) -> None:
    assert (safe_expression(expression) is not None) is safe


def test_spellings_of_a_text_model_inside_a_larger_one() -> None:
    assert "model.language_model.layers.0" in spellings("language_model.model.layers.0")
    assert "language_model.model.layers.0" in spellings("model.language_model.layers.0")
    assert spellings("model.layers.0") == ("model.layers.0",)
