"""Every kind of whole checkpoint: what the metadata declares, what the tensors show, and no false alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from advisor.checkpoint.quantization import BOTH_FILES, SIDECAR_ONLY
from advisor.checkpoint.read import read_checkpoint
from advisor.checkpoint.synthesize import write_demo_checkpoint

from . import make

if TYPE_CHECKING:
    from pathlib import Path

KINDS = pytest.mark.parametrize("kind", make.KINDS, ids=lambda kind: kind.name)


@KINDS
def test_declaration_is_read(kind: make.Kind, tmp_path: Path) -> None:
    kind.make(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    found = checkpoint.quantization
    assert (found and (found.method, found.algo, found.format)) == (
        kind.method and (kind.method, kind.algo, kind.format)
    )
    expected = {"modelopt": SIDECAR_ONLY if kind.name == "modelopt-sidecar-only" else BOTH_FILES}
    assert checkpoint.layout == expected.get(kind.method or "")


@KINDS
def test_whole_checkpoint_raises_nothing(kind: make.Kind, tmp_path: Path) -> None:
    kind.make(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    assert checkpoint.problems == ()
    assert checkpoint.completeness.gaps == ()
    assert checkpoint.disagreements == ()
    assert checkpoint.coverage.mismatches == ()
    assert checkpoint.coverage.scales_without_metadata == 0


@KINDS
def test_parameters_do_not_depend_on_the_packing(kind: make.Kind, tmp_path: Path) -> None:
    kind.make(tmp_path / "quantized")
    coverage = read_checkpoint(tmp_path / "quantized").coverage
    attention = make.LAYERS * 4 * make.HIDDEN**2
    per_mlp = 3 * make.HIDDEN * make.INTERMEDIATE
    experts = coverage.kind("experts")
    mlps = make.LAYERS * (make.EXPERTS if experts else 1)
    core = attention + mlps * (3 * make.HIDDEN * make.INTERMEDIATE if kind.name != "gpt-oss" else 0)
    if kind.name == "gpt-oss":
        core += make.LAYERS * make.EXPERTS * (2 * make.INTERMEDIATE + make.HIDDEN) * make.HIDDEN
    rest = 2 * make.VOCABULARY * make.HIDDEN + make.LAYERS * make.HIDDEN
    assert core + rest <= coverage.parameters <= core + rest + per_mlp


@pytest.mark.parametrize(
    ("name", "module_kind", "format_"),
    [
        ("modelopt-NVFP4-moe", "experts", "NVFP4"),
        ("modelopt-NVFP4-moe", "router", "BF16"),
        ("modelopt-NVFP4-vlm", "vision", "BF16"),
        ("modelopt-NVFP4-vlm", "projector", "BF16"),
        ("modelopt-FP8-dense", "mlp_down", "FP8"),
        ("modelopt-mixed", "attention_q", "FP8"),
        ("modelopt-mixed", "experts", "NVFP4"),
        ("modelopt-W4A16_AWQ-dense", "attention_o", "INT4"),
        ("modelopt-MXFP8-dense", "attention_k", "MXFP8"),
        ("gpt-oss", "experts", "MXFP4"),
        ("gpt-oss", "router", "BF16"),
        ("awq", "mlp_gate", "INT"),
        ("bitsandbytes", "mlp_up", "BNB4"),
        ("ct-nvfp4", "attention_v", "NVFP4"),
        ("bf16-dense", "lm_head", "BF16"),
    ],
)
def test_coverage_by_kind(name: str, module_kind: str, format_: str, tmp_path: Path) -> None:
    next(kind for kind in make.KINDS if kind.name == name).make(tmp_path)
    kind = read_checkpoint(tmp_path).coverage.kind(module_kind)
    assert kind is not None
    assert dict(kind.formats) == {format_: kind.modules}
    if module_kind not in ("vision", "projector", "lm_head"):
        assert kind.layers[format_] == tuple(range(make.LAYERS))


def test_mixed_layers_come_from_the_sidecar_when_config_has_none(tmp_path: Path) -> None:
    make.mixed(tmp_path)
    make.edit_json(tmp_path / "config.json", lambda data: data["quantization_config"].pop("quantized_layers") and None)
    quantization = read_checkpoint(tmp_path).quantization
    assert quantization is not None
    assert quantization.layers["model.layers.0.self_attn.q_proj"] == "FP8"


def test_demo_checkpoint_is_whole(tmp_path: Path) -> None:
    write_demo_checkpoint(tmp_path / "demo")
    checkpoint = read_checkpoint(tmp_path / "demo")
    assert (checkpoint.problems, checkpoint.completeness.gaps, checkpoint.coverage.mismatches) == ((), (), ())
    assert checkpoint.quantization is not None
    assert (checkpoint.quantization.algo, checkpoint.quantization.kv_cache) == ("NVFP4", "FP8")
