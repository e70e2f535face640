"""A file's bytes to a Document, with a bound on size and a problem in place of every surprise."""

from __future__ import annotations

import errno
import os
import stat

from advisor.document.document import Document
from advisor.document.nodes import Span
from advisor.document.parse import parse_document
from advisor.document.problems import Problem

MAX_BYTES = 8 * 1024 * 1024
_NOWHERE = Span(0, 0)


def read_document(path: str) -> Document:
    """Read and parse one file. Never raises for a bad file: the document's `problems` say what is wrong."""
    try:
        data = read_bytes(path)
    except OSError as error:
        return _failed(path, "unreadable", f"cannot be read: {error.strerror or error}")
    return decode_document(path, data)


def decode_document(path: str, data: bytes) -> Document:
    """Bytes to a Document; more than MAX_BYTES, NULs and invalid UTF-8 are problems."""
    if len(data) > MAX_BYTES:
        return _failed(path, "too-large", f"larger than {MAX_BYTES >> 20} MB: not a NEL config")
    if b"\0" in data:
        return _failed(path, "binary", "binary data, not YAML text")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        at = len(before.removeprefix("\ufeff"))
        problem = Problem("encoding", f"byte 0x{data[error.start]:02x} is not valid UTF-8", Span(at, at))
        return Document(path, before.removeprefix("\ufeff"), None, (problem,))
    return parse_document(path, text)


def read_bytes(path: str) -> bytes:
    """At most MAX_BYTES + 1 bytes of a regular file."""
    with open(open_regular(path), "rb") as file:
        return file.read(MAX_BYTES + 1)


def open_regular(path: str) -> int:
    """A descriptor of a regular file; a pipe or device is an OSError, never waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file")


def _failed(path: str, kind: str, message: str) -> Document:
    return Document(path, "", None, (Problem(kind, message, _NOWHERE),))
