"""A quantized checkpoint beside the one it was made from: how much smaller, and which metadata changed on the way."""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from advisor.checkpoint.jsonfile import mapping
from advisor.document.reading import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from advisor.checkpoint.read import Checkpoint

MAX_VALUE = 60
MAX_DIGEST_BYTES = 256 * 1024 * 1024
# Fields of config.json that quantization has no reason to touch.
_CONFIG_FIELDS = (
    "architectures", "model_type", "num_hidden_layers", "hidden_size", "intermediate_size", "num_attention_heads",
    "num_key_value_heads", "head_dim", "vocab_size", "max_position_embeddings", "rope_theta", "rope_scaling",
    "rope_parameters", "sliding_window", "bos_token_id", "eos_token_id", "pad_token_id", "tie_word_embeddings",
    "num_experts", "n_routed_experts", "num_local_experts", "num_experts_per_tok",
)  # fmt: skip
_SAMPLING_NOISE = frozenset({"transformers_version", "_from_model_config"})
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Drift:
    """A field that differs. Values as short texts, "absent" where there is none."""

    file: str
    field: str
    source: str
    value: str


@dataclass(frozen=True, slots=True)
class SourceComparison:
    """`size_ratio`: weight bytes of this over those of the source; None where the source has no readable weights."""

    source: str
    size_ratio: float | None
    drift: tuple[Drift, ...]


def compare_with_source(checkpoint: Checkpoint, source: Checkpoint) -> SourceComparison:
    """Size and metadata of a checkpoint against its source."""
    ratio = checkpoint.weight_bytes / source.weight_bytes if source.weight_bytes else None
    return SourceComparison(source.path, ratio, tuple(_drift(checkpoint, source)))


def recorded_source(checkpoint: Checkpoint) -> str | None:
    """The path or name that the export's metadata gives for its source; nothing is looked up."""
    written = checkpoint.config.recorded_source if checkpoint.config else None
    bases = checkpoint.card.base_models if checkpoint.card else ()
    return written or (bases[0] if len(bases) == 1 else None)


def _drift(checkpoint: Checkpoint, source: Checkpoint) -> Iterator[Drift]:
    if checkpoint.config and source.config:
        for part in (None, "text_config"):
            ours = mapping(checkpoint.config.raw, part) if part else checkpoint.config.raw
            theirs = mapping(source.config.raw, part) if part else source.config.raw
            prefix = f"{part}." if part else ""
            yield from _fields("config.json", prefix, ours, theirs, _CONFIG_FIELDS)
    yield from _sampling(checkpoint, source)
    ours_t, theirs_t = checkpoint.tokenizer, source.tokenizer
    if ours_t.templates != theirs_t.templates:
        yield Drift("chat template", ours_t.template_file or "", _length(theirs_t.templates), _length(ours_t.templates))
    names = tuple(dict.fromkeys((*theirs_t.special_tokens, *ours_t.special_tokens)))
    yield from _fields("tokenizer_config.json", "", ours_t.special_tokens, theirs_t.special_tokens, names)
    for file in sorted(set(ours_t.files) & set(theirs_t.files) - {"tokenizer_config.json"}):
        before, after = _digest(source, file), _digest(checkpoint, file)
        if before != after and before and after:
            yield Drift(file, "content", before, after)


def _sampling(checkpoint: Checkpoint, source: Checkpoint) -> Iterator[Drift]:
    if source.sampling is None and checkpoint.sampling is None:
        return
    if source.sampling is None or checkpoint.sampling is None:
        present = {True: "absent", False: "present"}
        yield Drift(
            "generation_config.json", "", present[source.sampling is None], present[checkpoint.sampling is None]
        )
        return
    names = tuple(
        name for name in dict.fromkeys((*source.sampling.raw, *checkpoint.sampling.raw)) if name not in _SAMPLING_NOISE
    )
    yield from _fields("generation_config.json", "", checkpoint.sampling.raw, source.sampling.raw, names)


def _fields(
    file: str, prefix: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], names: tuple[str, ...]
) -> Iterator[Drift]:
    for name in names:
        before, after = theirs.get(name, _ABSENT), ours.get(name, _ABSENT)
        if before != after and not (before in (None, _ABSENT) and after in (None, _ABSENT)):
            yield Drift(file, prefix + name, _short(before), _short(after))


def _digest(checkpoint: Checkpoint, file: str) -> str | None:
    """A short digest of a tokenizer file, or its size where it is too long to be read for this."""
    entry = checkpoint.files.get(file)
    if entry is None:
        return None
    if entry.size > MAX_DIGEST_BYTES:
        return f"{entry.size} bytes"
    digest = blake2b(digest_size=6)
    try:
        with os.fdopen(open_regular(f"{checkpoint.path}/{file}"), "rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()


def _length(templates: Mapping[str, str]) -> str:
    return f"{sum(map(len, templates.values()))} characters" if templates else "absent"


def _short(value: object) -> str:
    text = "absent" if value is _ABSENT else str(value)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 3] + "..."
