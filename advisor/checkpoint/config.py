"""config.json as facts: sizes of the text model, its context, experts and custom code."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from advisor.checkpoint.jsonfile import integer, mapping, number, string, strings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from advisor.checkpoint.files import CheckpointFiles

MAX_LAYERS = 1_000
_TEXT_PARTS = ("text_config", "llm_config", "language_config")
# vLLM's keys (model_arch_config / _get_and_verify_max_len); the smallest that is there counts.
_CONTEXT_KEYS = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "seq_length",
    "max_target_positions",
    "max_sequence_length",
    "max_seq_length",
    "seq_len",
)
_NOT_SCALED = frozenset({"su", "longrope", "llama3"})


@dataclass(frozen=True, slots=True)
class RopeScaling:
    """`type` as written; `original` is original_max_position_embeddings."""

    type: str
    factor: float | None = None
    original: int | None = None


@dataclass(frozen=True, slots=True)
class CustomCode:
    """One entry of auto_map: a Python file here, or in another repository."""

    file: str
    repository: str | None


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """None where config.json does not say. `context_length` in tokens, after rope scaling, as vLLM derives it."""

    architectures: tuple[str, ...] = ()
    model_type: str | None = None
    layers: int | None = None
    intermediate_size: int | None = None
    heads: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    kv_lora_rank: int | None = None
    qk_rope_head_dim: int | None = None
    experts: int | None = None
    experts_per_token: int | None = None
    moe_intermediate_size: int | None = None
    shared_expert_intermediate_size: int | None = None
    context_length: int | None = None
    context_key: str | None = None
    model_max_length: int | None = None
    rope: RopeScaling | None = None
    dtype: str | None = None
    vision: bool = False
    audio: bool = False
    custom_code: tuple[CustomCode, ...] = ()
    recorded_source: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    text: Mapping[str, Any] = field(default_factory=dict)

    @property
    def moe(self) -> bool:
        return (self.experts or 0) > 1


def parse_model_config(data: Mapping[str, Any], files: CheckpointFiles) -> ModelConfig:
    """config.json to facts; values that cannot be are reported and taken as unknown."""
    text = text_part(data)
    layers = _positive(files, text, "num_hidden_layers", "n_layer", "num_layers", "n_layers")
    if layers is not None and layers > MAX_LAYERS:
        files.report("implausible-value", "config.json", f"num_hidden_layers is {layers}")
    hidden = _positive(files, text, "hidden_size", "n_embd", "d_model")
    heads = _positive(files, text, "num_attention_heads", "n_head", "n_heads")
    kv_heads = _positive(files, text, "num_key_value_heads", "n_head_kv", "num_kv_heads", "multi_query_group_num")
    head_dim = _positive(files, text, "head_dim")
    rope = _rope(text)
    key, length = _written_context(text)
    scaled = _scaled_context(length, rope, string(text, "model_type") or "")
    moe_size = _positive(files, text, "moe_intermediate_size", "expert_ffn_hidden_size")
    experts = _positive(files, text, "num_experts", "moe_num_experts", "n_routed_experts", "num_local_experts")
    shared = _positive(files, text, "shared_expert_intermediate_size", "moe_shared_expert_intermediate_size")
    return ModelConfig(
        architectures=strings(data.get("architectures")),
        model_type=string(data, "model_type"),
        layers=layers,
        intermediate_size=_positive(files, text, "intermediate_size", "ffn_hidden_size", "n_inner"),
        heads=heads,
        kv_heads=kv_heads or heads,
        head_dim=head_dim or (hidden // heads if hidden and heads else None),
        kv_lora_rank=_positive(files, text, "kv_lora_rank"),
        qk_rope_head_dim=_positive(files, text, "qk_rope_head_dim"),
        experts=experts,
        experts_per_token=_positive(files, text, "num_experts_per_tok", "moe_topk", "num_experts_per_token"),
        moe_intermediate_size=moe_size or (integer(text, "intermediate_size") if experts else None),
        shared_expert_intermediate_size=shared or _shared_size(text, moe_size),
        context_length=scaled,
        context_key=key,
        model_max_length=integer(text, "model_max_length"),
        rope=rope,
        dtype=next((d for part in (data, text) for key in ("torch_dtype", "dtype") if (d := string(part, key))), None),
        vision=any(isinstance(data.get(part), dict) for part in ("vision_config", "visual", "vit_config"))
        or isinstance(mapping(data, "thinker_config").get("vision_config"), dict),
        audio=any(isinstance(data.get(part), dict) for part in ("audio_config", "sound_config")),
        custom_code=_custom_code(data),
        recorded_source=string(data, "_name_or_path"),
        raw=MappingProxyType(dict(data)),
        text=MappingProxyType(text),
    )


def text_part(data: Mapping[str, Any]) -> dict[str, Any]:
    """The config of the language model: a part of a multimodal one, else the whole."""
    for key in _TEXT_PARTS:
        part = mapping(data, key)
        if part:
            return part
    thinker = mapping(data, "thinker_config")
    return mapping(thinker, "text_config") or dict(data)


def _positive(files: CheckpointFiles, data: Mapping[str, Any], *keys: str) -> int | None:
    value = integer(data, *keys)
    if value is None:
        for key in keys:
            if isinstance(data.get(key), str):
                files.report("json-type", "config.json", f"{key} is a text, not a number")
        return None
    if value < 0 or value > 1 << 31:
        files.report("implausible-value", "config.json", f"{'/'.join(k for k in keys if k in data)} is {value!s:.40}")
        return None
    return value or None


def _written_context(text: Mapping[str, Any]) -> tuple[str | None, int | None]:
    found = [(value, key) for key in _CONTEXT_KEYS if (value := integer(text, key)) is not None and 0 < value < 1 << 40]
    if found:
        value, key = min(found)
        return key, value
    value_ = integer(text, "model_max_length")
    return ("model_max_length", value_) if value_ is not None and 0 < value_ < 1 << 40 else (None, None)


def _rope(text: Mapping[str, Any]) -> RopeScaling | None:
    """rope_scaling, or rope_parameters of transformers 5, where each kind of layer may have its own."""
    data = mapping(text, "rope_scaling") or mapping(text, "rope_parameters")
    parts = [part for part in data.values() if isinstance(part, dict)]
    candidates = parts if parts and "rope_type" not in data else [data]
    best: RopeScaling | None = None
    for part in candidates:
        type_ = string(part, "rope_type") or string(part, "type")
        if type_ is None:
            continue
        rope = RopeScaling(type_, number(part, "factor"), integer(part, "original_max_position_embeddings"))
        if best is None or (rope.factor or 1) > (best.factor or 1):
            best = rope
    return best


def _scaled_context(length: int | None, rope: RopeScaling | None, model_type: str) -> int | None:
    if length is None or rope is None or rope.type in _NOT_SCALED or "gemma3" in model_type:
        return length
    base = rope.original if rope.type == "yarn" and rope.original else length
    factor = rope.factor if rope.factor and 0 < rope.factor < 1e6 else 1.0
    return int(base * factor)


def _shared_size(text: Mapping[str, Any], moe_size: int | None) -> int | None:
    count = integer(text, "n_shared_experts", "num_shared_experts")
    return count * moe_size if count and moe_size and 0 < count < 1_000 else None


def _custom_code(data: Mapping[str, Any]) -> tuple[CustomCode, ...]:
    """auto_map: "module.Class", or "org/repository--module.Class", or a list of them (tokenizers)."""
    found: dict[CustomCode, None] = {}
    for value in mapping(data, "auto_map").values():
        for reference in strings(value):
            repository, _, target = reference.rpartition("--")
            module = target.rpartition(".")[0]
            if module:
                found[CustomCode(f"{module}.py", repository or None)] = None
    return tuple(found)
