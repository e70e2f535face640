"""Declared precision against the tensors: each way in which they can contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from advisor.checkpoint.read import Checkpoint, read_checkpoint
from advisor.checkpoint.synthesize import TensorMap

from . import make

if TYPE_CHECKING:
    from pathlib import Path


def made(directory: Path, tensors: TensorMap, shape: str = "dense", **fields: Any) -> Checkpoint:
    """An NVFP4 checkpoint with these tensors; `fields` change both metadata files."""
    ignore = fields.pop("ignore", make.EXCLUDED)
    config = make.config_of(shape, make.flat("NVFP4", ignore=ignore, **fields))
    make.write(directory, tensors, config, make.nested("NVFP4", exclude_modules=ignore, **fields))
    return read_checkpoint(directory)


def plain_again(tensors: TensorMap, *owners: str) -> TensorMap:
    """The same tensors with these modules left in 16 bit."""
    kept = {name: value for name, value in tensors.items() if not name.startswith(owners)}
    for name, (_, shape) in tensors.items():
        if name.startswith(owners) and name.endswith(".weight"):
            kept[name] = ("BF16", (shape[0], shape[1] * 2))
    return kept


def without(tensors: TensorMap, suffix: str) -> TensorMap:
    return {name: value for name, value in tensors.items() if not name.endswith(suffix)}


def quantized(owner: str) -> TensorMap:
    return make.STYLES["NVFP4"](owner, make.HIDDEN, make.HIDDEN)


Change = Callable[[TensorMap], TensorMap]


@pytest.mark.parametrize(
    ("shape", "change", "mismatch", "module_kind", "count"),
    [
        ("dense", lambda t: plain_again(t, "model.layers.1.mlp.up_proj"), "not-quantized", "mlp_up", 1),
        ("moe", lambda t: plain_again(t, "model.layers.0.mlp.experts"), "not-quantized", "experts", 12),
        ("dense", lambda t: t | make.STYLES["FP8"]("model.layers.0.self_attn.q_proj", 256, 256), "other-format",
         "attention_q", 1),
        ("dense", lambda t: without(t, "q_proj.weight_scale_2"), "scale-missing", "attention_q", 2),
        ("dense", lambda t: t | quantized("lm_head"), "excluded-but-quantized", "lm_head", 1),
        ("moe", lambda t: t | quantized("model.layers.0.mlp.gate"), "excluded-but-quantized", "router", 1),
        ("vlm", lambda t: t | quantized("model.vision_tower.blocks.0.attn.qkv"), "excluded-but-quantized", "vision", 1),
        ("dense", lambda t: t | {"model.layers.0.mlp.up_proj.weight": ("BF16", (512, 256))}, "scaled-not-packed",
         "mlp_up", 1),
    ],
)  # fmt: skip
def test_mismatch(shape: str, change: Change, mismatch: str, module_kind: str, count: int, tmp_path: Path) -> None:
    checkpoint = made(tmp_path, change(make.tensors_of(make.STYLES["NVFP4"], shape)), shape)
    found = [(m.kind, m.module_kind, m.count) for m in checkpoint.coverage.mismatches]
    assert found == [(mismatch, module_kind, count)]


def test_experts_that_a_pattern_missed(tmp_path: Path) -> None:
    tensors = plain_again(make.tensors_of(make.STYLES["NVFP4"], "moe"), "model.layers.1.mlp.experts")
    coverage = made(tmp_path, tensors, "moe").coverage
    assert coverage.unquantized_experts == 3 * make.EXPERTS
    assert coverage.mismatches[0].layers == (1,)
    assert coverage.mismatches[0].examples[0].startswith("model.layers.1.mlp.experts.")


def test_vision_tower_quantized_without_a_word_in_the_metadata(tmp_path: Path) -> None:
    tensors = make.tensors_of(make.STYLES["NVFP4"], "vlm") | quantized("model.vision_tower.blocks.0.attn.qkv")
    coverage = made(tmp_path, tensors, "vlm", ignore=["lm_head"]).coverage
    assert coverage.quantized_vision == 1
    assert coverage.mismatches == ()


def test_scales_without_metadata(tmp_path: Path) -> None:
    make.write(tmp_path, make.tensors_of(make.STYLES["FP8"], "dense"), make.config_of("dense", None))
    coverage = read_checkpoint(tmp_path).coverage
    assert coverage.scales_without_metadata == make.LAYERS * 7
    assert coverage.quantized("lm_head") == 0


def test_kv_scales_are_no_scales_of_the_weight(tmp_path: Path) -> None:
    tensors = make.tensors_of(make.PLAIN, "dense")
    tensors |= {f"model.layers.{n}.self_attn.k_proj.k_scale": ("F32", ()) for n in range(make.LAYERS)}
    make.write(tmp_path, tensors, make.config_of("dense", None))
    coverage = read_checkpoint(tmp_path).coverage
    assert (coverage.kv_scales, coverage.scales_without_metadata) == (2, 0)


@pytest.mark.parametrize(
    "ignore",
    [
        ["model.layers.0.mlp*", "lm_head"],
        ["model.layers.0.mlp.*", "lm_head"],
        ["*.0.mlp.*", "lm_head"],
        ["model.layers.[0].mlp.*_proj", "lm_head"],
        ["layers.0.mlp", "lm_head"],  # older vLLM: a part of the name
        ["model.language_model.layers.0.mlp*", "language_model.model.layers.0.mlp*", "model.layers.0.mlp*", "lm_head"],
    ],
)
def test_exclusions_are_wildcards(ignore: list[str], tmp_path: Path) -> None:
    tensors = plain_again(make.tensors_of(make.STYLES["NVFP4"], "dense"), "model.layers.0.mlp")
    assert made(tmp_path, tensors, ignore=ignore).coverage.mismatches == ()


def test_a_refused_pattern_makes_nothing_known(tmp_path: Path) -> None:
    tensors = plain_again(make.tensors_of(make.STYLES["NVFP4"], "dense"), "model.layers.0.mlp")
    coverage = made(tmp_path, tensors, ignore=["re:(.*)*x", "lm_head"]).coverage
    assert coverage.refused_patterns == ("(.*)*x",)
    assert coverage.mismatches == ()


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        (lambda q: q.update(quant_algo="FP8"), {"quant_algo"}),
        (lambda q: q.update(kv_cache_scheme={"num_bits": 8, "type": "float"}), {"kv_cache"}),
        (lambda q: q.update(kv_cache_scheme="NVFP4"), {"kv_cache"}),
        (lambda q: q["ignore"].append("model.layers.0*"), {"excluded"}),
        (lambda q: q["ignore"].reverse(), set()),
        (lambda q: q.update(quant_algo="nvfp4"), set()),
        (lambda q: q.update(quant_method="fp8"), {"method", "quant_algo", "excluded"}),
    ],
)
def test_metadata_files_that_disagree(change: Callable[[Any], Any], fields: set[str], tmp_path: Path) -> None:
    make.modelopt(tmp_path)
    make.edit_json(tmp_path / "config.json", lambda data: change(data["quantization_config"]))
    assert {found.field for found in read_checkpoint(tmp_path).disagreements} == fields
