"""What others hear of a running daemon: its status files, and what systemd is told."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

from advisor.watch.notify import Notifier
from advisor.watch.state import RootStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structlog.typing import FilteringBoundLogger

    from advisor.watch.log import LastErrors
    from advisor.watch.root import Root
    from advisor.watch.workers import Workers

_STATUS_EVERY = 1.0


class Telling:
    def __init__(self, roots: Sequence[Root], workers: Workers, log: FilteringBoundLogger, errors: LastErrors) -> None:
        self._roots = roots
        self._workers = workers
        self._log = log
        self._errors = errors
        self._notifier = Notifier()
        self._is_ready = False
        self._started = time.time()
        self._status_due = 0.0
        self._alive_due = 0.0
        self._news: tuple[object, ...] = ()

    def due(self) -> list[float]:
        """Moments of the monotonic clock at which there is something to tell."""
        moments = [self._alive_due] if self._notifier.interval else []
        return [*moments, self._status_due] if self._status_due else moments

    def tell(self) -> None:
        now = time.monotonic()
        if not self._is_ready and self._roots and all(root.workspace.looks.reconciled for root in self._roots):
            self._is_ready = True
            self._log.info("ready", seconds=round(time.time() - self._started, 2), backlog=self._backlog())
            self.ready()
            self._status_due = now
        if self._notifier.interval and now >= self._alive_due:
            self._alive_due = now + self._notifier.interval
            self._notifier.alive()
        if self._status_due and now >= self._status_due:
            busy = self._backlog() > 0 or any(root.workspace.looks for root in self._roots)
            for root in self._roots:
                self.write_status(root)
            self._notifier.status(self._line())
            self._status_due = now + _STATUS_EVERY if busy else 0.0
        elif not self._status_due:
            self._status_due = now + _STATUS_EVERY if self._has_news() else 0.0

    def ready(self) -> None:
        self._notifier.ready(self._line())

    def reloading(self) -> None:
        self._notifier.reloading()

    def stopping(self) -> None:
        self._notifier.stopping()

    def write_status(self, root: Root) -> None:
        whole = RootStatus(
            "", "", "", "", 0, 0, {}, os.getpid(), socket.gethostname(), self._started, 0.0, self._workers.restarts,
            errors=list(self._errors.lines),
        )  # fmt: skip
        root.state.write_status(root.status(whole))

    def _has_news(self) -> bool:
        news = (
            self._backlog(),
            self._workers.restarts,
            len(self._errors.lines),
            tuple(root.workspace.done for root in self._roots),
        )
        if news == self._news:
            return False
        self._news = news
        return True

    def _backlog(self) -> int:
        return sum(root.workspace.backlog for root in self._roots) + self._workers.backlog

    def _line(self) -> str:
        modes = ", ".join(f"{root.path} ({root.mode})" for root in self._roots)
        return f"watching {modes}; {self._backlog()} waiting"
