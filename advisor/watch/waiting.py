"""The targets of one root that wait: first until they hold still, then until the worker has room for them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from advisor.watch import names, signature
from advisor.watch.settling import Settling

_FOLDER = "folder"


class Waiting:
    """What people save right now goes before what a look has found. `settle` is in seconds."""

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._settling = Settling(_look)
        self._due_folders = Settling(_nothing)
        self._urgent: dict[str, str] = {}
        self._backlog: dict[str, str] = {}
        self._found: set[str] = set()
        self._later: set[str] = set()

    def __contains__(self, path: str) -> bool:
        """Whether it has changed, and does not hold still yet."""
        return path in self._settling

    def __len__(self) -> int:
        """Targets to do: those that wait for a checkpoint's end are none."""
        return len(self._settling) - len(self._later) + len(self._urgent) + len(self._backlog)

    @property
    def has_folders(self) -> bool:
        return len(self._due_folders) > 0

    @property
    def has_work(self) -> bool:
        """Whether something has held still, and waits for the worker."""
        return bool(self._urgent or self._backlog)

    def next_due(self) -> float | None:
        """When something may have held still."""
        some = [due for due in (self._settling.next_due(), self._due_folders.next_due()) if due is not None]
        return min(some, default=None)

    # Coming

    def mark(self, path: str) -> None:
        """Somebody has changed it."""
        self._mark(path, self._settle)

    def find(self, path: str) -> None:
        """A look has found it changed: it waits behind what people save right now."""
        if (path not in self._settling or path in self._later) and path not in self._urgent:
            self.mark(path)
            self._found.add(path)

    def wait(self, path: str, seconds: float) -> None:
        """A checkpoint that is still being written: to be asked for again."""
        self._mark(path, seconds)
        self._later.add(path)

    def mark_folder(self, path: str) -> None:
        """To be looked at, with all below it."""
        self._due_folders.mark(path, time.monotonic(), self._settle)

    def _mark(self, path: str, seconds: float) -> None:
        self._found.discard(path)
        self._later.discard(path)
        self._urgent.pop(path, None)
        self._backlog.pop(path, None)
        self._settling.mark(path, time.monotonic(), seconds)

    # Going

    def settled_folders(self) -> Iterator[str]:
        """The folders that have held still, but for those in another one of them."""
        last = ""
        for path in sorted(path for path, _ in self._due_folders.settled(time.monotonic(), self._settle)):
            if not last or not path.startswith(last + "/"):
                last = path
                yield path

    def settled(self) -> Iterator[str]:
        """The targets that have held still, each to be handed back by `add`, or left to `forget`."""
        for path, _ in self._settling.settled(time.monotonic(), self._settle):
            self._later.discard(path)
            yield path

    def add(self, path: str, sign: str) -> None:
        waiting = self._backlog if path in self._found else self._urgent
        self._found.discard(path)
        waiting[path] = sign

    def forget(self, path: str) -> None:
        self._found.discard(path)

    def pop(self) -> tuple[str, str] | None:
        """The next target for the worker, with its signature."""
        for waiting in (self._urgent, self._backlog):
            if waiting:
                path = next(iter(waiting))
                return path, waiting.pop(path)
        return None

    def put_back(self, path: str, sign: str) -> None:
        """It was not done."""
        if path not in self._settling and path not in self._urgent:
            self._backlog[path] = sign


def _look(path: str) -> str:
    """What must hold still: a config's signature. A checkpoint has no such thing: it is done when it is complete."""
    return signature.of_file(path) if names.kind_of(path) == names.CONFIG else _FOLDER


def _nothing(path: str) -> str:
    return _FOLDER
