"""Is the checkpoint whole, still being written, or left unfinished; and what is missing.

The test holds for every ModelOpt exporter read (0.23.2 to 0.47.0, HF, streaming and Megatron) and for save_pretrained:
temp parts gone, every shard of the index there and as long as its header declares, quantization_config in a
config.json whose exporter (>= 0.31) writes it last, tokenizer files there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from advisor.checkpoint.quantization import SIDECAR
from advisor.checkpoint.shards import INDEX, NUMBERED, temporary
from advisor.checkpoint.tokenizer import TOKENIZER_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.checkpoint.files import CheckpointFiles
    from advisor.checkpoint.quantization import Quantization
    from advisor.checkpoint.shards import Index, Shard

# A directory that has changed within this many seconds is taken to be one that somebody is still writing.
SETTLING_SECONDS = 300
_EXAMPLES = 5
_WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".gguf")

GapKind = Literal[
    "config",
    "weights",
    "index",
    "shard",
    "shard-truncated",
    "shard-unreadable",
    "tensor",
    "temp-part",
    "quantization-config",
    "tokenizer",
]


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that a whole checkpoint has and this one has not. `count` things of `file`, with the first names."""

    kind: GapKind
    file: str
    detail: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Completeness:
    """`state` tells a checkpoint being written from one left unfinished; `changed` is its newest time in seconds."""

    state: Literal["complete", "writing", "incomplete"]
    gaps: tuple[Gap, ...]
    changed: float

    @property
    def complete(self) -> bool:
        return self.state == "complete"


def judge_completeness(
    files: CheckpointFiles,
    index: Index | None,
    shards: tuple[Shard, ...],
    unwritten: Quantization | None,
    now: float,
) -> Completeness:
    """The verdict over one listing.

    `unwritten`: the sidecar's declaration where a readable config.json has none. `now` in seconds since the epoch.
    """
    gaps = (
        *_temp_parts(files),
        *_config(files, unwritten),
        *_weights(files, index, shards),
        *_tensors(index, shards),
        *_tokenizer(files),
    )
    changed = max((entry.mtime_ns for entry in files.entries.values()), default=0) / 1e9
    if not gaps:
        return Completeness("complete", (), changed)
    writing = abs(now - changed) < SETTLING_SECONDS
    return Completeness("writing" if writing else "incomplete", gaps, changed)


def _temp_parts(files: CheckpointFiles) -> Iterator[Gap]:
    parts = sorted(name for name in files.entries if temporary(name))
    if parts:
        yield Gap("temp-part", parts[0], _names(parts), len(parts))


def _config(files: CheckpointFiles, unwritten: Quantization | None) -> Iterator[Gap]:
    if "config.json" not in files.entries and "params.json" not in files.entries:
        yield Gap("config", "config.json", "config.json is not there")
    elif unwritten is not None and unwritten.written_last:
        detail = f"{SIDECAR} says ModelOpt {unwritten.producer_version}, which writes quantization_config here last"
        yield Gap("quantization-config", "config.json", detail)


def _weights(files: CheckpointFiles, index: Index | None, shards: tuple[Shard, ...]) -> Iterator[Gap]:
    if index is not None:
        yield from _absent([name for name in index.files if name not in files.entries], INDEX + " names")
    else:
        yield from _numbered(files)
    if not shards and not any(name.endswith(_WEIGHT_SUFFIXES) and not temporary(name) for name in files.entries):
        yield Gap("weights", "", "there is no weight file")
    for shard in shards:
        for fault in shard.header.faults:
            if fault.kind == "shard-truncated":
                yield Gap("shard-truncated", shard.name, fault.message)
            elif not shard.header.readable:
                yield Gap("shard-unreadable", shard.name, fault.message)


def _numbered(files: CheckpointFiles) -> Iterator[Gap]:
    """Numbered shards need an index, and their own names say how many there must be."""
    found: dict[tuple[str, str], set[int]] = {}
    for name in files.entries:
        match = NUMBERED.fullmatch(name)
        if match:
            found.setdefault((match["stem"], match["count"]), set()).add(int(match["number"]))
    for (stem, count), numbers in sorted(found.items()):
        missing = [
            f"{stem}-{number:05d}-of-{count}.safetensors"
            for number in range(1, int(count) + 1)
            if number not in numbers
        ]
        yield from _absent(missing, "the names of the others ask for")
    if found and INDEX not in files.entries:
        yield Gap("index", INDEX, f"{INDEX} is not there, and the weights are in numbered shards")


def _absent(names: list[str], who: str) -> Iterator[Gap]:
    if names:
        yield Gap("shard", names[0], f"{who} {len(names)} absent: {_names(names)}", len(names))


def _tensors(index: Index | None, shards: tuple[Shard, ...]) -> Iterator[Gap]:
    """Tensors that the index places in a file whose header does not have them."""
    if index is None:
        return
    readable = {shard.name: frozenset(shard.header.names) for shard in shards if shard.header.readable}
    lost: dict[str, list[str]] = {}
    for tensor, file in index.weight_map.items():
        names = readable.get(file)
        if names is not None and tensor not in names:
            lost.setdefault(file, []).append(tensor)
    for file, names_lost in sorted(lost.items()):
        yield Gap("tensor", file, f"{INDEX} places {_names(names_lost)} here", len(names_lost))


def _tokenizer(files: CheckpointFiles) -> Iterator[Gap]:
    if not any(name in TOKENIZER_FILES or name.endswith(".tiktoken") for name in files.entries):
        yield Gap("tokenizer", "tokenizer.json", "there is no tokenizer file")


def _names(names: list[str]) -> str:
    more = len(names) - _EXAMPLES
    return ", ".join(names[:_EXAMPLES]) + (f" and {more} more" if more > 0 else "")
