"""What a checkpoint's metadata declares about its quantization, whichever tool wrote it, in one form.

The names of algorithms and layouts are those of the engines' outcome tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SIDECAR = "hf_quant_config.json"
BOTH_FILES = "config.json+hf_quant_config.json (ModelOpt>=0.31)"
SIDECAR_ONLY = "hf_quant_config.json only (ModelOpt<=0.29)"
MIXED = "MIXED_PRECISION"

# ModelOpt's quant_algo, as the outcome tables spell it, and the format of a packed weight under it.
ALGO_FORMAT: Mapping[str, str] = MappingProxyType(
    {
        "FP8": "FP8",
        "FP8_PER_CHANNEL_PER_TOKEN": "FP8",
        "fp8_pb_wo": "FP8",
        "fp8_pb_real": "FP8",
        "NVFP4": "NVFP4",
        "W4A16_NVFP4": "NVFP4",
        "NVFP4_AWQ": "NVFP4",
        "NVFP4_SVD": "NVFP4",
        "W4A8_NVFP4_FP8": "NVFP4",
        "MXFP8": "MXFP8",
        "mxfp4": "MXFP4",
        "W4A8_MXFP4_FP8": "MXFP4",
        "W4A16_AWQ": "INT4",
        "W4A8_AWQ": "INT4",
        "W8A16": "INT8",
        "W8A8_SQ_PER_CHANNEL": "INT8",
        MIXED: "MIXED",
    }
)
_SPELLING = {algo.casefold(): algo for algo in ALGO_FORMAT}
_LISTED = 5
_DEFAULT_GROUP = {"NVFP4": 16, "MXFP4": 32, "MXFP8": 32}
# The first ModelOpt whose exporter also writes quantization_config (vllm/transformers_utils/config.py, comment).
_WRITES_CONFIG = (0, 31)


@dataclass(frozen=True, slots=True)
class FormatGroup:
    """A set of modules with one format: a config group of compressed-tensors, or one algorithm of MIXED_PRECISION.

    `targets`: class names, module names, or patterns after `re:`. `format` is None where nothing is quantized.
    """

    targets: tuple[str, ...]
    format: str | None
    group_size: int | None = None


@dataclass(frozen=True, slots=True)
class Quantization:
    """The declaration of one metadata file.

    `method` is quant_method as engines name it. `algo` is ModelOpt's quant_algo in the tables' spelling, or for
    other methods a description such as "W4A16_INT". `format` is what a packed weight looks like: FP8, NVFP4, MXFP4,
    MXFP8, INT4, INT8, BNB4, MIXED; None when unknown. `layers` (MIXED_PRECISION) gives each module its algo.
    """

    method: str
    algo: str | None
    format: str | None
    file: str
    kv_cache: str | None = None
    excluded: tuple[str, ...] = ()
    group_size: int | None = None
    block: tuple[int, int] | None = None
    layers: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[FormatGroup, ...] = ()
    producer: str | None = None
    producer_version: str | None = None

    @property
    def modelopt(self) -> bool:
        return self.method.startswith("modelopt")

    @property
    def written_last(self) -> bool:
        """True when this producer's exporter writes quantization_config into config.json after everything else."""
        version = re.match(r"(\d+)\.(\d+)", self.producer_version or "")
        if self.producer != "modelopt" or version is None:
            return False
        return tuple(map(int, version.groups())) >= _WRITES_CONFIG

    @property
    def scale_group(self) -> int | None:
        """Weights along the input that share a scale: as written, or what the format fixes."""
        return self.group_size or _DEFAULT_GROUP.get(self.format or "")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A field that config.json and hf_quant_config.json give different values; of lists what only one of them has."""

    field: str
    config: str
    sidecar: str


def disagreements(config: Quantization | None, sidecar: Quantization | None) -> tuple[Disagreement, ...]:
    """Where the two files contradict each other; what only one of them can say is no contradiction."""
    if config is None or sidecar is None:
        return ()
    ours, theirs = set(config.excluded), set(sidecar.excluded)
    pairs: list[tuple[str, object, object]] = [
        ("method", config.method, sidecar.method),
        ("quant_algo", config.algo, sidecar.algo),
        ("kv_cache", config.kv_cache, sidecar.kv_cache),
        ("excluded", _listed(ours - theirs), _listed(theirs - ours)),
    ]
    if config.group_size and sidecar.group_size:
        pairs.append(("group_size", config.group_size, sidecar.group_size))
    if config.layers and sidecar.layers:
        here, there = set(config.layers.items()), set(sidecar.layers.items())
        pairs.append(("quantized_layers", _listed_layers(here - there), _listed_layers(there - here)))
    return tuple(
        Disagreement(name, str(here or "none"), str(there or "none"))
        for name, here, there in pairs
        if (here or "none") != (there or "none")
    )


def table_layout(config: Quantization | None, sidecar: Quantization | None) -> str | None:
    """The layout as the outcome tables name it; None without ModelOpt metadata.

    Engines take config.json first and look at the sidecar only without it, so config.json alone is the cell of both.
    """
    if config is not None:
        return BOTH_FILES if config.modelopt else None
    return SIDECAR_ONLY if sidecar is not None else None


def table_algo(written: str | None) -> str | None:
    """A quant_algo in the tables' spelling; an unknown one in upper case, as engines compare it."""
    if written is None:
        return None
    return _SPELLING.get(written.casefold(), written.upper())


def _listed_layers(layers: set[tuple[str, str]]) -> str:
    return _listed({f"{name} {algo}" for name, algo in layers})


def _listed(names: set[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(sorted(names)[:_LISTED]) + (f" and {more} more" if more > 0 else "")
