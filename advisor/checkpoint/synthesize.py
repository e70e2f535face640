"""Writes safetensors files whose data is a hole in the file, and a tiny NVFP4 checkpoint made of them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from advisor.checkpoint.safetensors import BITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TensorMap = dict[str, tuple[str, tuple[int, ...]]]

HIDDEN, INTERMEDIATE, VOCABULARY = 256, 512, 1024
_DEMO_TEMPLATE = (
    "{%- set thinking = enable_thinking if enable_thinking is defined else true %}"
    "{%- for message in messages %}<|{{ message.role }}|>{{ message.content }}{% endfor %}"
    "{%- if add_generation_prompt %}<|assistant|>{% if thinking %}<think>{% endif %}{% endif %}"
)


def write_safetensors(path: Path, tensors: Mapping[str, tuple[str, tuple[int, ...]]]) -> None:
    """A valid file of zeros that takes no room on disk: dtype and shape by name, data in the order given."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (dtype, shape) in tensors.items():
        begin, end = end, end + (math.prod(shape) * BITS[dtype] + 7) // 8
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    data = json.dumps(header, separators=(",", ":")).encode()
    data += b" " * (-len(data) % 8)
    with path.open("wb") as file:
        file.write(len(data).to_bytes(8, "little") + data)
        file.truncate(8 + len(data) + end)


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def nvfp4_linear(name: str, rows: int, columns: int) -> TensorMap:
    """A linear module as ModelOpt exports NVFP4: two weights a byte, one FP8 scale for 16 of them."""
    return {
        f"{name}.weight": ("U8", (rows, columns // 2)),
        f"{name}.weight_scale": ("F8_E4M3", (rows, columns // 16)),
        f"{name}.weight_scale_2": ("F32", ()),
        f"{name}.input_scale": ("F32", ()),
    }


def write_demo_checkpoint(directory: Path) -> None:
    """A whole NVFP4 checkpoint of two layers, as ModelOpt 0.47 lays it out. `directory` must not exist yet."""
    directory.mkdir(parents=True)
    tensors: TensorMap = {"model.embed_tokens.weight": ("BF16", (VOCABULARY, HIDDEN))}
    for layer in range(2):
        prefix = f"model.layers.{layer}"
        for part in ("q_proj", "k_proj", "v_proj", "o_proj"):
            tensors |= nvfp4_linear(f"{prefix}.self_attn.{part}", HIDDEN, HIDDEN)
        for part in ("gate_proj", "up_proj"):
            tensors |= nvfp4_linear(f"{prefix}.mlp.{part}", INTERMEDIATE, HIDDEN)
        tensors |= nvfp4_linear(f"{prefix}.mlp.down_proj", HIDDEN, INTERMEDIATE)
        tensors[f"{prefix}.input_layernorm.weight"] = ("BF16", (HIDDEN,))
    tensors["model.norm.weight"] = ("BF16", (HIDDEN,))
    tensors["lm_head.weight"] = ("BF16", (VOCABULARY, HIDDEN))
    write_safetensors(directory / "model.safetensors", tensors)
    producer = {"name": "modelopt", "version": "0.47.0"}
    nested = {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8", "group_size": 16, "exclude_modules": ["lm_head"]}
    write_json(directory / "hf_quant_config.json", {"producer": producer, "quantization": nested})
    write_json(directory / "generation_config.json", {"do_sample": True, "temperature": 0.6, "top_p": 0.95})
    write_json(directory / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "</s>"})
    write_json(directory / "tokenizer.json", {"version": "1.0", "model": {"type": "BPE", "vocab": {}, "merges": []}})
    (directory / "chat_template.jinja").write_text(_DEMO_TEMPLATE, encoding="utf-8")
    write_json(directory / "config.json", {**_demo_config(), "quantization_config": _demo_flat(producer)})


def _demo_config() -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "num_hidden_layers": 2,
        "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE,
        "num_attention_heads": 8,
        "num_key_value_heads": 8,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": 32768,
        "torch_dtype": "bfloat16",
    }


def _demo_flat(producer: dict[str, str]) -> dict[str, Any]:
    fp4 = {"dynamic": False, "num_bits": 4, "type": "float", "group_size": 16}
    return {
        "config_groups": {"group_0": {"input_activations": fp4, "weights": fp4, "targets": ["Linear"]}},
        "ignore": ["lm_head"],
        "quant_algo": "NVFP4",
        "kv_cache_scheme": {"dynamic": False, "num_bits": 8, "type": "float"},
        "producer": producer,
        "quant_method": "modelopt",
    }
