"""The safetensors files of a checkpoint, its index, and the headers already read in this run."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from advisor.checkpoint.jsonfile import mapping, read_object
from advisor.checkpoint.safetensors import Header, read_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from advisor.checkpoint.files import CheckpointFiles, FileEntry

INDEX = "model.safetensors.index.json"
NUMBERED = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.safetensors")
_TEMPORARY = re.compile(
    r"__shard_part_\d+\.safetensors"  # ModelOpt's streaming exporter, before it renames
    r"|.*\.(incomplete|part|partial|crdownload|tmp)"
    r"|tmp.{8}|\.~.*|\.[^/]+\.[A-Za-z0-9]{6}"  # rsync
)


@dataclass(frozen=True, slots=True)
class Index:
    """model.safetensors.index.json: which file holds which tensor."""

    files: tuple[str, ...]
    weight_map: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shard:
    """One safetensors file. `size` in bytes on disk."""

    name: str
    size: int
    header: Header


class HeaderCache:
    """Headers by path, size, time and inode, so that an unchanged file is read once; the oldest leave first."""

    def __init__(self, tensors: int = 1_000_000) -> None:
        self._limit = tensors
        self._held = 0
        self._headers: OrderedDict[tuple[str, int, int, int], Header] = OrderedDict()
        self.reads = 0

    def header(self, path: str, entry: FileEntry) -> Header:
        """The header of a listed file, read only when it is not known yet."""
        key = (path, entry.size, entry.mtime_ns, entry.inode)
        header = self._headers.get(key)
        if header is not None:
            self._headers.move_to_end(key)
            return header
        self.reads += 1
        header = read_header(path)
        self._headers[key] = header
        self._held += len(header.names)
        while self._held > self._limit and len(self._headers) > 1:
            self._held -= len(self._headers.popitem(last=False)[1].names)
        return header


HEADERS = HeaderCache()


def read_index(files: CheckpointFiles) -> Index | None:
    """The index, without entries that leave the directory; None where there is none."""
    data = read_object(files, INDEX)
    if data is None:
        return None
    weight_map: dict[str, str] = {}
    outside: dict[str, None] = {}
    malformed = 0
    for tensor, file in mapping(data, "weight_map").items():
        if not isinstance(file, str):
            malformed += 1
        elif plain_name(file):
            weight_map[tensor] = file
        else:
            outside[file] = None
    if not isinstance(data.get("weight_map"), dict) or malformed:
        files.report("json-type", INDEX, "weight_map is not an object of file names")
    for file in list(outside)[:3]:
        files.report("index-path", INDEX, f"names {file!r:.120}, which is not a file of this directory: not read")
    names = tuple(sorted(set(weight_map.values())))
    return Index(names, MappingProxyType(weight_map))


def plain_name(name: str) -> bool:
    """True for a name that can only mean an entry of the directory itself."""
    return bool(name) and "/" not in name and "\\" not in name and "\0" not in name and name not in (".", "..")


def read_shards(files: CheckpointFiles, index: Index | None, headers: HeaderCache) -> tuple[Shard, ...]:
    """The headers of every file an engine would load, in the order of their names."""
    shards = []
    for name in shard_names(files, index):
        entry = files.entries[name]
        header = headers.header(f"{files.path}/{name}", entry)
        for fault in header.faults:
            files.report(fault.kind, name, fault.message)
        shards.append(Shard(name, entry.size, header))
    return tuple(shards)


def shard_names(files: CheckpointFiles, index: Index | None) -> tuple[str, ...]:
    """The files of the index; without one every safetensors file that is not a temp part or a duplicate copy."""
    if index is not None and index.files:
        return tuple(name for name in index.files if name in files.entries)
    names = [name for name in files.entries if name.endswith(".safetensors") and not temporary(name)]
    # Mistral's repositories hold the same weights twice; adapters are no weights of the model.
    main = [name for name in names if not name.startswith(("consolidated", "adapter_"))]
    return tuple(sorted(main or names))


def temporary(name: str) -> bool:
    """True for the names that exporters and downloaders give to what they are still writing."""
    return _TEMPORARY.fullmatch(name) is not None


def tensors(shards: tuple[Shard, ...]) -> Iterator[tuple[str, str, tuple[int, ...], int]]:
    """Name, dtype, shape and size in bytes of every tensor."""
    for shard in shards:
        header = shard.header
        yield from zip(header.names, header.dtypes, header.shapes, header.sizes, strict=True)
