"""Cheap signs that a file or directory has changed: no content is read."""

from __future__ import annotations

import os
import stat

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


def of_anything(path: str) -> str:
    """The sign of whatever is there."""
    return of_folder(path) if os.path.isdir(path) else of_file(path)
