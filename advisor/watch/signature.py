"""Cheap signs that a file or directory has changed: no content is read."""

from __future__ import annotations

import os
import stat

from advisor.checkpoint.recognise import looks_like_checkpoint
from advisor.watch import names

ABSENT = ""


def of_file(path: str) -> str:
    """Size, time, inode and mode of a regular file, no link followed; ABSENT for anything else."""
    try:
        return of_status(os.lstat(path))
    except OSError:
        return ABSENT


def of_status(status: os.stat_result) -> str:
    if not stat.S_ISREG(status.st_mode):
        return ABSENT
    return f"{status.st_size}.{status.st_mtime_ns}.{status.st_ino}.{status.st_mode & 0o777:o}"


def of_folder(path: str, most: int = 20_000) -> str:
    """How many entries a directory has, their bytes in all, and the newest of their times; ABSENT where there is none.
    Links are followed, for caches keep a checkpoint's files as links."""
    count = size = newest = 0
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if count >= most:
                    break
                try:
                    status = entry.stat()
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    count, size, newest = count + 1, size + status.st_size, max(newest, status.st_mtime_ns)
    except (OSError, ValueError):
        return ABSENT
    return f"{count}.{size}.{newest}"


def of_target(path: str) -> str:
    """The sign of a config, or of a directory that is a checkpoint and no link; ABSENT for anything else."""
    if names.kind_of(path) == names.CONFIG:
        return of_file(path)
    try:
        is_checkpoint = looks_like_checkpoint(os.listdir(path)) and not os.path.islink(path)
    except OSError:
        return ABSENT
    return of_folder(path) if is_checkpoint else ABSENT


def of_anything(path: str) -> str:
    """The sign of whatever is there."""
    return of_folder(path) if os.path.isdir(path) else of_file(path)
