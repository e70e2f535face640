"""Writes a fixed file in place: whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from advisor.document.document import Document
from advisor.document.reading import read_bytes

# No search for configs finds what a killed process leaves behind.
_SUFFIX = ".nel-advisor-tmp"


class CannotWrite(OSError):
    """Why a file was left as it is."""


def encoded(document: Document) -> bytes:
    """A document's text as its file holds it."""
    return (b"\xef\xbb\xbf" if document.bom else b"") + document.text.encode("utf-8")


def write_in_place(before: Document, after: Document) -> None:
    """Replace the file that `before` was read from. Keeps its mode, owner and extended attributes.

    Raises CannotWrite where the file is not what was read any more, or is no file of its own in its folder.
    """
    path = _own_file(before.path)
    try:
        status = os.stat(path)
        _check(path, status, encoded(before))
        temporary = _write_beside(path, status, encoded(after))
        try:
            _check(path, status, encoded(before))
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(os.path.dirname(path) or ".")
    except CannotWrite:
        raise
    except OSError as error:
        raise CannotWrite(error.strerror or str(error)) from None


def _own_file(path: str) -> str:
    """The path with a link at its end followed, where that stays below the link's folder."""
    if not os.path.islink(path):
        return path
    folder, target = os.path.realpath(os.path.dirname(path) or "."), os.path.realpath(path)
    if os.path.commonpath([folder, target]) != folder:
        raise CannotWrite(f"it is a link out of its folder, to {target}")
    return target


def _check(path: str, status: os.stat_result, expected: bytes) -> None:
    now = os.stat(path, follow_symlinks=False)
    if (now.st_dev, now.st_ino) != (status.st_dev, status.st_ino) or read_bytes(path) != expected:
        raise CannotWrite("it changed since it was read")
    if now.st_nlink > 1:
        raise CannotWrite("it has another name (a hard link), which would keep the old text")


def _write_beside(path: str, status: os.stat_result, data: bytes) -> str:
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{os.urandom(6).hex()}{_SUFFIX}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            _take_over(path, file.fileno(), status)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    return temporary


def _take_over(path: str, descriptor: int, status: os.stat_result) -> None:
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid):
        try:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        except OSError:
            raise CannotWrite("its owner could not be kept") from None
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    with suppress(OSError, AttributeError):
        for name in os.listxattr(path):
            os.setxattr(descriptor, name, os.getxattr(path, name))


def _sync_folder(folder: str) -> None:
    """So that the rename survives a power cut; some file systems cannot."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
