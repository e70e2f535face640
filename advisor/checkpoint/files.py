"""The entries of one checkpoint directory, and bounded reads of them that never block and never raise."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from advisor.checkpoint.problems import Problem, encodable
from advisor.document.reading import open_regular

if TYPE_CHECKING:
    from advisor.checkpoint.problems import ProblemKind

MAX_ENTRIES = 20_000
_READ_SUFFIXES = (".json", ".safetensors", ".jinja", ".md", ".model", ".tiktoken", ".bin", ".py", ".txt")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A regular file, or what a link of this directory points to. `size` in bytes."""

    name: str
    size: int
    mtime_ns: int
    inode: int


@dataclass(slots=True)
class CheckpointFiles:
    """One directory as it was listed, with the problems met on the way."""

    path: str
    entries: dict[str, FileEntry] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def report(self, kind: ProblemKind, file: str, message: str) -> None:
        self.problems.append(Problem(kind, file, message))

    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of a listed file, or None with a problem; more than `limit` bytes is a problem."""
        entry = self.entries.get(name)
        if entry is None:
            return None
        if entry.size > limit:
            self.report("too-large", name, f"{entry.size} bytes, more than the {limit} that are read")
            return None
        try:
            descriptor = open_regular(f"{self.path}/{name}")
        except OSError as error:
            self.report("unreadable", name, reason(error))
            return None
        try:
            with os.fdopen(descriptor, "rb") as file:
                data = file.read(limit + 1)
        except OSError as error:
            self.report("unreadable", name, reason(error))
            return None
        if len(data) > limit:
            self.report("too-large", name, f"grew past {limit} bytes while it was read")
            return None
        return data


def list_checkpoint(path: str) -> CheckpointFiles:
    """List the top level of a directory. Links are followed to their target; nothing deeper is looked at."""
    files = CheckpointFiles(path)
    try:
        with os.scandir(path) as entries:
            for count, entry in enumerate(entries):
                if count >= MAX_ENTRIES:
                    files.report("too-many-files", "", f"more than {MAX_ENTRIES} entries: the rest was not read")
                    break
                _add(files, entry)
    except OSError as error:
        files.report(_directory_kind(error), "", reason(error))
    except ValueError:
        files.report("not-found", "", "the path holds a NUL byte")
    return files


def reason(error: OSError) -> str:
    """The system's words for an error, without the path."""
    return (error.strerror or type(error).__name__).lower()


def _add(files: CheckpointFiles, entry: os.DirEntry[str]) -> None:
    name = entry.name
    if not encodable(name):
        files.report("not-utf8", ascii(name), "a file name that is not valid UTF-8: not read")
        return
    try:
        status = entry.stat()
    except OSError as error:
        if name.endswith(_READ_SUFFIXES):
            files.report(_link_kind(error), name, reason(error))
        return
    if stat.S_ISREG(status.st_mode):
        files.entries[name] = FileEntry(name, status.st_size, status.st_mtime_ns, status.st_ino)
    elif name.endswith(_READ_SUFFIXES):
        files.report("not-regular", name, f"a {_sort(status.st_mode)} where a file is expected: not read")


def _link_kind(error: OSError) -> ProblemKind:
    return {errno.ENOENT: "dangling-link", errno.ELOOP: "link-loop"}.get(error.errno or 0, "unreadable")  # type: ignore[return-value]


def _directory_kind(error: OSError) -> ProblemKind:
    kinds: dict[int, ProblemKind] = {
        errno.ENOENT: "not-found",
        errno.ENAMETOOLONG: "not-found",
        errno.ENOTDIR: "not-a-directory",
        errno.ELOOP: "link-loop",
    }
    return kinds.get(error.errno or 0, "unreadable")


def _sort(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "directory"
    if stat.S_ISFIFO(mode):
        return "named pipe"
    return "socket" if stat.S_ISSOCK(mode) else "device"
