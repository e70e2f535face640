"""The worker process and its successor: fed with jobs, heard, started anew when it dies, replaced when rules change."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.report.trouble import trouble_markdown
from advisor.watch.ledger import QUARANTINED
from advisor.watch.messages import Job, Result
from advisor.watch.names import ADVICE
from advisor.watch.seal import sealed_markdown
from advisor.watch.worker import Worker

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence

    from structlog.typing import FilteringBoundLogger

    from advisor.watch.root import Root

_LONGEST_BACKOFF = 60.0


class Workers:
    """`limit` is for one job, in seconds; `restarts` counts the workers that died."""

    def __init__(self, limit: float, module: str, roots: Sequence[Root], log: FilteringBoundLogger) -> None:
        self.restarts = 0
        self._limit = limit
        self._module = module
        self._roots = roots
        self._log = log
        self._worker: Worker | None = None
        self._next: Worker | None = None
        self._due = 0.0
        self._failures = 0
        self._suspects: set[tuple[str, str]] = set()

    def start(self) -> None:
        self._worker = self._start()

    def end(self) -> None:
        for worker in self._all():
            worker.end()

    def replace(self) -> None:
        """New rules come with a new worker, which takes over once it has them: with rules that are wrong, the old go
        on."""
        if self._next is not None:
            self._next.end()
        self._next = self._start()

    @property
    def base(self) -> str:
        """The key of the rules; '' where there are none yet."""
        return self._worker.ready.base if self._worker is not None and self._worker.ready is not None else ""

    @property
    def backlog(self) -> int:
        return len(self._worker.jobs) if self._worker else 0

    @property
    def is_idle(self) -> bool:
        return self._worker is not None and self._worker.ready is not None and not self._worker.jobs

    def sockets(self) -> list[socket.socket]:
        return [worker.socket for worker in self._all()]

    def due(self) -> list[float]:
        """Moments of the monotonic clock at which `hear` has something to do, whatever a worker says."""
        moments = [worker.deadline for worker in self._all() if worker.deadline]
        return moments if self._worker is not None else [*moments, self._due]

    def hear(self) -> bool:
        """Takes the answers. Whether the attempt to replace the worker has ended."""
        self._hear_worker()
        return self._hear_next()

    def feed(self) -> None:
        while self._worker is not None and self._worker.has_room:
            job = next((job for root in self._roots if (job := root.workspace.take()) is not None), None)
            if job is None:
                return
            self._worker.give(job)

    def _all(self) -> Iterator[Worker]:
        return (worker for worker in (self._worker, self._next) if worker is not None)

    def _start(self) -> Worker:
        return Worker(self._limit, self._module)

    def _hear_worker(self) -> None:
        worker = self._worker
        if worker is None:
            if time.monotonic() >= self._due:
                self._worker = self._start()
            return
        was_ready = worker.ready is not None
        answered = worker.receive()
        if worker.ready is not None and not was_ready:
            self._is_ready(worker.ready.base, worker.ready.rules)
        for job, result in answered or ():
            self._finish(job, result)
        if answered is None or (worker.deadline is not None and time.monotonic() >= worker.deadline):
            self._failed(worker)

    def _hear_next(self) -> bool:
        new = self._next
        if new is None:
            return False
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
            self._is_ready(new.ready.base, new.ready.rules)
        return self._next is None

    def _is_ready(self, base: str, rules: int) -> None:
        self._log.debug("worker ready", rules=rules, base=base)
        for root in self._roots:
            root.workspace.set_base(base)
            if not root.workspace.looks.reconciled:
                root.start_reconcile()

    def _failed(self, worker: Worker) -> None:
        """The job it was at is tried once more; when that fails too, its target is left alone until it changes."""
        self._worker = None
        was_ready = worker.ready is not None
        jobs = list(worker.jobs)
        reason = worker.end()
        self.restarts += 1
        self._failures = 0 if was_ready else self._failures + 1
        self._due = time.monotonic() + (min(2.0**self._failures, _LONGEST_BACKOFF) if self._failures else 0.0)
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
            root.ledger_failed(error, self.base)

    def _root_of(self, job: Job) -> Root:
        return next(root for root in self._roots if root.path == job.root)
