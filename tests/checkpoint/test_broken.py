"""Bad input: each gives its problem, never an exception, never a wait, nothing read outside."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.checkpoint.files import list_checkpoint
from advisor.checkpoint.read import Checkpoint, read_checkpoint
from advisor.checkpoint.safetensors import decode_header
from advisor.checkpoint.shards import HeaderCache

from . import make

if TYPE_CHECKING:
    from pathlib import Path


def ask_everything(checkpoint: Checkpoint) -> None:
    """Every derived fact, so that a bad value cannot hide in one that is worked out late."""
    _ = checkpoint.coverage, checkpoint.template, checkpoint.bits_per_weight, checkpoint.disagreements
    _ = checkpoint.layout, checkpoint.weight_bytes, checkpoint.missing_code


@pytest.mark.parametrize(("name", "change", "kind"), make.BROKEN, ids=[name for name, _, _ in make.BROKEN])
def test_broken_checkpoint_gives_its_problem(name: str, change: object, kind: str, tmp_path: Path) -> None:
    directory = tmp_path / "ckpt"
    make.modelopt(directory)
    assert callable(change)
    change(directory)
    checkpoint = read_checkpoint(directory)
    ask_everything(checkpoint)
    assert kind in {problem.kind for problem in checkpoint.problems}


@pytest.mark.parametrize(("name", "change", "kinds"), make.UNFINISHED, ids=[name for name, _, _ in make.UNFINISHED])
def test_unfinished_checkpoint_says_what_is_missing(
    name: str, change: object, kinds: frozenset[str], tmp_path: Path
) -> None:
    make.modelopt(tmp_path)
    assert callable(change)
    change(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    ask_everything(checkpoint)
    assert {gap.kind for gap in checkpoint.completeness.gaps} == kinds
    changed = checkpoint.completeness.changed
    assert read_checkpoint(tmp_path, now=changed + 1).completeness.state == "writing"
    assert read_checkpoint(tmp_path, now=changed + 10_000).completeness.state == "incomplete"


def test_hub_cache_links_are_legal(tmp_path: Path) -> None:
    make.modelopt(tmp_path / "ckpt")
    checkpoint = read_checkpoint(make.hub_cache(tmp_path / "ckpt"))
    assert checkpoint.problems == ()
    assert checkpoint.completeness.complete
    assert checkpoint.tensors > 0


@pytest.mark.parametrize(
    ("make_it", "kind"),
    [
        (lambda p: None, "not-found"),
        (lambda p: p.write_text("x"), "not-a-directory"),
        (lambda p: p.symlink_to(p), "link-loop"),
    ],
)
def test_directory_that_is_none(make_it: object, kind: str, tmp_path: Path) -> None:
    assert callable(make_it)
    make_it(tmp_path / "ckpt")
    checkpoint = read_checkpoint(tmp_path / "ckpt")
    ask_everything(checkpoint)
    assert [problem.kind for problem in checkpoint.problems] == [kind]
    assert not checkpoint.completeness.complete


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_no_permission(tmp_path: Path) -> None:
    make.modelopt(tmp_path)
    (tmp_path / "config.json").chmod(0)
    assert "unreadable" in {problem.kind for problem in read_checkpoint(tmp_path).problems}


def test_nothing_is_opened_outside_the_directory(tmp_path: Path) -> None:
    directory = tmp_path / "ckpt"
    make.modelopt(directory)
    make.write_safetensors(tmp_path / "outside.safetensors", {"secret": ("F32", (4,))})
    names = {"secret": "../outside.safetensors", "other": str(tmp_path / "outside.safetensors")}
    make.edit_json(directory / "model.safetensors.index.json", lambda data: data["weight_map"].update(names))
    checkpoint = read_checkpoint(directory)
    assert "secret" not in {name for shard in checkpoint.shards for name in shard.header.names}


def test_unchanged_headers_are_read_once(tmp_path: Path) -> None:
    make.modelopt(tmp_path)
    cache = HeaderCache()
    read_checkpoint(tmp_path, cache)
    assert cache.reads == 2
    read_checkpoint(tmp_path, cache)
    assert cache.reads == 2
    os.utime(make.shard(tmp_path), ns=(1, 1))
    read_checkpoint(tmp_path, cache)
    assert cache.reads == 3


def test_cache_forgets_the_oldest(tmp_path: Path) -> None:
    make.modelopt(tmp_path)
    cache = HeaderCache(tensors=1)
    first = read_checkpoint(tmp_path, cache)
    assert read_checkpoint(tmp_path, cache).tensors == first.tensors
    assert cache.reads == 4


@given(st.binary(max_size=400))
def test_any_header_bytes_are_a_header_or_a_fault(data: bytes) -> None:
    header = decode_header(data, 8 + len(data))
    assert header.faults or sum(header.sizes) < len(data)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_KEYS = st.sampled_from([
    "quantization_config", "quant_method", "quant_algo", "quantization", "config_groups", "ignore", "group_size",
    "kv_cache_scheme", "exclude_modules", "quantized_layers", "weights", "targets", "num_bits", "type", "text_config",
    "num_hidden_layers", "hidden_size", "num_attention_heads", "max_position_embeddings", "rope_scaling", "rope_type",
    "factor", "auto_map", "weight_block_size", "dynamic", "bits", "architectures", "producer", "num_experts",
])  # fmt: skip
_WORDS = ["modelopt", "fp8", "compressed-tensors", "gptq", "NVFP4", "MIXED_PRECISION", "yarn", "re:(a+)+$"]
_VALUES = _json | st.sampled_from(_WORDS)
_metadata = st.recursive(
    _VALUES, lambda inner: st.dictionaries(_KEYS, inner, max_size=6) | st.lists(inner, max_size=3), max_leaves=25
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(_KEYS, _metadata, max_size=8))
def test_any_metadata_is_read_without_an_exception(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, object]
) -> None:
    directory = tmp_path_factory.mktemp("any")
    make.write_safetensors(directory / "model.safetensors", make.tensors_of(make.STYLES["FP8"], "moe"))
    for name in ("config.json", "hf_quant_config.json", "generation_config.json", "tokenizer_config.json"):
        make.write_json(directory / name, data)
    ask_everything(read_checkpoint(directory))


def test_listing_stops_at_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advisor.checkpoint.files.MAX_ENTRIES", 3)
    for number in range(5):
        (tmp_path / f"{number}.json").touch()
    files = list_checkpoint(str(tmp_path))
    assert len(files.entries) == 3
    assert [problem.kind for problem in files.problems] == ["too-many-files"]
