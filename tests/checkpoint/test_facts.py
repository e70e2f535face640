"""Derived facts: context, parallelism, templates, the card, sampling, and drift from the source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.checkpoint.card import serve_commands
from advisor.checkpoint.config import ModelConfig, parse_model_config
from advisor.checkpoint.files import CheckpointFiles
from advisor.checkpoint.modules import kind_of, split_name
from advisor.checkpoint.parallelism import kv_bytes_per_token, smallest_tensor_parallel, tensor_parallel_faults
from advisor.checkpoint.quantization import Quantization
from advisor.checkpoint.quantization_forms import parse_config
from advisor.checkpoint.read import read_checkpoint
from advisor.checkpoint.source import compare_with_source, recorded_source
from advisor.checkpoint.template import read_template

from . import make

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def config(**fields: Any) -> ModelConfig:
    return parse_model_config(fields, CheckpointFiles(""))


@pytest.mark.parametrize(
    ("fields", "length"),
    [
        ({}, None),
        ({"max_position_embeddings": 4096}, 4096),
        ({"max_position_embeddings": 4096, "seq_length": 2048}, 2048),
        ({"text_config": {"max_position_embeddings": 8192}, "max_position_embeddings": 1}, 8192),
        ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 4.0}}, 16384),
        ({"max_position_embeddings": 163840,
          "rope_scaling": {"type": "yarn", "factor": 40, "original_max_position_embeddings": 4096}}, 163840),
        ({"max_position_embeddings": 32768,
          "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}},
         131072),
        ({"max_position_embeddings": 131072, "rope_scaling": {"rope_type": "llama3", "factor": 8.0}}, 131072),
        ({"max_position_embeddings": 131072, "original_max_position_embeddings": 4096,
          "rope_scaling": {"type": "longrope"}}, 131072),
        ({"max_position_embeddings": 131072, "model_type": "gemma3_text",
          "rope_scaling": {"rope_type": "linear", "factor": 8.0}}, 131072),
        ({"max_position_embeddings": 4096, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}, 4096),
        ({"max_position_embeddings": 4096,
          "rope_parameters": {"full_attention": {"rope_type": "linear", "factor": 2.0},
                              "sliding_attention": {"rope_type": "default"}}}, 8192),
        ({"max_position_embeddings": float("nan")}, None),
        ({"max_position_embeddings": True}, None),
    ],
)  # fmt: skip
def test_context_length(fields: dict[str, Any], length: int | None) -> None:
    assert config(**fields).context_length == length


@pytest.mark.parametrize(
    ("reference", "file", "repository"),
    [
        ("modeling_x.XForCausalLM", "modeling_x.py", None),
        ("org/repo--modeling_x.XForCausalLM", "modeling_x.py", "org/repo"),
    ],
)
def test_custom_code(reference: str, file: str, repository: str | None) -> None:
    code = config(auto_map={"AutoModelForCausalLM": reference}).custom_code
    assert [(c.file, c.repository) for c in code] == [(file, repository)]


def test_custom_code_that_is_not_there(tmp_path: Path) -> None:
    make.plain(tmp_path)
    make.edit_json(tmp_path / "config.json", lambda d: d.update(auto_map={"AutoConfig": "configuration_x.XConfig"}))
    assert read_checkpoint(tmp_path).missing_code == ("configuration_x.py",)
    (tmp_path / "configuration_x.py").touch()
    assert read_checkpoint(tmp_path).missing_code == ()


_MODEL = {
    "num_attention_heads": 32, "num_key_value_heads": 8, "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 32,
}  # fmt: skip
_NVFP4 = {"quant_method": "modelopt", "quant_algo": "NVFP4", "ignore": ["lm_head"]}
_BLOCK = {"quant_method": "fp8", "weight_block_size": [128, 128]}


@pytest.mark.parametrize(
    ("fields", "quantization", "tp", "faults"),
    [
        ({}, None, 8, set()),
        ({}, None, 1, set()),
        ({}, None, 3, {("heads", "attention"), ("kv-heads-replicated", "attention")}),
        ({}, None, 16, {("kv-heads-replicated", "attention")}),
        ({}, _NVFP4, 8, set()),
        ({"intermediate_size": 14344}, _NVFP4, 8, {("group", "mlp")}),
        ({"intermediate_size": 14344}, _NVFP4 | {"ignore": ["*mlp*"]}, 8, set()),
        ({"intermediate_size": 14336}, _BLOCK, 8, set()),
        ({"intermediate_size": 14336}, _BLOCK, 32, {("block", "mlp"), ("kv-heads-replicated", "attention")}),
        ({"num_experts": 128, "moe_intermediate_size": 768}, _BLOCK, 2, set()),
        ({"num_experts": 128, "moe_intermediate_size": 768}, _BLOCK, 8, {("block", "experts")}),
        ({}, None, 0, set()),
    ],
)
def test_tensor_parallel_faults(
    fields: dict[str, Any], quantization: dict[str, Any] | None, tp: int, faults: set[tuple[str, str]]
) -> None:
    parsed = parse_config({"quantization_config": quantization}) if quantization else None
    found = tensor_parallel_faults(config(**_MODEL | fields), parsed, tp)
    assert {(fault.kind, fault.part) for fault in found} == faults


@pytest.mark.parametrize(
    ("gigabytes", "gpu_gb", "smallest"),
    [(16, 80, 1), (140, 80, 4), (140, 192, 1), (1300, 80, 32), (13000, 80, None), (0, 2, None)],
)
def test_smallest_tensor_parallel(gigabytes: int, gpu_gb: int, smallest: int | None) -> None:
    assert smallest_tensor_parallel(gigabytes * 10**9, config(**_MODEL), None, gpu_gb * 10**9) == smallest


@given(st.integers(1, 512), st.integers(1, 64), st.integers(1, 128))
def test_smallest_tensor_parallel_fits_and_divides(heads: int, gigabytes: int, gpu_gb: int) -> None:
    model = config(**_MODEL | {"num_attention_heads": heads, "num_key_value_heads": heads})
    found = smallest_tensor_parallel(gigabytes << 30, model, None, gpu_gb << 30)
    if found is not None:
        assert heads % found == 0
        assert (gigabytes << 30) / found < gpu_gb << 30


@pytest.mark.parametrize(
    ("fields", "kv_cache", "width"),
    [
        ({}, None, 2 * 32 * 8 * 128 * 2),
        ({}, "FP8", 2 * 32 * 8 * 128),
        ({"kv_lora_rank": 512, "qk_rope_head_dim": 64}, None, 32 * 576 * 2),
        ({"layer_types": ["full_attention"]}, None, None),
        ({"num_attention_heads": None}, None, 2 * 32 * 8 * 128 * 2),
    ],
)
def test_kv_bytes_per_token(fields: dict[str, Any], kv_cache: str | None, width: int | None) -> None:
    found = kv_bytes_per_token(config(**_MODEL | {"head_dim": 128} | fields), kv_cache)
    assert found == width


@pytest.mark.parametrize(
    ("text", "variables", "toggles"),
    [
        ("{{ messages[0].content }}{{ bos_token }}", (), ()),
        ("{% if enable_thinking is defined and enable_thinking is false %}x{% endif %}", ("enable_thinking",),
         ("enable_thinking",)),
        ("{% set thinking = thinking | default(true) %}{{ thinking }}", ("thinking",), ("thinking",)),
        ("{% if not thinking is defined %}{% set thinking = false %}{% endif %}{{ thinking }}", ("thinking",),
         ("thinking",)),
        ("{% set enable_thinking = true %}{{ enable_thinking }}", (), ()),
        ("{# enable_thinking #}enable_thinking {{ 'enable_thinking' }}", (), ()),
        ("{% for m in messages %}{% if loop.last %}{% set x = m %}{{ x }}{% endif %}{% endfor %}", (), ()),
        ("{% for m in messages %}{% set x = 1 %}{% endfor %}{{ x }}", ("x",), ()),
        ("{% if a %}{% set x = 1 %}{% endif %}{{ x }}", ("a", "x"), ()),
        ("{% if a %}{% set x = 1 %}{% else %}{% set x = 2 %}{% endif %}{{ x }}", ("a",), ()),
        ("{% macro f(a, b=budget) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(1) }}", ("budget", "c"), ()),
        ("{% set ns = namespace(a=1) %}{% set ns.a = effort %}{{ ns.a }}", ("effort",), ()),
        ("{% for m in messages %}{% if not m %}{% continue %}{% endif %}{% generation %}{{ m }}{% endgeneration %}"
         "{% endfor %}", (), ()),
        ("{{ reasoning_effort | upper | no_such_filter }}", ("reasoning_effort",), ("reasoning_effort",)),
        ("{% with a = low_effort %}{{ a }}{% endwith %}", ("low_effort",), ("low_effort",)),
        ("{% set t %}{{ thinking_budget }}{% endset %}{{ t }}", ("thinking_budget",), ("thinking_budget",)),
        ("{% for k, v in tools.items() if v != limit %}{{ k }}{% else %}{{ k }}{% endfor %}", ("k", "limit"), ()),
    ],
)  # fmt: skip
def test_what_a_template_reads(text: str, variables: tuple[str, ...], toggles: tuple[str, ...]) -> None:
    facts = read_template(text)
    assert facts.error is None
    assert (facts.variables, facts.toggles) == (variables, toggles)


@pytest.mark.parametrize("text", ["{% if %}", "{% for %}{{", "{{ " + "(" * 50_000, "{% nope %}", "x" * 2_000_000])
def test_template_that_cannot_be_read(text: str) -> None:
    assert read_template(text).error


def test_template_markers() -> None:
    facts = read_template("{% if '/no_think' in messages[0].content %}<think>{% endif %}{{ tools }}")
    assert facts.markers == ("/no_think", "<think>")
    assert facts.reads_tools


@pytest.mark.parametrize(
    ("files", "source", "default"),
    [
        ({"chat_template.jinja": "J", "tokenizer_config.json": '{"chat_template": "T"}'}, "chat_template.jinja", "J"),
        ({"tokenizer_config.json": '{"chat_template": "T"}'}, "tokenizer_config.json", "T"),
        ({"tokenizer_config.json": '{"chat_template": [{"name": "default", "template": "D"},'
                                   '{"name": "tool_use", "template": "U"}]}'}, "tokenizer_config.json", "D"),
        ({"tokenizer_config.json": "{}"}, None, None),
    ],
)  # fmt: skip
def test_chat_template_places(files: dict[str, str], source: str | None, default: str | None, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    tokenizer = read_checkpoint(tmp_path).tokenizer
    assert (tokenizer.template_file, tokenizer.chat_template) == (source, default)


CARD = """---
base_model: nvidia/Base-8B
license: other
date: 2026-13-45
---
# Model
vllm serve not/in-a-fence --port 1
```bash
# comment
$ VLLM_USE_FLASHINFER_MOE_FP4=1 vllm serve org/model \\
    --tensor-parallel-size 8 --trust-remote-code \\
    --reasoning-parser=qwen3   # a comment
python3 -m sglang.launch_server --model-path org/model --reasoning-parser qwen3 --tp 4
python -m vllm.entrypoints.openai.api_server --model org/two --max-num-seqs -1
trtllm-serve org/model --backend pytorch
echo vllm serve "unclosed
```
"""


def test_model_card(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(CARD)
    checkpoint = read_checkpoint(tmp_path)
    card = checkpoint.card
    assert card is not None
    assert [p for p in checkpoint.problems if p.file == "README.md"] == []
    assert card.base_models == ("nvidia/Base-8B",)
    assert [(c.engine, c.model) for c in card.commands] == [
        ("vllm", "org/model"), ("sglang", "org/model"), ("vllm", "org/two"), ("trtllm", "org/model"),
    ]  # fmt: skip
    first = card.commands[0]
    assert first.flags == (
        ("--tensor-parallel-size", "8"), ("--trust-remote-code", None), ("--reasoning-parser", "qwen3"),
    )  # fmt: skip
    assert first.environment == (("VLLM_USE_FLASHINFER_MOE_FP4", "1"),)
    assert CARD.split("\n")[first.line - 1].startswith("$ VLLM_USE")
    assert card.documented("sglang", "--reasoning-parser") == ("qwen3",)
    assert card.commands[2].flag("--max-num-seqs") == "-1"
    assert recorded_source(checkpoint) == "nvidia/Base-8B"


@given(st.text("`~\\\n vlmsere-$'\"x/", max_size=200))
def test_any_markdown_is_read(text: str) -> None:
    assert all(command.line >= 1 for command in serve_commands(text))


def test_sampling(tmp_path: Path) -> None:
    make.plain(tmp_path)
    sampling = read_checkpoint(tmp_path).sampling
    assert sampling is not None
    assert (sampling.do_sample, sampling.temperature, sampling.top_p) == (True, 0.6, None)


@pytest.mark.parametrize(
    ("change", "drift"),
    [
        (lambda d: None, set()),
        (lambda d: make.edit_json(d / "config.json", lambda c: c.update(max_position_embeddings=4096)),
         {("config.json", "max_position_embeddings")}),
        (lambda d: make.edit_json(d / "generation_config.json", lambda c: c.update(temperature=1.0)),
         {("generation_config.json", "temperature")}),
        (lambda d: make.edit_json(d / "generation_config.json", lambda c: c.update(transformers_version="9")), set()),
        (lambda d: (d / "generation_config.json").unlink(), {("generation_config.json", "")}),
        (lambda d: (d / "chat_template.jinja").write_text("other"), {("chat template", "chat_template.jinja")}),
        (lambda d: make.edit_json(d / "tokenizer_config.json", lambda c: c.update(eos_token="<end>")),
         {("tokenizer_config.json", "eos_token")}),
        (lambda d: (d / "tokenizer.json").write_text("{}"), {("tokenizer.json", "content")}),
    ],
)  # fmt: skip
def test_drift_from_the_source(change: Callable[[Path], None], drift: set[tuple[str, str]], tmp_path: Path) -> None:
    make.plain(tmp_path / "source")
    make.modelopt(tmp_path / "export")
    change(tmp_path / "export")
    comparison = compare_with_source(read_checkpoint(tmp_path / "export"), read_checkpoint(tmp_path / "source"))
    assert {(d.file, d.field) for d in comparison.drift} == drift
    assert comparison.size_ratio is not None
    assert 0.25 < comparison.size_ratio < 0.7


@pytest.mark.parametrize(
    ("algo", "bits"), [("NVFP4", 4.5), ("FP8", 8.0), ("MXFP8", 8.25), ("mxfp4", 4.25), ("W4A16_AWQ", 4.13)]
)
def test_bits_per_weight_of_quantized_modules(algo: str, bits: float, tmp_path: Path) -> None:
    tensors = make.STYLES[algo]("model.layers.0.mlp.up_proj", 4096, 4096)
    make.write(tmp_path, tensors, make.config_of("dense", make.flat(algo)), shards=1)
    assert read_checkpoint(tmp_path).bits_per_weight == pytest.approx(bits, abs=0.02)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("model.layers.0.self_attn.q_proj", "attention_q"),
        ("model.layers.0.self_attn.kv_a_proj_with_mqa", "attention_kv"),
        ("model.layers.0.mlp.gate", "router"),
        ("model.layers.0.mlp.gate_proj", "mlp_gate"),
        ("model.layers.3.mlp.shared_experts.up_proj", "shared_experts"),
        ("model.layers.3.mlp.shared_expert_gate", "router"),
        ("model.layers.0.block_sparse_moe.experts.7.w1", "experts"),
        ("backbone.layers.0.mixer.in_proj", "mamba"),
        ("backbone.layers.0.mixer.q_proj", "attention_q"),
        ("backbone.layers.1.mixer.experts.3.up_proj", "experts"),
        ("backbone.layers.1.mixer.shared_experts.up_proj", "shared_experts"),
        ("model.layers.0.linear_attn.in_proj_qkvz", "linear_attention"),
        ("model.visual.blocks.0.mlp.up_proj", "vision"),
        ("vision_model.encoder.layers.99.self_attn.q_proj", "vision"),
        ("mlp1.1", "projector"),
        ("model.layers.0.feed_forward.w1", "mlp_gate"),
        ("transformer.h.0.mlp.fc1", "mlp_up"),
        ("model.layers.61.self_attn.o_proj", "mtp"),
        ("mtp.fc", "mtp"),
        ("transformer.wte", "embedding"),
        ("lm_head", "lm_head"),
        ("model.layers.0.input_layernorm", "norm"),
    ],
)
def test_module_kinds(name: str, kind: str) -> None:
    assert kind_of(name, 61) == kind


@pytest.mark.parametrize(
    ("name", "dimensions", "owner", "role"),
    [
        ("a.q_proj.weight", 2, "a.q_proj", "weight"),
        ("a.q_proj.weight_scale_inv", 2, "a.q_proj", "scale"),
        ("a.experts.gate_up_proj", 3, "a.experts.gate_up_proj", "weight"),
        ("a.experts.gate_up_proj_weight_scale_2", 1, "a.experts.gate_up_proj", "scale_2"),
        ("a.experts.down_proj_blocks", 4, "a.experts.down_proj", "packed"),
        ("a.q_proj.weight.quant_state.bitsandbytes__nf4", 1, "a.q_proj", "absmax"),
        ("a.A_log", 1, "", ""),
    ],
)
def test_tensor_names(name: str, dimensions: int, owner: str, role: str) -> None:
    assert split_name(name, dimensions) == (owner, role)


@pytest.mark.parametrize(
    ("written", "algo"), [("FP8_PB_WO", "fp8_pb_wo"), ("nvfp4", "NVFP4"), ("NEW_ALGO", "NEW_ALGO"), ("new", "NEW")]
)
def test_algo_is_spelled_as_the_tables_do(written: str, algo: str) -> None:
    found = parse_config({"quantization_config": {"quant_method": "modelopt", "quant_algo": written}})
    assert isinstance(found, Quantization)
    assert found.algo == algo
