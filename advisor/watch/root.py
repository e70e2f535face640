"""One root while it is watched: its workspace, how changes in it are noticed, and the right to write there."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from advisor.watch.filesystems import Mount, mount_of, mounts_without_events, read_mounts
from advisor.watch.lease import RENEW, Held, Lease
from advisor.watch.ledger import QUARANTINED, Ledger, is_damage
from advisor.watch.observer import Watching
from advisor.watch.polling import Poller
from advisor.watch.state import EVENTS, POLLING, RootStatus, state_folder
from advisor.watch.timing import Timing
from advisor.watch.workspace import Workspace

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

# A look for changes may take this share of the time.
_SHARE = 0.05


class Root:
    """Opening it takes the lock and the lease; raises Held where another daemon has them."""

    def __init__(self, path: str, timing: Timing, watching: Watching, log: FilteringBoundLogger, *, poll: bool) -> None:
        self.path = path
        self.mode, self.reason = POLLING if poll else EVENTS, "asked for" if poll else ""
        self.mount = Mount("/", "unknown")
        self._timing = timing
        self._watching = watching
        self._log = log
        self._pollers: dict[str, Poller] = {}
        self._poll_due: dict[str, float] = {}
        self._looking: dict[str, tuple[Iterator[None], float]] = {}
        self._short_before = False
        self._check_due: float | None = None
        self._renew_due = time.monotonic() + RENEW
        self._reconcile_due = float("inf")
        self.state = state_folder(path)
        self.lease = Lease(path)
        if not self.state.lock():
            before = self.state.read_status()
            raise Held(path, None, f"process {before.pid} on {before.host}" if before else "")
        try:
            self.lease.take()
            ledger = Ledger(self.state.ledger)
        except BaseException:
            self.close()
            raise
        if ledger.rebuilt:
            log.warning("the ledger was damaged: set aside, and built anew", root=path, ledger=self.state.ledger)
        self.workspace = Workspace(path, ledger, timing, log)

    def close(self) -> None:
        self.lease.release()
        self.state.unlock()

    def ledger_failed(self, error: sqlite3.Error, base: str) -> None:
        """A damaged ledger is set aside, and built anew by a look over everything; one that cannot be written to stops
        the daemon, which has no memory without it."""
        if not is_damage(error):
            raise error
        self._log.error("the ledger is damaged", root=self.path, reason=str(error))
        self.workspace.ledger.close()
        ledger = Ledger(self.state.ledger, damaged=True)
        self.workspace = Workspace(self.path, ledger, self._timing, self._log, base)
        self._looking.clear()
        for path in self._pollers:
            self._add_poller(path)
        self.start_reconcile()

    def watch(self) -> None:
        """Has the kernel tell of changes, or looks for them where it does not."""
        mounts = read_mounts()
        self.mount = mount_of(self.path, mounts)
        if self.mode == EVENTS and not self.mount.has_events:
            self.mode, self.reason = POLLING, f"{self.mount.type} brings no events of what other hosts write"
        if self.mode == EVENTS:
            try:
                self._watching.add(self.path)
            except OSError as error:
                self._poll_instead(f"the kernel gives no watch: {error.strerror}")
        if self.mode == POLLING:
            self._add_poller(self.path)
        for mount in mounts_without_events(self.path, mounts):
            self._add_poller(mount.point)

    def start_reconcile(self) -> None:
        if self.mode == EVENTS and self._watching.is_stale(self.path):
            self._watching.remove(self.path)
            self.watch()
        self.workspace.looks.reconcile()
        self._reconcile_due = time.monotonic() + self._timing.reconcile

    def next_due(self) -> float:
        """When `step` has something to do; the past where it has right now."""
        if self._looking or self.workspace.looks:
            return 0.0
        due = [self._renew_due, self._reconcile_due, *self._poll_due.values()]
        for one in (self._check_due, self.workspace.next_due()):
            if one is not None:
                due.append(one)
        return min(due)

    def step(self, until: float) -> None:
        """Does what is due, and looks on until a moment of the monotonic clock. Raises Held when the root is lost."""
        now = time.monotonic()
        if now >= self._renew_due:
            self._renew_due = now + RENEW
            self.lease.renew()
        if now >= self._reconcile_due and not self.workspace.looks:
            self.start_reconcile()
        for path, due in list(self._poll_due.items()):
            if now >= due:
                del self._poll_due[path]
                self._looking[path] = (self._pollers[path].look(), now)
        self.workspace.tick()
        self._look_on(until)
        if self._check_due is not None and now >= self._check_due:
            self._check_due = None
            self._check_watches()

    def _look_on(self, until: float) -> None:
        looks = self.workspace.looks
        while looks and time.monotonic() < until:
            was_reconciled = looks.reconciled
            looks.step()
            if looks.reconciled != was_reconciled and self.mode == EVENTS:
                self._check_due = time.monotonic()
        for path, (look, begun) in list(self._looking.items()):
            while time.monotonic() < until:
                if next(look, self) is self:
                    del self._looking[path]
                    took = time.monotonic() - begun
                    self._poll_due[path] = time.monotonic() + max(self._timing.poll, took / _SHARE)
                    break

    def _check_watches(self) -> None:
        """The kernel refuses watches silently once their limit is reached. A tree that has just grown may be short
        for a moment, so it must be twice."""
        missing = self._watching.missing(self.path, self.workspace.looks.folders)
        if not missing:
            self._short_before = False
        elif not self._short_before:
            self._short_before = True
            self.workspace.looks.reconcile()
        else:
            self._watching.remove(self.path)
            self._poll_instead(
                f"the limit of watches is reached: {missing} of {self.workspace.looks.folders} folders have none"
            )
            self._add_poller(self.path)

    def _poll_instead(self, reason: str) -> None:
        self.mode, self.reason = POLLING, reason
        self._log.warning("looking for changes instead of being told", root=self.path, reason=reason)

    def _add_poller(self, path: str) -> None:
        self._pollers[path] = Poller(path, self.workspace.mark)
        self._poll_due[path] = time.monotonic()

    def status(self, base: RootStatus) -> RootStatus:
        """The status of this root; `base` has what is the whole daemon's."""
        ledger = self.workspace.ledger
        return replace(
            base,
            root=self.path,
            mode=self.mode,
            reason=self.reason if self.lease.writable else "no advice can be written here",
            filesystem=self.mount.type,
            folders=self.workspace.looks.folders,
            backlog=self.workspace.backlog,
            targets=ledger.count(),
            reconciled=self.workspace.looks.reconciled,
            quarantined={target.path: target.note for target in ledger.in_state(QUARANTINED)},
        )

    def is_below(self, path: str) -> bool:
        return path == self.path or path.startswith(self.path.rstrip("/") + "/")
