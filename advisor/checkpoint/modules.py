"""Tensors put together to the modules they belong to: which part of the model, which layer, packed how."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

ModuleKind = Literal[
    "attention_q", "attention_k", "attention_v", "attention_qkv", "attention_kv", "attention_o",
    "mlp_gate", "mlp_up", "mlp_gate_up", "mlp_down",
    "experts", "shared_experts", "router",
    "mamba", "linear_attention", "mtp",
    "lm_head", "embedding", "vision", "audio", "projector", "norm", "other",
]  # fmt: skip

# What a tensor is to its module, by the last part of its name. Scales of the KV cache are no scales of the weight.
_ROLES = {
    "weight": "weight",
    "weight_packed": "packed",
    "qweight": "packed",
    "weight_scale": "scale",
    "weight_scale_inv": "scale",
    "scales": "scale",
    "weight_scale_2": "scale_2",
    "weight_global_scale": "scale_2",
    "input_scale": "input_scale",
    "activation_scale": "input_scale",
    "input_global_scale": "input_scale",
    "pre_quant_scale": "pre_quant_scale",
    "SCB": "scale",
    "k_scale": "kv_scale",
    "v_scale": "kv_scale",
    **dict.fromkeys(
        (
            "bias", "weight_zero_point", "qzeros", "g_idx", "weight_g_idx", "weight_shape", "weight_format",
            "svdquant_lora_a", "svdquant_lora_b", "output_scale", "k_bias", "v_bias", "q_scale", "prob_output_scale",
        ),
        "other",
    ),
}  # fmt: skip
# Fused experts are parameters, not modules: `experts.gate_up_proj`, `experts.gate_up_proj_weight_scale`.
_FUSED = re.compile(
    r"(?P<stem>.+?)_(?:(?P<role>weight_scale_2|weight_scale_inv|weight_scale|input_scale|scale_inv|scales|blocks"
    r"|weight_packed|scale|bias))"
)
_FUSED_ROLES = {"blocks": "packed", "scale": "scale", "scale_inv": "scale"}

_DIGITS = re.compile(r"(?<=\.)\d+(?=\.|$)")
_LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks|block|layer)\.(\d+)(?:\.|$)")
_VISION = frozenset({"visual", "vision_tower", "vision_model", "vision_encoder", "vision", "vit", "image_encoder"})
_AUDIO = frozenset({"audio_tower", "audio_encoder", "audio_model", "audio", "sound_encoder"})
_PROJECTOR = frozenset({
    "multi_modal_projector", "mm_projector", "vision_projection", "mlp1", "embed_vision", "embed_audio", "connector",
    "aligner", "visual_projection", "sound_projection",
})  # fmt: skip
_LAST: dict[str, ModuleKind] = {
    **dict.fromkeys(("q_proj", "q_a_proj", "q_b_proj", "wq", "query", "wq_a", "wq_b"), "attention_q"),
    **dict.fromkeys(("k_proj", "wk", "key"), "attention_k"),
    **dict.fromkeys(("v_proj", "wv", "value"), "attention_v"),
    **dict.fromkeys(("qkv_proj", "query_key_value", "c_attn", "qkv", "Wqkv", "wqkv", "fused_qkv_a_proj_with_mqa"),
                    "attention_qkv"),
    **dict.fromkeys(("kv_a_proj_with_mqa", "kv_b_proj", "kv_proj", "wkv", "wkv_a", "wkv_b"), "attention_kv"),
    **dict.fromkeys(("o_proj", "wo"), "attention_o"),
    **dict.fromkeys(("gate_proj", "w1"), "mlp_gate"),
    **dict.fromkeys(("up_proj", "w3", "fc1", "dense_h_to_4h", "c_fc"), "mlp_up"),
    **dict.fromkeys(("gate_up_proj",), "mlp_gate_up"),
    **dict.fromkeys(("down_proj", "w2", "fc2", "dense_4h_to_h"), "mlp_down"),
    **dict.fromkeys(("lm_head", "embed_out"), "lm_head"),
    **dict.fromkeys(("embed_tokens", "wte", "wpe", "word_embeddings", "embeddings", "embedding", "tok_embeddings",
                     "position_embeddings", "pos_embed", "embed_in"), "embedding"),
    **dict.fromkeys(("router", "gate", "wg", "shared_expert_gate", "gate_network"), "router"),
}  # fmt: skip


@dataclass(slots=True)
class Module:
    """One weight with its companions. `roles` counts them by role; shapes and dtypes as on disk."""

    dtype: str = ""
    shape: tuple[int, ...] = ()
    scale_dtype: str = ""
    roles: set[str] = field(default_factory=set)

    @property
    def format(self) -> str:
        """What the tensors show: FP8, NVFP4, MXFP4, MXFP8, INT (bits not visible), INT4, INT8, BNB4, BF16 ..."""
        return _format(self.dtype, self.scale_dtype, frozenset(self.roles))

    @property
    def linear(self) -> bool:
        """True for what a matrix multiplication uses: two dimensions, or three where experts are stacked."""
        return len(self.shape) == 2 or (len(self.shape) >= 3 and self.dtype != "" and "stacked" in self.roles)


def group_modules(tensors: Iterable[tuple[str, str, tuple[int, ...], int]]) -> dict[str, Module]:
    """Modules by name. Tensors that are neither a weight nor beside one (A_log, dt_bias) belong to none."""
    modules: dict[str, Module] = {}
    for name, dtype, shape, _ in tensors:
        owner, role = split_name(name, len(shape))
        if not role:
            continue
        module = modules.get(owner)
        if module is None:
            module = modules[owner] = Module()
        if role == "weight" or role == "packed":
            module.dtype, module.shape = dtype, shape
            if len(shape) > 2 and "experts" in owner:
                module.roles.add("stacked")
        elif role == "scale":
            module.scale_dtype = dtype
        if role != "weight":
            module.roles.add(role)
    return {name: module for name, module in modules.items() if module.dtype}


def split_name(name: str, dimensions: int) -> tuple[str, str]:
    """The module a tensor belongs to and its role there; an empty role for a tensor of no module."""
    owner, _, last = name.rpartition(".")
    role = _ROLES.get(last)
    if role is not None:
        return owner, role
    if ".weight." in name:  # bitsandbytes: weight.absmax, weight.quant_state.bitsandbytes__nf4
        return name.partition(".weight.")[0], "absmax"
    if "experts" in owner:
        fused = _FUSED.fullmatch(last)
        if fused:
            role = _FUSED_ROLES.get(fused["role"]) or _ROLES[fused["role"]]
            return f"{owner}.{fused['stem']}", role
        if dimensions == 3:
            return name, "weight"
    return "", ""


def kind_of(name: str, layers: int | None) -> ModuleKind:
    """The part of the model that a module is. `layers`: those past it are multi-token prediction (DeepSeek)."""
    kind = _kind(_DIGITS.sub("0", name))
    if layers and kind not in ("vision", "audio") and (layer_of(name) or 0) >= layers:
        return "mtp"
    return kind


def layer_of(name: str) -> int | None:
    match = _LAYER.search(name)
    return int(match[1]) if match and len(match[1]) < 7 else None


@lru_cache(maxsize=16_384)
def _kind(name: str) -> ModuleKind:
    parts = name.split(".")
    last, present = parts[-1], set(parts)
    if present & _VISION:
        return "vision"
    if present & _AUDIO:
        return "audio"
    if present & _PROJECTOR:
        return "projector"
    if "mtp" in present:
        return "mtp"
    if "norm" in last or last.startswith("ln_"):
        return "norm"
    if last == "shared_expert_gate":
        return "router"
    if any(part.startswith("shared_expert") or part == "shared_mlp" for part in parts):
        return "shared_experts"
    if "experts" in present or "local_experts" in present:
        return "experts"
    if present & {"linear_attn", "delta_net"}:
        return "linear_attention"
    kind = _LAST.get(last)
    if kind is not None:
        return kind
    if last in ("in_proj", "out_proj", "x_proj", "dt_proj", "conv1d") and present & {"mixer", "mamba", "ssm"}:
        return "mamba"
    if last in ("dense", "out_proj", "c_proj") and present & {"self_attn", "attn", "attention", "self_attention"}:
        return "attention_o"
    if last == "c_proj":
        return "mlp_down"
    return "other"


@lru_cache(maxsize=1_024)
def _format(dtype: str, scale: str, roles: frozenset[str]) -> str:
    if dtype.startswith("F8"):
        return "MXFP8" if scale in ("U8", "F8_E8M0") else "FP8"
    if dtype in ("U8", "F4"):
        if scale == "F8_E4M3":
            return "NVFP4"
        if scale in ("U8", "F8_E8M0"):
            return "MXFP4"
        if "absmax" in roles:
            return "BNB4"
        return "INT4" if scale else dtype
    if dtype == "I8":
        return "INT8"
    if dtype == "I32" and "packed" in roles:
        return "INT"
    return dtype
