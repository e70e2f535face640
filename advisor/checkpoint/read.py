"""A checkpoint directory to facts. Headers and metadata only; a bad file is a problem, never an exception."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from advisor.checkpoint.card import ModelCard, read_card
from advisor.checkpoint.completeness import Completeness, judge_completeness
from advisor.checkpoint.config import ModelConfig, parse_model_config
from advisor.checkpoint.coverage import Coverage, measure_coverage
from advisor.checkpoint.files import FileEntry, list_checkpoint
from advisor.checkpoint.jsonfile import read_object
from advisor.checkpoint.quantization import (
    MIXED,
    SIDECAR,
    Disagreement,
    Quantization,
    disagreements,
    table_layout,
)
from advisor.checkpoint.quantization_forms import parse_config, parse_sidecar
from advisor.checkpoint.shards import HEADERS, HeaderCache, Index, Shard, read_index, read_shards
from advisor.checkpoint.template import TemplateFacts, read_template
from advisor.checkpoint.tokenizer import Sampling, Tokenizer, read_sampling, read_tokenizer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from advisor.checkpoint.problems import Problem


@dataclass(frozen=True)
class Checkpoint:
    """Everything read from one directory; coverage and template are worked out when first asked for.

    `config_quantization` is what config.json declares, `sidecar` what hf_quant_config.json does; `quantization` is the
    one that vLLM and SGLang go by. Lookups in the outcome tables: `quantization.algo` and `layout`.
    """

    path: str
    files: Mapping[str, FileEntry]
    config: ModelConfig | None
    config_quantization: Quantization | None
    sidecar: Quantization | None
    sampling: Sampling | None
    tokenizer: Tokenizer
    card: ModelCard | None
    index: Index | None
    shards: tuple[Shard, ...]
    completeness: Completeness
    problems: tuple[Problem, ...]

    @property
    def quantization(self) -> Quantization | None:
        config, sidecar = self.config_quantization, self.sidecar
        if config is None or sidecar is None:
            return config or sidecar
        if config.algo == MIXED and not config.layers:
            # vLLM does the same (weight_utils.py get_quant_config, from 0.18.1).
            return replace(config, layers=sidecar.layers)
        return config

    @property
    def layout(self) -> str | None:
        """The metadata layout as the engines' outcome tables name it; None where ModelOpt wrote none."""
        return table_layout(self.config_quantization, self.sidecar)

    @property
    def disagreements(self) -> tuple[Disagreement, ...]:
        return disagreements(self.config_quantization, self.sidecar)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all tensors as their headers declare them, scales included."""
        return sum(sum(shard.header.sizes) for shard in self.shards)

    @property
    def tensors(self) -> int:
        return sum(len(shard.header.names) for shard in self.shards)

    @property
    def missing_code(self) -> tuple[str, ...]:
        """Python files that auto_map names and the directory does not hold."""
        code = self.config.custom_code if self.config else ()
        return tuple(dict.fromkeys(c.file for c in code if c.repository is None and c.file not in self.files))

    @cached_property
    def coverage(self) -> Coverage:
        return measure_coverage(self.shards, self.quantization, self.config.layers if self.config else None)

    @cached_property
    def bits_per_weight(self) -> float | None:
        parameters = self.coverage.parameters
        return self.weight_bytes * 8 / parameters if parameters else None

    @cached_property
    def template(self) -> TemplateFacts | None:
        """What the chat template reads; None where there is no template."""
        text = self.tokenizer.chat_template
        return None if text is None else read_template(text)


def read_checkpoint(directory: str | Path, headers: HeaderCache = HEADERS, now: float | None = None) -> Checkpoint:
    """Read one directory. `now` in seconds since the epoch, to tell a checkpoint being written from one left so."""
    files = list_checkpoint(str(directory))
    data = read_object(files, "config.json")
    config = None if data is None else parse_model_config(data, files)
    config_quantization = None if data is None else parse_config(data)
    nested = read_object(files, SIDECAR)
    sidecar = None if nested is None else parse_sidecar(nested)
    index = read_index(files)
    shards = read_shards(files, index, headers)
    sampling = read_sampling(files)
    tokenizer = read_tokenizer(files)
    card = read_card(files)
    moment = time.time() if now is None else now
    unwritten = sidecar if config is not None and config_quantization is None else None
    completeness = judge_completeness(files, index, shards, unwritten, moment)
    return Checkpoint(
        path=files.path,
        files=MappingProxyType(files.entries),
        config=config,
        config_quantization=config_quantization,
        sidecar=sidecar,
        sampling=sampling,
        tokenizer=tokenizer,
        card=card,
        index=index,
        shards=shards,
        completeness=completeness,
        problems=tuple(files.problems),
    )
