"""What an engine's version knows, and what cannot be said."""

from __future__ import annotations

import pytest

from advisor.knowledge import table
from advisor.nel.engine import engine_version
from advisor.nel.versions import version_key


@pytest.mark.parametrize(
    ("engine", "version", "written", "status", "flag"),
    [
        ("vllm", "0.13.0", "--max-model-len", "known", "--max-model-len"),
        ("vllm", "0.13.0", "--max_model_len", "known", "--max-model-len"),
        ("vllm", "0.13.0", "-tp", "known", "--tensor-parallel-size"),
        ("vllm", "0.13.0", "--no-enable-prefix-caching", "known", "--enable-prefix-caching"),
        ("vllm", "0.13.0", "--disable-log-request", "known", "--disable-log-requests"),
        ("vllm", "0.33.0", "--disable-log-requests", "known", "--enable-log-requests"),
        ("vllm", "0.20.2", "--disable-log-requests", "removed", "--disable-log-requests"),
        ("vllm", "0.13.0", "--rope-scaling", "removed", "--rope-scaling"),
        ("vllm", "0.13.0", "--moe-backend", "not-yet", "--moe-backend"),
        ("vllm", "0.13.0", "--max-model-lenn", "unknown", None),
        ("vllm", "0.13.0", "--max", "ambiguous", None),
        ("vllm", "0.8.5.post1", "--no-trust-remote-code", "not-yet", "--trust-remote-code"),
        # Between two sampled versions: only what both say.
        ("vllm", "0.15.1", "--max-model-len", "known", "--max-model-len"),
        ("vllm", "0.15.1", "--rope-scaling", "removed", "--rope-scaling"),
        ("vllm", "0.15.1", "--typo", "unknown", None),
        ("vllm", "0.11.1", "--rope-scaling", "unchecked", "--rope-scaling"),
        ("vllm", "0.13.1", "--default-chat-template-kwargs", "unchecked", "--default-chat-template-kwargs"),
        # Outside of what was read.
        ("vllm", "0.34.0", "--max-model-len", "unchecked", "--max-model-len"),
        ("vllm", "0.34.0", "--typo", "unchecked", None),
        ("vllm", "0.6.0", "--max-model-len", "unchecked", "--max-model-len"),
        ("vllm", None, "--rope-scaling", "unchecked", "--rope-scaling"),
        ("vllm", "25.09-py3", "--rope-scaling", "unchecked", "--rope-scaling"),
        ("trtllm", "1.0.0", "--tp_size", "unchecked", None),
        (None, None, "--x", "unchecked", None),
        # SGLang's parser is plain argparse: an underscore is another letter.
        ("sglang", "0.5.9", "--tp-size", "known", "--tp-size"),
        ("sglang", "0.5.9", "--tp", "known", "--tp-size"),
        ("sglang", "0.5.9", "--tensor-parallel-size", "known", "--tp-size"),
        ("sglang", "0.5.9", "--tp_size", "unknown", None),
        ("sglang", "0.5.9", "--enable-ep-moe", "removed", "--enable-ep-moe"),
        ("sglang", "0.5.9", "--help", "known", "--help"),
    ],
)
def test_flag(engine: str | None, version: str | None, written: str, status: str, flag: str | None) -> None:
    answer = engine_version(engine, version).flag(written)
    assert (answer.status, answer.flag) == (status, flag)
    assert bool(answer.reason) is (status == "unchecked")


def test_removed_flag_says_when_and_what_instead() -> None:
    answer = engine_version("vllm", "0.13.0").flag("--rope-scaling")
    assert answer.last == "0.11.0"
    assert answer.replaced is not None
    assert "--hf-overrides" in answer.replaced
    assert answer.evidence


def test_deprecated_flag() -> None:
    answer = engine_version("sglang", "0.5.23").flag("--disable-cuda-graph")
    assert (answer.status, answer.deprecated) == ("known", True)
    assert answer.replaced


@pytest.mark.parametrize(
    ("engine", "version", "flag", "value", "status"),
    [
        ("vllm", "0.13.0", "--quantization", "modelopt", "known"),
        ("vllm", "0.13.0", "--quantization", "modelopt_fp8", "unknown"),
        ("vllm", "0.8.5.post1", "--quantization", "modelopt_fp4", "not-yet"),
        ("vllm", "0.13.0", "--quantization", "neuron_quant", "removed"),
        ("vllm", None, "--quantization", "modelopt", "unchecked"),
        ("vllm", "0.13.0", "--quantization", "None", "unchecked"),
        ("vllm", "0.19.1", "--kv-cache-dtype", "nvfp4", "not-yet"),
        ("vllm", "0.20.2", "--kv-cache-dtype", "nvfp4", "known"),
        ("vllm", "0.20.0", "--kv-cache-dtype", "nvfp4", "unchecked"),
        ("sglang", "0.5.9", "--kv-cache-dtype", "fp8", "unknown"),
        ("sglang", "0.5.9", "--kv-cache-dtype", "fp8_e4m3", "known"),
        ("sglang", "0.5.9", "--reasoning-parser", "auto", "not-yet"),
        ("sglang", "0.5.12.post1", "--reasoning-parser", "auto", "known"),
        ("vllm", "0.9.2", "--reasoning-parser", "qwen3", "known"),
        ("vllm", "0.13.0", "--tool-call-parser", "hermes", "known"),
        ("vllm", "0.13.0", "--dtype", "bfloat16", "unchecked"),
        ("trtllm", "1.0.0", "--quantization", "fp8", "unchecked"),
    ],
)
def test_value(engine: str, version: str | None, flag: str, value: str, status: str) -> None:
    assert engine_version(engine, version).value(flag, value).status == status


@pytest.mark.parametrize(
    ("version", "name", "status", "replaced"),
    [
        ("0.13.0", "VLLM_ATTENTION_BACKEND", "known", None),
        ("0.17.0", "VLLM_ATTENTION_BACKEND", "removed", "--attention-backend"),
        ("0.24.0", "VLLM_USE_FLASHINFER_MOE_FP4", "removed", "--moe-backend"),
        ("0.13.0", "VLLM_NO_SUCH_THING", "unknown", None),
        ("0.13.0", "HF_TOKEN", "unchecked", None),
        (None, "VLLM_ATTENTION_BACKEND", "unchecked", None),
    ],
)
def test_variable(version: str | None, name: str, status: str, replaced: str | None) -> None:
    answer = engine_version("vllm", version).variable(name)
    assert (answer.status, answer.replaced) == (status, replaced)


def test_nearest() -> None:
    vllm, sglang = engine_version("vllm", "0.13.0"), engine_version("sglang", "0.5.9")
    assert vllm.nearest_flag("--max-model-lenn") == "--max-model-len"
    assert sglang.nearest_flag("--tp_size") == "--tp-size"
    assert vllm.nearest_flag("--entirely-else") is None
    assert vllm.nearest_value("--tool-call-parser", "qwen3-coder") == "qwen3_coder"
    assert vllm.nearest_variable("VLLM_ATENTION_BACKEND") == "VLLM_ATTENTION_BACKEND"
    assert engine_version("trtllm", None).nearest_flag("--tp") is None


@pytest.mark.parametrize("name", ["vllm", "sglang"])
def test_table_is_whole(name: str) -> None:
    """Versions ascend, every range names sampled versions in their order, no spelling means two flags at once."""
    data = table(name)
    keys = [version_key(version) for version in data["versions"]]
    assert None not in keys
    assert keys == sorted(keys, key=lambda key: key or ())
    index = {version: n for n, version in enumerate(data["versions"])}
    ranges = [*data["environment"].values()]
    spellings: dict[tuple[str, int], str] = {}
    for flag, record in data["flags"].items():
        assert record.get("nargs", 1) in (0, 1, "?", "*", "+", None)
        for written in (flag, *record.get("aliases", ()), *record.get("no", ())):
            spelling, _, own = written.partition(" ")
            if (
                spelling == flag
                and written == flag
                and any(one.startswith(flag + " ") for one in record.get("aliases", ()))
            ):
                continue
            ranges.append(own or record["in"])
            for version in versions_of(own or record["in"], index):
                assert spellings.setdefault((spelling, version), flag) == flag
    for values in (*data["values"].values(), *data["deprecated_values"].values()):
        ranges += values.values()
    for text in ranges:
        found = versions_of(text, index)
        assert found
        assert found == sorted(set(found))


def versions_of(text: str, index: dict[str, int]) -> list[int]:
    out: list[int] = []
    for part in text.split():
        first, _, last = part.partition("..")
        out += range(index[first], (index[last] if last else len(index) - 1) + 1)
    return out
