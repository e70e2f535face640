"""One safetensors header: 8 bytes of length, that much JSON, and nothing of the data behind it.

The format and its bounds: huggingface/safetensors, safetensors/src/tensor.rs (validate, read_metadata).
"""

from __future__ import annotations

import json
import os
from array import array
from dataclasses import dataclass, field
from sys import intern
from typing import TYPE_CHECKING, Any

from advisor.checkpoint.files import reason
from advisor.checkpoint.problems import encodable
from advisor.document.reading import open_regular

if TYPE_CHECKING:
    from advisor.checkpoint.problems import ProblemKind

# The library's own bound is 100 MB; a header of a real 100,000-tensor file is about 14 MB.
MAX_HEADER_BYTES = 32 * 1024 * 1024
BITS = {
    **dict.fromkeys(("F4",), 4),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}
_KNOWN = {intern(name): bits for name, bits in BITS.items()}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one header."""

    kind: ProblemKind
    message: str


@dataclass(frozen=True, slots=True)
class Header:
    """Tensors as parallel columns. `sizes` in bytes."""

    names: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    shapes: tuple[tuple[int, ...], ...] = ()
    sizes: array[int] = field(default_factory=lambda: array("Q"))
    faults: tuple[Fault, ...] = ()

    @property
    def readable(self) -> bool:
        """False where the tensors of the file are not known."""
        return not any(fault.kind in _UNREADABLE for fault in self.faults)


_UNREADABLE = frozenset({"header-length", "header-json", "header-tensor", "unreadable", "duplicate-tensor"})


def read_header(path: str) -> Header:
    """The header of one file. Never raises: `faults` say what is wrong."""
    try:
        descriptor = open_regular(path)
    except OSError as error:
        return _failed("unreadable", reason(error))
    try:
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            size = os.fstat(descriptor).st_size
            first = file.read(8)
            length = int.from_bytes(first, "little")
            if len(first) < 8:
                return _failed("header-length", f"{size} bytes: too short for a safetensors header")
            if length > MAX_HEADER_BYTES:
                return _failed("header-length", f"claims a header of {length} bytes")
            if length + 8 > size:
                return _failed("header-length", f"claims a header of {length} bytes in a file of {size}")
            data = file.read(length)
    except OSError as error:
        return _failed("unreadable", reason(error))
    return decode_header(data, size) if len(data) == length else _failed("header-length", "shrank while it was read")


def decode_header(data: bytes, file_size: int) -> Header:
    """Header bytes to columns, checked against each other and against the size of the file."""
    try:
        # Pairs instead of dicts: a name that is there twice must not vanish.
        pairs = json.loads(data, object_pairs_hook=tuple)
    except (RecursionError, ValueError, MemoryError):
        return _failed("header-json", "the header is not JSON")
    if data[:1] != b"{" or not isinstance(pairs, tuple):
        return _failed("header-json", "the header is not a JSON object")
    return _columns(pairs, 8 + len(data), file_size)


def _columns(pairs: tuple[Any, ...], data_start: int, file_size: int) -> Header:
    names: list[str] = []
    dtypes: list[str] = []
    shapes: list[tuple[int, ...]] = []
    sizes = array("Q")
    spans: list[tuple[int, int]] = []
    mismatch = ""
    for name, info in pairs:
        if name == "__metadata__":
            continue
        tensor = _tensor(info)
        if tensor is None:
            return _failed("header-tensor", f"{name!r:.120} has no valid dtype, shape and data_offsets")
        dtype, shape, begin, end = tensor
        bits = _KNOWN.get(dtype)
        if bits is not None:
            for length in shape:
                bits *= length
            if (bits + 7) >> 3 != end - begin:
                mismatch = mismatch or f"{name!r:.120} takes {end - begin} bytes, its shape and dtype {(bits + 7) >> 3}"
        names.append(name)
        dtypes.append(dtype)
        shapes.append(shape)
        sizes.append(end - begin)
        spans.append((begin, end))
    if len(set(names)) != len(names):
        return _failed("duplicate-tensor", "a tensor is there twice")
    if not encodable("".join(names)):
        return _failed("header-tensor", "a tensor name is not valid Unicode")
    spans.sort()
    fault = mismatch or _contiguous(spans)
    declared = data_start + (spans[-1][1] if spans else 0)
    faults = [Fault("header-offsets", fault)] if fault else [*_size_fault(declared, file_size)]
    return Header(tuple(names), tuple(dtypes), tuple(shapes), sizes, tuple(faults))


def _tensor(info: Any) -> tuple[str, tuple[int, ...], int, int] | None:
    """dtype, shape, begin and end of one entry; None where it is not of that form."""
    if type(info) is not tuple:
        return None
    fields = dict(info)
    dtype, shape, offsets = fields.get("dtype"), fields.get("shape"), fields.get("data_offsets")
    if type(dtype) is not str or type(shape) is not list or type(offsets) is not list or len(offsets) != 2:
        return None
    begin, end = offsets
    if type(begin) is not int or type(end) is not int or not 0 <= begin <= end < 1 << 63:
        return None
    if len(shape) > 32:
        return None
    for length in shape:
        if type(length) is not int or not 0 <= length < 1 << 63:
            return None
    return intern(dtype), tuple(shape), begin, end


def _contiguous(spans: list[tuple[int, int]]) -> str:
    at = 0
    for begin, end in spans:
        if begin != at:
            return f"tensor data {'overlaps' if begin < at else 'leaves a gap'} at byte {begin}"
        at = end
    return ""


def _size_fault(declared: int, size: int) -> tuple[Fault, ...]:
    if size < declared:
        return (Fault("shard-truncated", f"{size} bytes of the {declared} that its header declares"),)
    if size > declared:
        return (Fault("shard-trailing-bytes", f"{size - declared} bytes more than its header declares"),)
    return ()


def _failed(kind: ProblemKind, message: str) -> Header:
    return Header(faults=(Fault(kind, message),))
