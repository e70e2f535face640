"""The files of a result brought beside their target and noted in the ledger, and the disk that does not take them."""

from __future__ import annotations

import errno
import os
import time
from typing import TYPE_CHECKING

from advisor.watch import names
from advisor.watch.beside import Permissions
from advisor.watch.ledger import UNWRITTEN, Link, Target

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from advisor.watch.ledger import Ledger, Output
    from advisor.watch.messages import Job, Result
    from advisor.watch.outputs import Outputs
    from advisor.watch.timing import Timing

# These are the whole disk's, and pass; any other refusal is that of one folder.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE)


class Delivery:
    """`paused_until` is a moment of the monotonic clock, 0 while the disk takes what it is given."""

    def __init__(self, root: str, ledger: Ledger, outputs: Outputs, timing: Timing, log: FilteringBoundLogger) -> None:
        self.paused_until = 0.0
        self._root = root
        self._ledger = ledger
        self._outputs = outputs
        self._timing = timing
        self._log = log
        self._refused = ""
        self._pause = 0.0

    @property
    def is_paused(self) -> bool:
        return self.paused_until > time.monotonic()

    def bring(self, job: Job, result: Result, base: str) -> list[Output] | None:
        """What is beside the target now; None where it could not be written."""
        try:
            outputs = self._outputs.bring(job.path, _files(job, result), _permissions(job.path))
        except OSError as error:
            self._refuse(job, result, base, error)
            return None
        self._recover()
        self._ledger.record(_target(job, result, base, result.state, result.note), outputs, _links(job, result))
        return outputs

    def _refuse(self, job: Job, result: Result, base: str, error: OSError) -> None:
        """The disk does not take the files. Said once; tried again."""
        reason = f"{error.strerror or error}"
        if error.errno in _DISK:
            self._pause = min(self._pause * 2 or self._timing.retry, self._timing.retry_most)
            self.paused_until = time.monotonic() + self._pause
            if self._refused != reason:
                self._log.error("cannot write, will try again", root=self._root, reason=reason)
            self._refused = reason
            return
        known = self._ledger.target(job.path)
        note = f"cannot be written: {reason}"
        if known is None or known.note != note:
            self._log.error("cannot write beside it, will try again", path=job.path, reason=reason)
        unwritten = _target(job, result, base, UNWRITTEN, note)
        self._ledger.record(unwritten, self._ledger.outputs(job.path), _links(job, result))

    def _recover(self) -> None:
        if self._refused:
            self._log.info("can write again", root=self._root)
        self._refused, self.paused_until, self._pause = "", 0.0, 0.0


def _target(job: Job, result: Result, base: str, state: str, note: str) -> Target:
    counts = (result.errors, result.warnings, result.infos)
    return Target(job.path, job.kind, job.signature, result.hash, base, state, *counts, note)


def _links(job: Job, result: Result) -> list[Link]:
    return [Link(job.path, path, need) for path, need in result.needs]


def _files(job: Job, result: Result) -> dict[str, bytes]:
    if not result.files:
        return {}
    taken = any(os.path.lexists(rival) for rival in names.rivals(job.kind, job.path))
    by_suffix = names.output_names(job.kind, job.path, taken=taken)
    return {by_suffix[suffix]: text.encode() for suffix, text in result.files.items()}


def _permissions(path: str) -> Permissions:
    return Permissions.like(os.stat(path, follow_symlinks=False))
