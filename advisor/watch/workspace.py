"""One root: what in it is dirty, what waits to be advised on, and what is done with the advice."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from advisor.checkpoint.problems import encodable
from advisor.watch import names, signature
from advisor.watch.delivery import Delivery
from advisor.watch.ledger import WAITING, Ledger
from advisor.watch.looks import Looks
from advisor.watch.messages import Job, Result
from advisor.watch.outputs import Outputs
from advisor.watch.timing import Timing
from advisor.watch.waiting import Waiting

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Workspace:
    """Told of changes by `mark`; gives jobs by `take` and takes their results by `finish`. `base` is the key of the
    rules that the worker has."""

    def __init__(self, root: str, ledger: Ledger, timing: Timing, log: FilteringBoundLogger, base: str = "") -> None:
        self.root = root
        self.ledger = ledger
        self.done = 0
        self._log = log
        self._waiting = Waiting(timing.settle)
        self._outputs = Outputs(root, ledger, log)
        self._delivery = Delivery(root, ledger, self._outputs, timing, log)
        self.looks = Looks(root, ledger, self._outputs, self._waiting, base)

    # What has changed

    def mark(self, path: str, is_folder: bool) -> None:
        """Something may have changed at a path below the root."""
        folder, name = os.path.split(path)
        if name == names.SETTINGS and not is_folder and not names.is_hidden(folder + "/x", self.root):
            self._settings_changed(folder)
            return
        if path != self.root and (names.is_hidden(path, self.root) or not encodable(path)):
            return
        if is_folder:
            self._waiting.mark_folder(path)
        elif self._is_known_output(path, name):
            return
        elif names.may_be_config(name):
            self._waiting.mark(path)
            for rival in names.dependants(path):
                if self.ledger.target(rival):
                    self._waiting.mark(rival)
        elif names.may_change_checkpoint(name):
            self._waiting.mark(folder)

    def _is_known_output(self, path: str, name: str) -> bool:
        """Our own file: nothing to do as long as it is as we wrote it."""
        output = self.ledger.output(path) if names.is_output(name) else None
        if output is None:
            return name.endswith(names.ADVICE)
        if output.signature != signature.of_file(path):
            self._waiting.mark(output.target)
        return bool(output.hash)

    def _settings_changed(self, folder: str) -> None:
        for path in self.ledger.targets_in(folder):
            self._waiting.find(path)

    def set_base(self, base: str) -> None:
        """The worker has rules of this key: what was advised with others is advised again."""
        self.looks.base = base
        for path in self.ledger.outdated(base):
            self._waiting.find(path)

    # Work

    @property
    def backlog(self) -> int:
        """Targets to do."""
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """Whether all that is known of is done."""
        return bool(self.looks.reconciled) and not (self.looks or self.backlog or self._waiting.has_folders)

    def next_due(self) -> float | None:
        """When `tick` has something to do."""
        due = self._waiting.next_due()
        paused = self._delivery.paused_until if self._waiting.has_work else 0.0
        return min(due, paused) if due and paused else due or paused or None

    def tick(self) -> None:
        """Lets go of what has settled."""
        for folder in self._waiting.settled_folders():
            self.looks.look_at(folder)
        for path in self._waiting.settled():
            sign = self._signature(path)
            if sign == signature.ABSENT:
                self._waiting.forget(path)
                self._gone(path)
            else:
                self._waiting.add(path, sign)

    def _signature(self, path: str) -> str:
        return signature.of_target(path) if path != self.root else signature.ABSENT

    def take(self) -> Job | None:
        """The next job: what people have just saved first."""
        if self._delivery.is_paused:
            return None
        while (taken := self._waiting.pop()) is not None:
            path, sign = taken
            if not self._outputs.is_ours(path, sign):
                return Job(self.root, path, names.kind_of(path), sign)
        return None

    def put_back(self, job: Job) -> None:
        """The job was not done."""
        self._waiting.put_back(job.path, job.signature)

    def finish(self, job: Job, result: Result) -> None:
        """Brings the files beside a target to what the result says, unless the target has changed meanwhile."""
        if job.path in self._waiting:
            return
        if self._signature(job.path) != job.signature:
            self._waiting.mark(job.path)
            return
        before = self.ledger.target(job.path)
        outputs = self._delivery.bring(job, result, self.looks.base)
        if outputs is None:
            if self._delivery.is_paused:
                self.put_back(job)
            return
        if result.state == WAITING:
            self._waiting.wait(job.path, result.again)
        if before is None or before.hash != result.hash or before.state != result.state:
            self._changed(job.path)
        for output in outputs:
            is_config = not output.hash and names.may_be_config(os.path.basename(output.path))
            if is_config and not self.ledger.target(output.path):
                self._waiting.find(output.path)  # a starter config that a person has made their own
        self.done += 1
        self._log.debug("done", path=job.path, state=result.state)

    def _gone(self, path: str) -> None:
        if not os.path.isdir(self.root):
            return
        known = self.ledger.target(path)
        try:
            self._outputs.clear(path)
        except OSError as error:
            self._log.debug("cannot be removed", path=path, error=error.strerror)
        if known is not None:
            self.ledger.forget(path, self.ledger.outputs(path))
            self.done += 1
        self._changed(path)

    def _changed(self, path: str) -> None:
        """What depends on it is advised on again."""
        for dependant in self.ledger.needing(path):
            if dependant != path:
                self._waiting.find(dependant)
