"""The declared precision of every linear module against what its tensors show, counted by part of the model.

The question is the one of ModelOpt's own checkpoint validation: which modules were silently skipped, which were
quantized against the declaration, and did the vision tower stay as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from advisor.checkpoint.declaration import EXCLUDED, UNKNOWN, Declaration
from advisor.checkpoint.modules import Module, group_modules, kind_of, layer_of
from advisor.checkpoint.shards import tensors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from advisor.checkpoint.quantization import Quantization
    from advisor.checkpoint.shards import Shard

MismatchKind = Literal["not-quantized", "excluded-but-quantized", "other-format", "scale-missing", "scaled-not-packed"]
_PLAIN = frozenset({"BF16", "F16", "F32", "F64"})
_EXAMPLES = 3
_PER_BYTE = {"NVFP4": 2, "MXFP4": 2, "INT4": 2, "BNB4": 2}


@dataclass(frozen=True, slots=True)
class KindCoverage:
    """One part of the model. `formats`: how many modules are stored how; `layers`: which layers, by format."""

    kind: str
    modules: int
    quantized: int
    formats: Mapping[str, int]
    layers: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Modules of one kind for which tensors and metadata contradict each other in one way."""

    kind: MismatchKind
    module_kind: str
    declared: str
    observed: str
    count: int
    layers: tuple[int, ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """`kinds` in the order of their size. `parameters` counts weights, packed ones as what they unpack to."""

    kinds: tuple[KindCoverage, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    parameters: int = 0
    kv_scales: int = 0
    scales_without_metadata: int = 0
    refused_patterns: tuple[str, ...] = ()

    def kind(self, name: str) -> KindCoverage | None:
        return next((kind for kind in self.kinds if kind.kind == name), None)

    def quantized(self, name: str) -> int:
        """How many modules of this kind are quantized on disk."""
        kind = self.kind(name)
        return kind.quantized if kind else 0

    @property
    def quantized_modules(self) -> int:
        return sum(kind.quantized for kind in self.kinds)

    @property
    def quantized_vision(self) -> int:
        return self.quantized("vision")

    @property
    def unquantized_experts(self) -> int:
        """Expert modules that the metadata declares quantized and whose tensors are not."""
        return sum(m.count for m in self.mismatches if m.kind == "not-quantized" and m.module_kind == "experts")


@dataclass(slots=True)
class _Tally:
    modules: int = 0
    quantized: int = 0
    formats: dict[str, int] = field(default_factory=dict)
    layers: dict[str, set[int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Found:
    count: int = 0
    layers: set[int] = field(default_factory=set)
    examples: list[str] = field(default_factory=list)


def measure_coverage(shards: tuple[Shard, ...], quantization: Quantization | None, layers: int | None) -> Coverage:
    """Coverage from headers alone. `layers`: num_hidden_layers, where known."""
    modules = group_modules(tensors(shards))
    declaration = Declaration(quantization)
    tallies: dict[str, _Tally] = {}
    found: dict[tuple[MismatchKind, str, str, str], _Found] = {}
    without_metadata = 0
    for name, module in modules.items():
        kind = kind_of(name, layers)
        layer = layer_of(name)
        quantized = is_quantized(module)
        if not module.linear or (kind == "norm" and not quantized):
            continue
        observed = module.format
        _count(tallies.setdefault(kind, _Tally()), observed, quantized, layer)
        if quantization is None:
            without_metadata += quantized
            continue
        declared = declaration.of(name, kind)
        mismatch = _mismatch(declared, observed, module, quantized)
        if mismatch and (declared == EXCLUDED or not declaration.possibly_excluded(name)):
            _note(found.setdefault((mismatch, kind, declared, observed), _Found()), name, layer)
    if declaration.refused:
        # What only a refused pattern would exclude cannot be told from what was missed.
        found = {key: entry for key, entry in found.items() if key[2] == EXCLUDED}
    return Coverage(
        kinds=tuple(_kind(kind, tally) for kind, tally in sorted(tallies.items(), key=lambda t: (-t[1].modules, t[0]))),
        mismatches=tuple(
            Mismatch(*key, entry.count, tuple(sorted(entry.layers)), tuple(entry.examples))
            for key, entry in sorted(found.items())
        ),
        parameters=_parameters(modules, quantization),
        kv_scales=sum("kv_scale" in module.roles for module in modules.values()),
        scales_without_metadata=without_metadata,
        refused_patterns=tuple(dict.fromkeys(declaration.refused)),
    )


def is_quantized(module: Module) -> bool:
    """True when the weight is packed, or scales of a weight lie beside it."""
    return module.format not in _PLAIN or "scale" in module.roles or "scale_2" in module.roles


def _mismatch(declared: str, observed: str, module: Module, quantized: bool) -> MismatchKind | None:
    if declared == UNKNOWN:
        return None
    if declared == EXCLUDED:
        return "excluded-but-quantized" if quantized else None
    if not quantized:
        return "not-quantized"
    if observed in _PLAIN:
        return "scaled-not-packed"
    if not _same_format(declared, observed):
        return "other-format"
    return "scale-missing" if _lacks_scale(declared, module) else None


def _same_format(declared: str, observed: str) -> bool:
    if declared == observed or declared == "MIXED":
        return True
    return observed == "INT" and declared.startswith("INT")


def _lacks_scale(declared: str, module: Module) -> bool:
    if declared == "NVFP4":
        return not {"scale", "scale_2"} <= module.roles
    return declared in ("FP8", "MXFP8", "MXFP4") and "scale" not in module.roles


def _count(tally: _Tally, observed: str, quantized: bool, layer: int | None) -> None:
    tally.modules += 1
    tally.quantized += quantized
    tally.formats[observed] = tally.formats.get(observed, 0) + 1
    if layer is not None:
        tally.layers.setdefault(observed, set()).add(layer)


def _note(entry: _Found, name: str, layer: int | None) -> None:
    entry.count += 1
    if len(entry.examples) < _EXAMPLES:
        entry.examples.append(name)
    if layer is not None:
        entry.layers.add(layer)


def _kind(kind: str, tally: _Tally) -> KindCoverage:
    layers = {format_: tuple(sorted(found)) for format_, found in tally.layers.items()}
    return KindCoverage(kind, tally.modules, tally.quantized, tally.formats, layers)


def _parameters(modules: Mapping[str, Module], quantization: Quantization | None) -> int:
    """Weights as numbers of the unquantized model; biases are too few to matter, scales are none."""
    total = 0
    bits = 8 if quantization is not None and quantization.format == "INT8" else 4
    for module in modules.values():
        count = 1
        for length in module.shape:
            count *= length
        format_ = module.format
        total += count * (32 // bits if format_ == "INT" else _PER_BYTE.get(format_, 1))
    return total
