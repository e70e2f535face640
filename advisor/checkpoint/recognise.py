"""Whether a directory is a checkpoint, by the names in it alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_CONFIGS = frozenset({"config.json", "params.json"})
# Names that only a language model's directory has, whole or half written. Adapters and diffusion models name their
# weights otherwise.
_WEIGHTS = re.compile(
    r"(?:model|consolidated)[\w.-]*\.safetensors(?:\.\w+)?|model\.safetensors\.index\.json|hf_quant_config\.json"
    r"|__shard_part_\d+\.safetensors|pytorch_model[\w.-]*\.bin"
)
_TOKENIZER = frozenset({"generation_config.json", "tokenizer.json", "tokenizer.model"})


def looks_like_checkpoint(names: Iterable[str]) -> bool:
    """Weights of a language model, or a config with what lies only beside such weights."""
    found = set(names)
    if any(_WEIGHTS.fullmatch(name) for name in found):
        return "adapter_config.json" not in found
    return bool(found & _CONFIGS) and bool(found & _TOKENIZER)
