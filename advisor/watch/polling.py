"""Looking for changes where the kernel does not tell of them: each folder's own time, each known YAML file's, each
known checkpoint's. A folder is listed anew only when its time has changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from advisor.watch import signature
from advisor.watch.walk import list_folder

# File systems keep times as coarsely as this, in seconds: a folder that has just changed may change again unseen.
COARSEST = 2.0


@dataclass(slots=True)
class _Known:
    """`since` is when the folder's time was first seen as it is, `listed` when it was last listed."""

    mtime_ns: int
    since: float
    listed: float
    folders: tuple[str, ...]
    configs: dict[str, str]
    checkpoint: str

    @property
    def may_have_changed_unseen(self) -> bool:
        return self.listed - self.since < COARSEST


class Poller:
    """What is known of one tree. `seen` is called with each path that has changed, and whether it is a folder."""

    def __init__(
        self, root: str, seen: Callable[[str, bool], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.root = root
        self._seen = seen
        self._clock = clock
        self._known: dict[str, _Known] = {}

    @property
    def folders(self) -> int:
        return len(self._known)

    def look(self) -> Iterator[None]:
        """One look over the whole tree, in small steps: one for each folder."""
        waiting = [self.root]
        gone = set(self._known)
        while waiting:
            path = waiting.pop()
            gone.discard(path)
            waiting += self._folder(path)
            yield
        for path in gone:
            self._forget(path)

    def _forget(self, path: str) -> None:
        if self._known.pop(path, None) is not None:
            self._seen(path, True)

    def _folder(self, path: str) -> tuple[str, ...]:
        known = self._known.get(path)
        try:
            mtime_ns = os.lstat(path).st_mtime_ns
        except OSError:
            self._forget(path)
            return ()
        if known is None or known.mtime_ns != mtime_ns or known.may_have_changed_unseen:
            return self._list(path, known)
        for config, before in known.configs.items():
            now = signature.of_file(config)
            if now != before:
                known.configs[config] = now
                self._seen(config, False)
        if known.checkpoint:
            self._checkpoint(path, known)
        return known.folders

    def _list(self, path: str, known: _Known | None) -> tuple[str, ...]:
        folder = list_folder(path)
        if folder is None:
            self._forget(path)
            return ()
        now = self._clock()
        configs = dict(folder.configs)
        before = known.configs if known else {}
        for config in before.keys() | configs.keys():
            if before.get(config) != configs.get(config):
                self._seen(config, False)
        changed = known is None or known.mtime_ns != folder.mtime_ns
        since = now if changed or known is None else known.since
        fresh = _Known(folder.mtime_ns, since, now, folder.folders, configs, known.checkpoint if known else "")
        self._known[path] = fresh
        if folder.is_checkpoint:
            self._checkpoint(path, fresh)
        elif fresh.checkpoint:
            fresh.checkpoint = ""
            self._seen(path, True)
        return folder.folders

    def _checkpoint(self, path: str, known: _Known) -> None:
        now = signature.of_folder(path)
        if now != known.checkpoint:
            known.checkpoint = now
            self._seen(path, True)
