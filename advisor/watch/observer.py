"""What the kernel says has changed. Nothing here is believed: each path is only marked for a look."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

# Not `modified`: a shard of many gigabytes would send one for each write. A file is closed when it is done, and
# settling compares what is on disk; what a program keeps open for ever is found by the next reconcile.
_EVENTS: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
]
MOST_PENDING = 200_000


class Changes(FileSystemEventHandler):
    """Paths from the watching threads to the daemon's own: (path, whether it is or was a folder). Past MOST_PENDING,
    or when the kernel's queue overflows, `lost` says that only a reconcile knows."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._paths: deque[tuple[str, bool]] = deque()
        self.lost = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        if len(self._paths) >= MOST_PENDING:
            self.lose()
            return
        was_empty = not self._paths
        for path in (event.src_path, event.dest_path):
            if path:
                self._paths.append((os.fsdecode(path), event.is_directory))
        if was_empty:
            self._wake()

    def lose(self) -> None:
        if not self.lost:
            self.lost = True
            self._wake()

    def take(self) -> dict[str, bool]:
        """All that has come since the last call; a path that was a folder at any time counts as one."""
        taken: dict[str, bool] = {}
        for _ in range(len(self._paths)):
            path, is_folder = self._paths.popleft()
            taken[path] = is_folder or taken.get(path, False)
        return taken


class _Overflow(logging.Handler):
    """watchdog tells of an overflow of the kernel's queue in its log, and nowhere else."""

    def __init__(self, changes: Changes) -> None:
        super().__init__(logging.WARNING)
        self._changes = changes

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage():
            self._changes.lose()


class Watching:
    """The kernel's watches on any number of roots."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._observer: BaseObserver = Observer()
        self._watches: dict[str, tuple[ObservedWatch, int]] = {}
        self._folders: dict[str, int] = {}
        self._overflow = _Overflow(changes)
        self._log = logging.getLogger("watchdog")

    def start(self) -> None:
        """Raises OSError where the kernel gives no watching at all."""
        self._log.addHandler(self._overflow)
        self._log.propagate = False
        self._observer.start()

    def stop(self) -> None:
        self._observer.stop()
        self._observer.join()
        self._log.removeHandler(self._overflow)

    def add(self, root: str) -> None:
        """Watches a root and all below it. Raises OSError where the root itself cannot be watched; of a folder below it
        that cannot, only `count` tells."""
        inode = os.stat(root).st_ino
        self._watches[root] = (
            self._observer.schedule(self._changes, root, recursive=True, event_filter=_EVENTS),
            inode,
        )

    def remove(self, root: str) -> None:
        watch = self._watches.pop(root, None)
        self._folders.pop(root, None)
        if watch is not None:
            self._observer.unschedule(watch[0])

    def missing(self, root: str, folders: int) -> int:
        """How many of a root's folders must lack a watch, of which watchdog says nothing: 0 where all may have one.
        Hidden folders have one too, so that with other roots beside it this finds only a great lack."""
        self._folders[root] = folders
        return max(
            0, sum(self._folders[watched] for watched in self._watches if watched in self._folders) - _count_watches()
        )

    def is_stale(self, root: str) -> bool:
        """Whether the root is no longer the directory that is watched: it was removed or mounted over, and made
        again."""
        watch = self._watches.get(root)
        try:
            return watch is not None and os.stat(root).st_ino != watch[1]
        except OSError:
            return True


def _count_watches() -> int:
    """How many watches this process has, as the kernel counts them."""
    count = 0
    for name in os.listdir("/proc/self/fdinfo"):
        try:
            if "inotify" in os.readlink(f"/proc/self/fd/{name}"):
                with open(f"/proc/self/fdinfo/{name}", "rb") as lines:
                    count += sum(line.startswith(b"inotify ") for line in lines)
        except OSError:
            continue
    return count
