"""Model families: which one a name is of, how sure that is, and that the table is whole."""

from __future__ import annotations

import re

import pytest

from advisor.knowledge import table
from advisor.nel.families import FLAGS, family_of, owners_of, parser_of

FIELDS = {
    "family", "match", "types", "trace", "prefilled", "thinks", "toggle", "separates", "vllm", "sglang", "thinking",
    "plain", "greedy", "context", "unverified", "sources",
}  # fmt: skip
# What only a plugin brings.
PLUGINS = {"nemotron_json"}
FAMILIES = table("families")["families"]


@pytest.mark.parametrize(
    ("name", "family", "is_named"),
    [
        ("Qwen/Qwen3-8B", "Qwen3", True),
        ("/lustre/models/Qwen3-32B/", "Qwen3", True),
        ("nvidia/Qwen3-30B-A3B-NVFP4", "Qwen3", True),
        ("/hf/hub/models--Qwen--Qwen3-8B/snapshots/0123abc", "Qwen3", True),
        ("Qwen3-0.6B-GPTQ-Int8", "Qwen3", True),
        ("Qwen3-8B-medical-sft", "Qwen3", False),
        ("distilled-from-qwen3-8b", "Qwen3", False),
        ("/lustre/Qwen3-8B/export-nvfp4", "Qwen3", False),
        ("Qwen/Qwen3-4B-Thinking-2507-FP8", "Qwen3 Thinking-2507 and Qwen3-Next Thinking", True),
        ("qwen3-next-80b-a3b-instruct", "Qwen3 Instruct-2507 and Qwen3-Next Instruct", True),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "Qwen3-Coder", True),
        ("qwen/qwen3.5-397b-a17b", "Qwen3.5 and Qwen3.6", True),
        ("deepseek-ai/DeepSeek-R1-0528", "DeepSeek R1", True),
        ("nvidia/DeepSeek-R1-0528-NVFP4-v2", "DeepSeek R1", True),
        ("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", "DeepSeek R1 distills", True),
        ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "DeepSeek R1 distills", True),
        ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-NVFP4", "Nemotron 3 Nano", True),
        ("nvidia/llama-3.3-nemotron-super-49b-v1", "Llama-Nemotron v1", True),
        ("nvidia/Llama-3_3-Nemotron-Super-49B-v1_5", "Llama-Nemotron Super v1.5", True),
        ("zai-org/GLM-4.5-Air-FP8", "GLM-4.5", True),
        ("/models/GLM-5.1-FP8", "GLM-5", True),
        ("openai/gpt-oss-120b", "gpt-oss", True),
        ("MiniMaxAI/MiniMax-M2.1", "MiniMax M2", True),
    ],
)
def test_a_name_is_of_a_family(name: str, family: str, is_named: bool) -> None:
    found = family_of([name])
    assert found is not None
    assert (found.name, found.is_named) == (family, is_named)


@pytest.mark.parametrize(
    "name",
    [
        "", "meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen3-30B-A3B-Base", "Qwen3-8B-base", "Qwen/Qwen3-Embedding-8B",
        "Qwen/Qwen3-VL-8B-Thinking", "nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-Base",
        "nvidia/NVIDIA-Nemotron-Nano-12B-v2-VL-BF16", "nvidia/Llama-3.1-Nemotron-70B-Instruct-HF",
        "nvidia/Llama-3.1-Nemotron-Nano-VL-8B-V1", "zai-org/GLM-4.5V", "zai-org/GLM-5.3", "DeepSeek-R1-Zero",
        "deepseek-ai/DeepSeek-V3", "DeepSeek-V3.2-Speciale", "DeepSeek-V4.1", "gpt-oss-safeguard-20b",
        "Qwen/QwQ-32B-Preview", "openai/gpt-4o", "mistralai/Magistral-Small-2506",
    ],
)  # fmt: skip
def test_other_names_are_of_none(name: str) -> None:
    assert family_of([name]) is None


def test_the_first_name_that_is_of_a_family_counts() -> None:
    found = family_of(["our-model", "Qwen/QwQ-32B", "Qwen/Qwen3-8B"])
    assert found is not None
    assert found.name == "QwQ"


@pytest.mark.parametrize(
    ("model_type", "is_told"), [("qwen3", True), ("qwen3_moe", True), ("llama", False), (None, True)]
)
def test_config_json_may_contradict_the_name(model_type: str | None, is_told: bool) -> None:
    assert (family_of(["Qwen/Qwen3-8B"], model_type) is not None) is is_told


@pytest.mark.parametrize("record", FAMILIES, ids=lambda record: record["family"])
def test_an_entry_of_the_table_is_whole(record: dict[str, object]) -> None:
    assert not record.keys() - FIELDS
    assert record["sources"]
    re.compile(str(record["match"]))
    for engine in ("vllm", "sglang"):
        known = table(engine)["values"]
        of_engine = record.get(engine, {})
        assert isinstance(of_engine, dict)
        for flag, kind in FLAGS.items():
            assert set(of_engine.get(kind, ())) <= known[flag].keys() | PLUGINS
    for field in record.get("unverified", ()):  # type: ignore[attr-defined]
        name, _, part = field.partition(".")
        assert field == "*" or (name in record and (not part or part in record[name])), f"{field} is not there"


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
def test_the_parsers_are_the_engines_own(engine: str) -> None:
    known = table(engine)
    traces = {record.get("trace") for record in FAMILIES}
    for name, record in table("families")["parsers"][engine].items():
        assert name in known["values"]["--reasoning-parser"]
        assert record["trace"] in traces or not owners_of(engine, "reasoning", name), name
        assert {record[key] for key in ("swallows", "needs_start") if key in record} <= set(known["versions"])


@pytest.mark.parametrize(
    ("parser", "version", "swallows", "needs_start"),
    [
        ("deepseek_r1", "0.8.5.post1", True, False),
        ("qwen3", "0.16.0", False, True),
        ("qwen3", "0.18.1", True, False),
        ("qwen3", "0.17.1", False, False),  # between the versions that were read: neither is said
        ("qwen3", None, False, False),
        ("kimi_k2", "0.19.1", False, False),
    ],
)
def test_what_a_parser_does_depends_on_the_version(
    parser: str, version: str | None, swallows: bool, needs_start: bool
) -> None:
    found = parser_of("vllm", parser)
    assert found is not None
    assert (found.swallows(version), found.needs_start(version)) == (swallows, needs_start)
