"""The daemon's loop: one thread that sleeps until a change, an answer, a signal or a moment that was agreed."""

from __future__ import annotations

import os
import select
import signal
import socket
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.watch.lease import Held
from advisor.watch.observer import Changes, Watching
from advisor.watch.root import Root
from advisor.watch.telling import Telling
from advisor.watch.timing import Timing
from advisor.watch.workers import Workers

if TYPE_CHECKING:
    from types import FrameType

    from structlog.typing import FilteringBoundLogger

    from advisor.watch.log import LastErrors

_SLICE = 0.05
DONE, FAILED = 0, 2


@dataclass(frozen=True, slots=True)
class Plan:
    """What a daemon is to do: watch these roots, for changes or by looking, or once."""

    roots: tuple[str, ...]
    timing: Timing
    poll: bool = False
    once: bool = False
    worker_module: str = "advisor.watch.worker_main"


class Daemon:
    """Made and run in the main thread."""

    def __init__(self, plan: Plan, log: FilteringBoundLogger, errors: LastErrors) -> None:
        self._plan = plan
        self._log = log
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._changes = Changes(self._wake)
        self._watching = Watching(self._changes)
        self._roots: list[Root] = []
        self._workers = Workers(plan.timing.limit, plan.worker_module, self._roots, log)
        self._telling = Telling(self._roots, self._workers, log, errors)
        self._stop = self._reload = False

    def run(self) -> int:
        """Until a signal, or with `once` until all is done. The exit code."""
        self._catch_signals()
        try:
            self._open()
            while not self._stop:
                self._turn()
                if self._plan.once and self._is_done():
                    break
            return DONE
        except Held as held:
            self._log.error(str(held))
            return FAILED
        except (OSError, sqlite3.Error) as error:
            self._log.error("stopped", reason=str(error))
            return FAILED
        finally:
            self._close()

    # Beginning and end

    def _open(self) -> None:
        self._workers.start()  # first, since it takes longest
        for path in self._plan.roots:
            self._roots.append(
                Root(path, self._plan.timing, self._watching, self._log, poll=self._plan.poll or self._plan.once)
            )
        if not self._plan.once:
            self._watching.start()
            for root in self._roots:
                root.watch()
                self._log.info(
                    "watching", root=root.path, mode=root.mode, filesystem=root.mount.type, reason=root.reason
                )

    def _close(self) -> None:
        self._telling.stopping()
        self._workers.end()
        with suppress(RuntimeError):
            self._watching.stop()
        for root in self._roots:
            with suppress(sqlite3.Error):
                self._telling.write_status(root)
                root.workspace.ledger.close()
            root.close()
        self._log.debug("stopped")

    def _catch_signals(self) -> None:
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)

    def _on_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stop = True

    def _on_reload(self, _signal: int, _frame: FrameType | None) -> None:
        self._reload = True

    def _wake(self) -> None:
        with suppress(OSError):  # a full pipe wakes as well
            os.write(self._wake_write, b"\0")

    # The loop

    def _turn(self) -> None:
        self._sleep()
        if self._reload:
            self._reload = False
            self._reload_all()
        self._take_changes()
        if self._workers.hear():
            self._telling.ready()
        until = time.monotonic() + _SLICE
        for root in self._roots:
            self._step(root, until)
        self._workers.feed()
        self._telling.tell()

    def _sleep(self) -> None:
        files: list[int | socket.socket] = [self._wake_read, *self._workers.sockets()]
        due = [root.next_due() for root in self._roots] + self._workers.due() + self._telling.due()
        wait = max(0.0, min(due, default=0.0) - time.monotonic())
        readable, _, _ = select.select(files, [], [], min(wait, 3600.0))
        if self._wake_read in readable:
            with suppress(BlockingIOError):
                while os.read(self._wake_read, 4096):
                    pass

    def _take_changes(self) -> None:
        if self._changes.lost:
            self._changes.lost = False
            self._log.warning("events were lost: looking over everything")
            self._changes.take()
            for root in self._roots:
                root.workspace.looks.reconcile()
        for path, is_folder in self._changes.take().items():
            for root in self._roots:
                if root.is_below(path):
                    root.workspace.mark(path, is_folder)

    def _step(self, root: Root, until: float) -> None:
        try:
            root.step(until)
        except sqlite3.Error as error:
            root.ledger_failed(error, self._workers.base)

    def _is_done(self) -> bool:
        return self._workers.is_idle and all(root.workspace.is_idle for root in self._roots)

    def _reload_all(self) -> None:
        self._telling.reloading()
        self._log.info("reloading rules and settings")
        self._workers.replace()
        for root in self._roots:
            root.workspace.looks.reconcile()
