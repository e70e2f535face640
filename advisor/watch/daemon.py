"""The daemon's loop: one thread that sleeps until a change, an answer, a signal or a moment that was agreed."""

from __future__ import annotations

import os
import select
import signal
import socket
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from advisor.report.trouble import trouble_markdown
from advisor.watch.lease import Held
from advisor.watch.ledger import QUARANTINED, is_damage
from advisor.watch.messages import Job, Result
from advisor.watch.names import ADVICE
from advisor.watch.notify import Notifier
from advisor.watch.observer import Changes, Watching
from advisor.watch.root import Root
from advisor.watch.seal import sealed_markdown
from advisor.watch.state import RootStatus
from advisor.watch.timing import Timing
from advisor.watch.worker import Worker

if TYPE_CHECKING:
    from types import FrameType

    from structlog.typing import FilteringBoundLogger

    from advisor.watch.log import LastErrors

_SLICE = 0.05
_STATUS_EVERY = 1.0
_LONGEST_BACKOFF = 60.0
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
        self._errors = errors
        self._notifier = Notifier()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._changes = Changes(self._wake)
        self._watching = Watching(self._changes)
        self._roots: list[Root] = []
        self._worker: Worker | None = None
        self._next: Worker | None = None
        self._worker_due = 0.0
        self._failures = self._restarts = 0
        self._suspects: set[tuple[str, str]] = set()
        self._stop = self._reload = self._is_ready = False
        self._started = time.time()
        self._status_due = 0.0
        self._alive_due = 0.0
        self._news: tuple[object, ...] = ()

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
        self._worker = self._start_worker()  # first, since it takes longest
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
        self._notifier.stopping()
        for worker in (self._worker, self._next):
            if worker is not None:
                worker.end()
        with suppress(RuntimeError):
            self._watching.stop()
        for root in self._roots:
            with suppress(sqlite3.Error):
                root.state.write_status(self._status(root))
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
        self._hear_worker()
        self._hear_next()
        until = time.monotonic() + _SLICE
        for root in self._roots:
            self._safely(root, until)
        self._feed_worker()
        self._tell()

    def _sleep(self) -> None:
        files: list[int | socket.socket] = [self._wake_read]
        if self._worker is not None:
            files.append(self._worker.socket)
        if self._next is not None:
            files.append(self._next.socket)
        due = [root.next_due() for root in self._roots]
        due += [self._alive_due] if self._notifier.interval else []
        due += [worker.deadline for worker in (self._worker, self._next) if worker is not None and worker.deadline]
        due += [self._worker_due] if self._worker is None else []
        if self._status_due:
            due.append(self._status_due)
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

    def _safely(self, root: Root, until: float) -> None:
        try:
            root.step(until)
        except sqlite3.Error as error:
            self._ledger_failed(root, error)

    def _ledger_failed(self, root: Root, error: sqlite3.Error) -> None:
        """A damaged ledger is built anew; one that cannot be written to stops the daemon, which has no memory without
        it."""
        if not is_damage(error):
            raise error
        self._log.error("the ledger is damaged", root=root.path, reason=str(error))
        root.replace_ledger(self._base)

    @property
    def _base(self) -> str:
        return self._worker.ready.base if self._worker is not None and self._worker.ready is not None else ""

    def _is_done(self) -> bool:
        idle = self._worker is not None and self._worker.ready is not None and not self._worker.jobs
        return idle and all(root.workspace.is_idle for root in self._roots)

    # The worker

    def _start_worker(self) -> Worker:
        return Worker(self._plan.timing.limit, self._plan.worker_module)

    def _hear_worker(self) -> None:
        worker = self._worker
        if worker is None:
            if time.monotonic() >= self._worker_due:
                self._worker = self._start_worker()
            return
        was_ready = worker.ready is not None
        answered = worker.receive()
        if worker.ready is not None and not was_ready:
            self._worker_ready(worker.ready.base, worker.ready.rules)
        for job, result in answered or ():
            self._finish(job, result)
        if answered is None or (worker.deadline is not None and time.monotonic() >= worker.deadline):
            self._worker_failed(worker)

    def _worker_ready(self, base: str, rules: int) -> None:
        self._log.debug("worker ready", rules=rules, base=base)
        for root in self._roots:
            root.workspace.set_base(base)
            if not root.workspace.looks.reconciled:
                root.start_reconcile()

    def _worker_failed(self, worker: Worker) -> None:
        """The job it was at is tried once more; when that fails too, its target is left alone until it changes."""
        self._worker = None
        was_ready = worker.ready is not None
        jobs = list(worker.jobs)
        reason = worker.end()
        self._restarts += 1
        self._failures = 0 if was_ready else self._failures + 1
        self._worker_due = time.monotonic() + (min(2.0**self._failures, _LONGEST_BACKOFF) if self._failures else 0.0)
        if not was_ready:
            self._log.error("the rules cannot be loaded", reason=reason)
            return
        self._log.error("the worker failed", reason=reason, path=jobs[0].path if jobs else "")
        for job in jobs[1:]:
            self._root_of(job).workspace.put_back(job)
        if jobs:
            suspect = (jobs[0].path, jobs[0].signature)
            if suspect in self._suspects:
                self._suspects.discard(suspect)
                self._finish(jobs[0], Result(QUARANTINED, note=reason))
            else:
                self._suspects.add(suspect)
                self._root_of(jobs[0]).workspace.put_back(jobs[0])

    def _finish(self, job: Job, result: Result) -> None:
        self._suspects.discard((job.path, job.signature))
        if result.state == QUARANTINED:
            self._log.error("left alone until it changes", path=job.path, reason=result.note)
            result = replace(result, files={ADVICE: sealed_markdown(trouble_markdown(job.path, result.note)).decode()})
        root = self._root_of(job)
        try:
            root.workspace.finish(job, result)
        except sqlite3.Error as error:
            self._ledger_failed(root, error)

    def _feed_worker(self) -> None:
        while self._worker is not None and self._worker.has_room:
            job = next((job for root in self._roots if (job := root.workspace.take()) is not None), None)
            if job is None:
                return
            self._worker.give(job)

    def _root_of(self, job: Job) -> Root:
        return next(root for root in self._roots if root.path == job.root)

    def _reload_all(self) -> None:
        """New rules come with a new worker, which takes over once it has them: with rules that are wrong, the old go
        on."""
        self._notifier.reloading()
        self._log.info("reloading rules and settings")
        if self._next is not None:
            self._next.end()
        self._next = self._start_worker()
        for root in self._roots:
            root.workspace.looks.reconcile()

    def _hear_next(self) -> None:
        new = self._next
        if new is None:
            return
        hung_up = new.receive() is None
        if new.ready is None and (hung_up or time.monotonic() >= (new.deadline or 0.0)):
            self._next = None
            self._log.error("the rules cannot be loaded, the old ones stay", reason=new.end())
        elif new.ready is not None:
            old, self._worker, self._next = self._worker, new, None
            if old is not None:
                for job in old.jobs:
                    self._root_of(job).workspace.put_back(job)
                old.end()
            self._worker_ready(new.ready.base, new.ready.rules)
        if self._next is None:
            self._notifier.ready(self._status_line())

    # What others hear

    def _tell(self) -> None:
        now = time.monotonic()
        if not self._is_ready and self._roots and all(root.workspace.looks.reconciled for root in self._roots):
            self._is_ready = True
            self._log.info("ready", seconds=round(time.time() - self._started, 2), backlog=self._backlog())
            self._notifier.ready(self._status_line())
            self._status_due = now
        if self._notifier.interval and now >= self._alive_due:
            self._alive_due = now + self._notifier.interval
            self._notifier.alive()
        if self._status_due and now >= self._status_due:
            busy = self._backlog() > 0 or any(root.workspace.looks for root in self._roots)
            for root in self._roots:
                root.state.write_status(self._status(root))
            self._notifier.status(self._status_line())
            self._status_due = now + _STATUS_EVERY if busy else 0.0
        elif not self._status_due:
            self._status_due = now + _STATUS_EVERY if self._has_news() else 0.0

    def _has_news(self) -> bool:
        news = (
            self._backlog(),
            self._restarts,
            len(self._errors.lines),
            tuple(root.workspace.done for root in self._roots),
        )
        if news == self._news:
            return False
        self._news = news
        return True

    def _backlog(self) -> int:
        return sum(root.workspace.backlog for root in self._roots) + (len(self._worker.jobs) if self._worker else 0)

    def _status_line(self) -> str:
        modes = ", ".join(f"{root.path} ({root.mode})" for root in self._roots)
        return f"watching {modes}; {self._backlog()} waiting"

    def _status(self, root: Root) -> RootStatus:
        whole = RootStatus(
            "", "", "", "", 0, 0, {}, os.getpid(), socket.gethostname(), self._started, 0.0, self._restarts,
            errors=list(self._errors.lines),
        )  # fmt: skip
        return root.status(whole)
