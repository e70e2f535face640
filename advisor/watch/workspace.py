"""One root: what in it is dirty, what waits to be advised on, and what is done with the advice."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from advisor.checkpoint.recognise import looks_like_checkpoint
from advisor.watch import names, signature
from advisor.watch.beside import Permissions
from advisor.watch.ledger import UNWRITTEN, WAITING, Ledger, Link, Target
from advisor.watch.messages import Job, Result
from advisor.watch.outputs import Outputs
from advisor.watch.roots import user_settings_path
from advisor.watch.settling import Settling
from advisor.watch.timing import Timing
from advisor.watch.walk import walk

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

# These are the whole disk's, and pass; any other refusal is that of one folder.
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE)
_FOLDER = "folder"
_SETTINGS = "settings"


class Workspace:
    """Told of changes by `mark`; gives jobs by `take` and takes their results by `finish`. Looks over folders are
    generators in `looks`, to be run in small steps between other work."""

    def __init__(self, root: str, ledger: Ledger, timing: Timing, log: FilteringBoundLogger) -> None:
        self.root = root
        self.ledger = ledger
        self.timing = timing
        self.outputs = Outputs(root, ledger, log)
        self.base = ""
        self.folders = 0
        self.refused = ""
        self.reconciled = 0.0
        self.done = 0
        self.looks: list[Iterator[None]] = []
        self._log = log
        self._settling = Settling(_look)
        self._due_folders = Settling(_nothing)
        self._urgent: dict[str, str] = {}
        self._backlog: dict[str, str] = {}
        self._found: set[str] = set()
        self._later: set[str] = set()
        self._is_reconciling = self._reconcile_again = False
        self._paused_until = 0.0
        self._pause = 0.0

    # What has changed

    def mark(self, path: str, is_folder: bool) -> None:
        """Something may have changed at a path below the root."""
        folder, name = os.path.split(path)
        if name == names.SETTINGS and not is_folder and not names.is_hidden(folder + "/x", self.root):
            self._settings_changed(folder)
            return
        if path != self.root and (names.is_hidden(path, self.root) or not _is_utf8(path)):
            return
        if is_folder:
            self._due_folders.mark(path, time.monotonic(), self.timing.settle)
        elif self._is_known_output(path, name):
            return
        elif names.may_be_config(name):
            self._mark(path)
            for rival in names.dependants(path):
                if self.ledger.target(rival):
                    self._mark(rival)
        elif names.may_change_checkpoint(name):
            self._mark(folder)

    def _mark(self, path: str, wait: float | None = None) -> None:
        self._found.discard(path)
        self._later.discard(path)
        self._urgent.pop(path, None)
        self._backlog.pop(path, None)
        self._settling.mark(path, time.monotonic(), self.timing.settle if wait is None else wait)

    def _find(self, path: str) -> None:
        """A look has found it changed: it waits behind what people save right now."""
        if (path not in self._settling or path in self._later) and path not in self._urgent:
            self._mark(path)
            self._found.add(path)

    def _is_known_output(self, path: str, name: str) -> bool:
        """Our own file: nothing to do as long as it is as we wrote it."""
        output = self.ledger.output(path) if names.is_output(name) else None
        if output is None:
            return name.endswith(names.ADVICE)
        if output.signature != signature.of_file(path):
            self._mark(output.target)
        return bool(output.hash)

    def _settings_changed(self, folder: str) -> None:
        for path in self.ledger.targets_in(folder):
            self._find(path)

    # Looking

    def reconcile(self) -> None:
        """Starts a look over everything, or has it done once more where one is under way. Looks at parts are then of
        no use."""
        if self._is_reconciling:
            self._reconcile_again = True
        else:
            self._is_reconciling = True
            self.looks = [self._reconcile()]

    def _reconcile(self) -> Iterator[None]:
        yield from self._compare_all()
        while self._reconcile_again:
            self._reconcile_again = False
            yield from self._compare_all()
        self._is_reconciling = False
        self.reconciled = time.time()

    def _compare_all(self) -> Iterator[None]:
        yield from self._look_at(self.root)
        for output in self.ledger.outputs():
            if self.ledger.target(output.target) is None:
                self._remove_orphan(output.path)
            elif output.signature != signature.of_file(output.path):
                self._find(output.target)
            yield
        for link in self.ledger.links():
            if link.signature != signature.of_anything(link.needs):
                self._find(link.target)
            yield

    def _look_at(self, top: str) -> Iterator[None]:
        """Compares a folder and all below it with the ledger."""
        known = self.ledger.targets_in(top)
        seen: set[str] = set()
        outputs: list[str] = []
        settings: list[str] = []
        folders = 0
        for folder in walk(top):
            folders += 1
            for path, sign in folder.configs.items():
                if not self._is_ours(path, sign):
                    seen.add(path)
                    self._compare(known.get(path), path, sign)
            if folder.is_checkpoint and folder.path != self.root:
                seen.add(folder.path)
                self._compare(known.get(folder.path), folder.path, signature.of_folder(folder.path))
            for leftover in folder.leftovers:
                self._remove_leftover(leftover)
            if folder.settings:
                settings.append(f"{folder.path}:{folder.settings}")
            if self.ledger.rebuilt:
                outputs += folder.outputs
            yield
        for path in known.keys() - seen if folders or top != self.root else ():
            self._find(path)
        if top == self.root:
            self.folders = folders
            self._compare_settings(settings, known)
            if self.ledger.rebuilt:
                yield from self._adopt(outputs, seen)

    def _compare(self, known: Target | None, path: str, sign: str) -> None:
        if known is None or known.signature != sign or known.base != self.base or known.state == UNWRITTEN:
            self._find(path)
        elif known.state == WAITING and path not in self._settling:
            self._mark(path)

    def _compare_settings(self, inside: list[str], known: Iterable[str]) -> None:
        """Settings that came, went or changed while nobody looked: all may depend on them."""
        folder, outside = self.root, [f"user:{signature.of_file(user_settings_path())}"]
        while (above := os.path.dirname(folder)) != folder:
            folder = above
            outside.append(f"{folder}:{signature.of_file(f'{folder}/{names.SETTINGS}')}")
        now = "\n".join([*outside, *sorted(inside)])
        if now != self.ledger.fact(_SETTINGS):
            for path in known:
                self._find(path)
            self.ledger.set_fact(_SETTINGS, now)

    def _is_ours(self, path: str, sign: str) -> bool:
        output = self.ledger.output(path) if names.is_output(path) else None
        return output is not None and bool(output.hash) and output.signature == sign

    def _adopt(self, outputs: list[str], targets: set[str]) -> Iterator[None]:
        """After the loss of the ledger: what we wrote for targets that have gone meanwhile. Only sealed files are
        removed."""
        true: set[str] = set()
        for path in targets:
            kind = _kind(path)
            for taken in (True, False):
                true.update(names.output_names(kind, path, taken=taken).values())
        for path in outputs:
            if path not in true:
                self._remove_orphan(path)
            yield
        self.ledger.rebuilt = False

    def _remove_orphan(self, path: str) -> None:
        try:
            self.outputs.remove(path)
        except OSError as error:
            self._log.debug("cannot be removed", path=path, error=error.strerror)

    def _remove_leftover(self, path: str) -> None:
        try:
            os.unlink(path)
        except OSError:
            return

    # Work

    @property
    def backlog(self) -> int:
        """Targets to do: those that wait for a checkpoint's end are none."""
        return len(self._settling) - len(self._later) + len(self._urgent) + len(self._backlog)

    @property
    def is_idle(self) -> bool:
        """Whether all that is known of is done."""
        return bool(self.reconciled) and not (self.looks or self.backlog or len(self._due_folders))

    def next_due(self) -> float | None:
        """When `tick` has something to do."""
        some = [due for due in (self._settling.next_due(), self._due_folders.next_due()) if due is not None]
        if (self._urgent or self._backlog) and self._paused_until:
            some.append(self._paused_until)
        return min(some, default=None)

    def tick(self) -> None:
        """Lets go of what has settled."""
        now = time.monotonic()
        due = sorted(path for path, _ in self._due_folders.settled(now, self.timing.settle))
        last = ""
        for path in due:
            if not last or not path.startswith(last + "/"):
                last = path
                self.looks.append(self._look_at(path))
        for path, _ in self._settling.settled(now, self.timing.settle):
            self._later.discard(path)
            self._settled(path)

    def _settled(self, path: str) -> None:
        sign = self._signature(path)
        if sign == signature.ABSENT:
            self._found.discard(path)
            self._gone(path)
        elif path in self._found:
            self._found.discard(path)
            self._backlog[path] = sign
        else:
            self._urgent[path] = sign

    def _signature(self, path: str) -> str:
        if _kind(path) == names.CONFIG:
            return signature.of_file(path)
        try:
            is_checkpoint = looks_like_checkpoint(os.listdir(path)) and not os.path.islink(path)
        except OSError:
            return signature.ABSENT
        return signature.of_folder(path) if is_checkpoint and path != self.root else signature.ABSENT

    def take(self) -> Job | None:
        """The next job: what people have just saved first."""
        if self._paused_until > time.monotonic():
            return None
        for waiting in (self._urgent, self._backlog):
            while waiting:
                path = next(iter(waiting))
                sign = waiting.pop(path)
                if not self._is_ours(path, sign):
                    return Job(self.root, path, _kind(path), sign)
        return None

    def put_back(self, job: Job) -> None:
        """The job was not done."""
        if job.path not in self._settling and job.path not in self._urgent:
            self._backlog[job.path] = job.signature

    def finish(self, job: Job, result: Result) -> None:
        """Brings the files beside a target to what the result says, unless the target has changed meanwhile."""
        if job.path in self._settling:
            return
        sign = self._signature(job.path)
        if sign != job.signature:
            self._mark(job.path)
            return
        before = self.ledger.target(job.path)
        try:
            outputs = self.outputs.bring(job.path, self._files(job, result), _permissions(job.path))
        except OSError as error:
            self._refused(job, result, error)
            return
        self._recovered()
        links = [Link(job.path, path, need) for path, need in result.needs]
        self.ledger.record(self._target(job, result, result.state, result.note), outputs, links)
        if result.state == WAITING:
            self._mark(job.path, result.again)
            self._later.add(job.path)
        if before is None or before.hash != result.hash or before.state != result.state:
            self._changed(job.path)
        for output in outputs:
            if (
                not output.hash
                and names.may_be_config(os.path.basename(output.path))
                and not self.ledger.target(output.path)
            ):
                self._find(output.path)  # a starter config that a person has made their own
        self.done += 1
        self._log.debug("done", path=job.path, state=result.state)

    def _target(self, job: Job, result: Result, state: str, note: str) -> Target:
        counts = (result.errors, result.warnings, result.infos)
        return Target(job.path, job.kind, job.signature, result.hash, self.base, state, *counts, note)

    def _files(self, job: Job, result: Result) -> dict[str, bytes]:
        if not result.files:
            return {}
        taken = any(os.path.lexists(rival) for rival in names.rivals(job.kind, job.path))
        by_suffix = names.output_names(job.kind, job.path, taken=taken)
        return {by_suffix[suffix]: text.encode() for suffix, text in result.files.items()}

    def _gone(self, path: str) -> None:
        if not os.path.isdir(self.root):
            return
        known = self.ledger.target(path)
        try:
            self.outputs.clear(path)
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
                self._find(dependant)

    def _refused(self, job: Job, result: Result, error: OSError) -> None:
        """The disk does not take the files. Said once; tried again."""
        reason = f"{error.strerror or error}"
        if error.errno in _DISK:
            self._pause = min(self._pause * 2 or self.timing.retry, self.timing.retry_most)
            self._paused_until = time.monotonic() + self._pause
            if self.refused != reason:
                self._log.error("cannot write, will try again", root=self.root, reason=reason)
            self.refused = reason
            self.put_back(job)
            return
        known = self.ledger.target(job.path)
        note = f"cannot be written: {reason}"
        if known is None or known.note != note:
            self._log.error("cannot write beside it, will try again", path=job.path, reason=reason)
        self.ledger.record(
            self._target(job, result, UNWRITTEN, note),
            self.ledger.outputs(job.path),
            [Link(job.path, path, need) for path, need in result.needs],
        )

    def _recovered(self) -> None:
        if self.refused:
            self._log.info("can write again", root=self.root)
        self.refused, self._paused_until, self._pause = "", 0.0, 0.0

    def set_base(self, base: str) -> None:
        """The worker has rules of this key: what was advised with others is advised again."""
        self.base = base
        for path in self.ledger.outdated(base):
            self._find(path)


def _kind(path: str) -> str:
    return names.CONFIG if names.may_be_config(os.path.basename(path)) else names.CHECKPOINT


def _look(path: str) -> str:
    """What must hold still: a config's signature. A checkpoint has no such thing: it is done when it is complete."""
    return signature.of_file(path) if _kind(path) == names.CONFIG else _FOLDER


def _nothing(path: str) -> str:
    return _FOLDER


def _permissions(path: str) -> Permissions:
    return Permissions.like(os.stat(path, follow_symlinks=False))


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
