"""Checkpoints by name, for tests and for the examples of rules: a kind of `make`, and what is wrong with it.

`modelopt-NVFP4-moe+experts-missed+kv-fp8` is that kind with two changes, in this order.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from advisor.checkpoint.synthesize import TensorMap, write_json, write_safetensors

from . import make

Change = Callable[[Path], None]


def build(name: str, directory: Path) -> Path:
    """Make the checkpoint of a name in a new directory below `directory`, and return its path."""
    kind, *changes = name.split("+")
    path = directory / name.replace("+", "-")
    if not path.exists():
        {one.name: one.make for one in make.KINDS}[kind](path)
        for change in changes:
            CHANGES[change](path)
    return path


PLACEHOLDER = re.compile(r"\{checkpoint:([\w.+-]+)\}")


def filled(text: str) -> str:
    """A text with the path of a checkpoint in place of each `{checkpoint:NAME}`."""
    return PLACEHOLDER.sub(lambda match: str(build(match[1], Path(_room().name))), text)


@cache
def _room() -> tempfile.TemporaryDirectory[str]:
    """Where checkpoints of examples lie until the process ends."""
    return tempfile.TemporaryDirectory(prefix="checkpoints-")


def _config(change: Callable[[dict[str, Any]], Any]) -> Change:
    def edit(data: dict[str, Any]) -> None:
        change(data.get("text_config", data))

    return lambda directory: make.edit_json(directory / "config.json", edit)


def _whole_config(change: Callable[[dict[str, Any]], Any]) -> Change:
    return lambda directory: make.edit_json(directory / "config.json", lambda data: change(data) and None)


def _declare(**fields: Any) -> Change:
    """Fields of the declaration in both metadata files."""

    def change(directory: Path) -> None:
        path, sidecar = directory / "config.json", directory / "hf_quant_config.json"
        flat = {
            {"exclude_modules": "ignore", "kv_cache_quant_algo": "kv_cache_scheme"}.get(k, k): v
            for k, v in fields.items()
        }
        make.edit_json(path, lambda data: data.get("quantization_config", {}).update(flat))
        if sidecar.exists():
            make.edit_json(sidecar, lambda data: data["quantization"].update(fields))

    return change


def _tensors(change: Callable[[str, str, tuple[int, ...]], TensorMap]) -> Change:
    """Rewrite every tensor of every shard, and the index with them."""

    def rewrite(directory: Path) -> None:
        weight_map: dict[str, str] = {}
        for shard in sorted(directory.glob("*.safetensors")):
            data = shard.read_bytes()
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            header.pop("__metadata__", None)
            found: TensorMap = {}
            for name, one in header.items():
                found |= change(name, one["dtype"], tuple(one["shape"]))
            write_safetensors(shard, found)
            weight_map |= dict.fromkeys(found, shard.name)
        if (directory / "model.safetensors.index.json").exists():
            write_json(directory / "model.safetensors.index.json", {"metadata": {}, "weight_map": weight_map})

    return rewrite


def _plain(part: str) -> Change:
    """Modules of a part as they were before: no scales, sixteen bit."""

    def change(name: str, dtype: str, shape: tuple[int, ...]) -> TensorMap:
        if part not in name or (name.endswith(".weight") and dtype == "BF16"):
            return {name: (dtype, shape)}
        if not name.endswith(".weight"):
            return {}
        return {name: ("BF16", (shape[0], shape[1] * (2 if dtype == "U8" else 1)))}

    return _tensors(change)


def _packed(part: str) -> Change:
    """Modules of a part quantized as NVFP4."""

    def change(name: str, dtype: str, shape: tuple[int, ...]) -> TensorMap:
        owner, _, last = name.rpartition(".")
        if part not in name or last != "weight" or dtype != "BF16":
            return {name: (dtype, shape)}
        return make.nvfp4_linear(owner, shape[0], shape[1])

    return _tensors(change)


def _both(*changes: Change) -> Change:
    def change(directory: Path) -> None:
        for one in changes:
            one(directory)

    return change


def _write(name: str, text: str) -> Change:
    return lambda directory: (directory / name).write_text(text, encoding="utf-8") and None


def _from_plain(directory: Path) -> None:
    """Made from the plain checkpoint beside it, as its metadata says."""
    source = build("bf16-dense", directory.parent)
    make.edit_json(directory / "config.json", lambda data: data.update(_name_or_path=str(source)))


def _age(directory: Path) -> None:
    """Nobody has written to it for long."""
    for path in directory.iterdir():
        os.utime(path, (1_600_000_000, 1_600_000_000), follow_symlinks=False)


_CARD = """---
base_model: example/model
---
Serve it:
```bash
VLLM_USE_FLASHINFER_MOE_FP4=1 vllm serve example/model --reasoning-parser qwen3 --tool-call-parser hermes
```
"""

_NAMED_CODE = {"AutoConfig": "modeling_x.XConfig"}

CHANGES: dict[str, Change] = {
    **{name: change for name, change, _ in make.BROKEN},
    **{name: change for name, change, _ in make.UNFINISHED},
    "no-declaration": _both(
        _whole_config(lambda data: data.pop("quantization_config", None)), make.delete("hf_quant_config.json")
    ),
    "files-disagree": lambda d: make.edit_json(
        d / "hf_quant_config.json", lambda data: data["quantization"].update(quant_algo="FP8")
    ),
    "kv-fp8": _declare(kv_cache_quant_algo="FP8"),
    "says-nvfp4": _declare(quant_algo="NVFP4"),
    "attention-left": _plain("layers.1.self_attn.q_proj"),
    "mlp-left": _plain(".mlp."),
    "experts-left": _plain(".experts."),
    "experts-missed": _both(_plain(".experts."), _declare(exclude_modules=["lm_head", "*.mlp*"])),
    "nothing-packed": _plain("model.layers"),
    "head-packed": _packed("lm_head"),
    "head-declared": _both(_packed("lm_head"), _declare(exclude_modules=["model.vision_tower*"])),
    "eyes-packed": _both(_packed("vision_tower"), _declare(exclude_modules=["lm_head"])),
    "no-template": make.delete("chat_template.jinja"),
    "broken-template": _write("chat_template.jinja", "{% for m in messages %}{{ m.content }}"),
    "thinking-template": _write("chat_template.jinja", "{% if thinking %}<think>{% endif %}{{ messages[0].content }}"),
    "custom-code": _both(_config(lambda t: t.update(auto_map=_NAMED_CODE)), _write("modeling_x.py", "")),
    "code-left-out": _config(lambda t: t.update(auto_map=_NAMED_CODE)),
    "six-heads": _config(lambda t: t.update(num_attention_heads=6, num_key_value_heads=6, head_dim=64)),
    "forty-heads": _config(lambda t: t.update(num_attention_heads=40, num_key_value_heads=10, head_dim=64)),
    "narrow": _config(lambda t: t.update(intermediate_size=1376, moe_intermediate_size=1376)),
    "long": _config(lambda t: t.update(max_position_embeddings=262144)),
    "card": _write("README.md", _CARD),
    "from-plain": _from_plain,
    "old": _age,
    "many-weights": lambda d: write_safetensors(
        make.shard(d), {**_of(make.shard(d)), "model.big.weight": ("BF16", (1 << 20, 1 << 20))}
    ),
}


def _of(shard: Path) -> TensorMap:
    data = shard.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return {name: (one["dtype"], tuple(one["shape"])) for name, one in header.items() if name != "__metadata__"}
