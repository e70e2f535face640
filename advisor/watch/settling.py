"""Dirty paths wait here until they hold still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush


@dataclass(slots=True)
class _Dirty:
    due: float
    signature: str


class Settling:
    """Trailing debounce: each mark starts the wait anew, and a path is let go once its signature is the same at the
    end of the wait as at its start. Times are seconds of a clock that never goes back."""

    def __init__(self, signature_of: Callable[[str], str]) -> None:
        self._signature_of = signature_of
        self._dirty: dict[str, _Dirty] = {}
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._dirty)

    def __contains__(self, path: str) -> bool:
        return path in self._dirty

    def mark(self, path: str, now: float, wait: float) -> None:
        self._dirty[path] = _Dirty(now + wait, self._signature_of(path))
        self._push(now + wait, path)

    def next_due(self) -> float | None:
        """When to ask again; None for never."""
        while self._heap:
            due, path = self._heap[0]
            dirty = self._dirty.get(path)
            if dirty is not None and dirty.due == due:
                return due
            heappop(self._heap)
        return None

    def settled(self, now: float, wait: float) -> Iterator[tuple[str, str]]:
        """The paths that have held still, each with its signature; those that have not wait once more."""
        while (due := self.next_due()) is not None and due <= now:
            _, path = heappop(self._heap)
            dirty = self._dirty.pop(path)
            signature = self._signature_of(path)
            if signature == dirty.signature:
                yield path, signature
            else:
                self._dirty[path] = _Dirty(now + wait, signature)
                self._push(now + wait, path)

    def _push(self, due: float, path: str) -> None:
        """A path marked over and over must not fill the heap with waits that no longer count."""
        if len(self._heap) > 64 + 4 * len(self._dirty):
            self._heap = [(dirty.due, path) for path, dirty in self._dirty.items()]
            heapify(self._heap)
            return
        heappush(self._heap, (due, path))
