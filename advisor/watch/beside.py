"""Files beside a target: written whole or not at all, through no symbolic link, and never over what a person wrote."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from advisor.watch.names import TEMPORARY
from advisor.watch.seal import is_sealed

WRITTEN, SAME, LEFT = "written", "same", "left alone"
# Nothing of ours is larger; what is has been changed by someone else.
_MAX_BYTES = 32 * 1024 * 1024
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READABLE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


@dataclass(frozen=True, slots=True)
class Permissions:
    """Who may read an output: those who may read the original."""

    mode: int
    group: int

    @classmethod
    def like(cls, status: os.stat_result) -> Permissions:
        return cls((status.st_mode & _READABLE) | stat.S_IRUSR | stat.S_IWUSR, status.st_gid)


class Beside:
    """Writes below one root. All calls raise OSError where the disk refuses, and then nothing is half-written."""

    def __init__(self, root: str) -> None:
        self.root = root

    def write(self, path: str, data: bytes, permissions: Permissions) -> str:
        """WRITTEN, SAME where it was there already, or LEFT where a person has changed it."""
        with self._folder(path) as (folder, name):
            there = _read(folder, name)
            if there is not None:
                if there.data == data and there.permits(permissions):
                    return SAME
                if not is_sealed(there.data):
                    return LEFT
            _replace(folder, name, data, permissions)
            return WRITTEN

    def remove(self, path: str) -> str:
        """WRITTEN where it is gone now, SAME where it was gone already, or LEFT where a person has changed it."""
        try:
            with self._folder(path) as (folder, name):
                there = _read(folder, name)
                if there is None:
                    return SAME
                if not is_sealed(there.data):
                    return LEFT
                os.unlink(name, dir_fd=folder)
                return WRITTEN
        except (FileNotFoundError, NotADirectoryError):
            return SAME

    @contextmanager
    def _folder(self, path: str) -> Iterator[tuple[int, str]]:
        """The folder of a path below the root, each step opened without following a link, and the path's last name."""
        *folders, name = os.path.relpath(path, self.root).split("/")
        if ".." in folders or name in ("", ".", ".."):
            raise OSError(errno.EINVAL, "not below the root", path)
        descriptor = os.open(self.root, _FOLDER)
        try:
            for part in folders:
                inner = os.open(part, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor, name
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class _There:
    """What stands at a name already. What is no plain file, or cannot be read, counts as a person's."""

    data: bytes
    mode: int
    group: int

    def permits(self, permissions: Permissions) -> bool:
        wanted = permissions.mode if self.group == permissions.group else permissions.mode & ~stat.S_IRGRP
        return self.mode == wanted


_FOREIGN = _There(b"?", -1, -1)


def _read(folder: int, name: str) -> _There | None:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EACCES):
            return _FOREIGN
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
            return _FOREIGN
        with open(descriptor, "rb", closefd=False) as file:
            return _There(file.read(_MAX_BYTES), stat.S_IMODE(status.st_mode), status.st_gid)
    finally:
        os.close(descriptor)


def _replace(folder: int, name: str, data: bytes, permissions: Permissions) -> None:
    temporary = f"{TEMPORARY}{os.getpid()}"
    with suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb", closefd=True) as file:
            file.write(data)
            file.flush()
            os.fchmod(descriptor, _mode(descriptor, permissions))
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def _mode(descriptor: int, permissions: Permissions) -> int:
    """The original's readable bits; the group's only where the group is the original's."""
    if os.fstat(descriptor).st_gid != permissions.group:
        try:
            os.fchown(descriptor, -1, permissions.group)
        except OSError:
            return permissions.mode & ~stat.S_IRGRP
    return permissions.mode
