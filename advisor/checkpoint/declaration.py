"""What the metadata declares for one module: a packed format, no quantization, or nothing that can be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.checkpoint.patterns import NameMatcher, exclusion_matcher, possible_matcher, spellings
from advisor.checkpoint.quantization import ALGO_FORMAT, MIXED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.checkpoint.quantization import FormatGroup, Quantization

EXCLUDED = "excluded"
UNKNOWN = "unknown"
# Parts that every method quantizes when nothing excludes them. The rest is left alone by some engines and tools
# without a word in the metadata (DeepSeek's router and eh_proj, vision towers in vLLM, lm_head under AWQ).
_CORE = frozenset({
    "attention_q", "attention_k", "attention_v", "attention_qkv", "attention_kv", "attention_o",
    "mlp_gate", "mlp_up", "mlp_gate_up", "mlp_down", "experts", "shared_experts",
})  # fmt: skip
_NEVER = frozenset({"embedding", "norm"})


class Declaration:
    """Answers `of` for each module of one checkpoint: a format such as NVFP4, EXCLUDED, or UNKNOWN."""

    def __init__(self, quantization: Quantization | None) -> None:
        self._quantization = quantization
        excluded = quantization.excluded if quantization else ()
        self._certain = exclusion_matcher(quantization.method if quantization else "", excluded)
        self._possible = possible_matcher(excluded)
        self._groups = [_Group(group) for group in quantization.groups] if quantization else []

    @property
    def refused(self) -> list[str]:
        """Patterns that were not tried: nothing is known of what only they would exclude."""
        return [*self._certain.refused, *(name for group in self._groups for name in group.matcher.refused)]

    def of(self, name: str, kind: str) -> str:
        quantization = self._quantization
        if quantization is None:
            return EXCLUDED
        names = spellings(name)
        if any(self._certain.matches(spelling) for spelling in names):
            return EXCLUDED
        if kind in _NEVER:
            return UNKNOWN
        return self._listed(quantization, names, kind)

    def possibly_excluded(self, name: str) -> bool:
        """True when some engine version may read an exclusion as naming this module too."""
        return any(self._possible.matches(spelling) for spelling in spellings(name))

    def _listed(self, quantization: Quantization, names: tuple[str, ...], kind: str) -> str:
        if quantization.modelopt:
            return self._modelopt(quantization, names, kind)
        if quantization.method == "compressed-tensors":
            return self._grouped(names)
        if quantization.method == "mxfp4":
            return "MXFP4" if kind == "experts" else UNKNOWN if kind == "other" else EXCLUDED
        if kind not in _CORE or quantization.format is None:
            return UNKNOWN
        return quantization.format

    def _modelopt(self, quantization: Quantization, names: tuple[str, ...], kind: str) -> str:
        if quantization.algo == MIXED:
            if not quantization.layers:
                return UNKNOWN
            algo = next((quantization.layers[owner] for name in names for owner in _owners(name)
                         if owner in quantization.layers), None)  # fmt: skip
            return EXCLUDED if algo is None else ALGO_FORMAT.get(algo, UNKNOWN)
        # vLLM leaves a vision tower alone whatever the list says; projectors and audio are not decided there.
        if quantization.format is None or kind in ("vision", "audio", "projector"):
            return UNKNOWN
        return quantization.format

    def _grouped(self, names: tuple[str, ...]) -> str:
        for group in self._groups:
            if any(group.matches(name) for name in names):
                return group.format or UNKNOWN
        return UNKNOWN if any(group.matcher.refused or group.classes for group in self._groups) else EXCLUDED


class _Group:
    """One config group of compressed-tensors: class names, exact names, and expressions after `re:`."""

    def __init__(self, group: FormatGroup) -> None:
        self.format = group.format
        self.matcher = NameMatcher()
        self.all_linear = "Linear" in group.targets
        # A class name other than Linear cannot be seen in a header.
        self.classes = any(name.isidentifier() and name != "Linear" and name[0].isupper() for name in group.targets)
        for target in group.targets:
            if target.startswith("re:"):
                self.matcher.add_expression(target[3:])
            else:
                self.matcher.exact.add(target)

    def matches(self, name: str) -> bool:
        return self.all_linear or self.matcher.matches(name)


def _owners(name: str) -> Iterator[str]:
    """The module, then the modules around it: quantized_layers may name the experts as one."""
    while name:
        yield name
        head, _, last = name.rpartition(".")
        if ".experts." in name and head.rpartition(".")[2].isdigit():
            # Fused experts are listed as moe.gate_proj by exporters that do not number them.
            yield f"{name.partition('.experts.')[0]}.{last}"
        name = head
