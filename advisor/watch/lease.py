"""One daemon a root, also across hosts that share its storage: a file in the root says who watches it.

On one host a dead holder is known by its process; from another host, by a lease that has not been renewed for STALE
seconds of the file server's own clock, so that hosts whose clocks disagree do not matter.
"""

from __future__ import annotations

import errno
import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass

from advisor.watch.names import LEASE, TEMPORARY

RENEW = 15.0
STALE = 90.0
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, told from all others: `boot` is the kernel's, `space` its process namespace, `started` in clock
    ticks."""

    host: str
    pid: int
    started: int
    boot: str
    space: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"

    @property
    def is_alive(self) -> bool | None:
        """None where this process cannot see it: on another host, or in another container."""
        here = this_process()
        if (self.host, self.boot, self.space) != (here.host, here.boot, here.space):
            return None
        return _started(self.pid) == self.started


class Held(Exception):
    """The root belongs to someone else."""

    def __init__(self, root: str, holder: Holder | None, name: str = "") -> None:
        super().__init__(f"{root} is watched already, by {holder or name or 'a process that does not say which'}")


class Lease:
    """The right to write below a root. `writable` is False where no lease could be written, and so no advice can be
    either."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.file = f"{root}/{LEASE}"
        self.writable = False
        self._me = this_process()

    def take(self) -> None:
        """Raises Held."""
        self._ask_above()
        for _ in range(10):
            try:
                self._create()
                self.writable = True
                return
            except FileExistsError:
                self._clear_stale()
            except OSError as error:
                if error.errno not in _READ_ONLY:
                    raise
                return
        raise Held(self.root, _read(self.file))

    def renew(self) -> None:
        """Raises Held where another has taken the root over, which it may after STALE seconds without a renewal."""
        if not self.writable:
            self.take()
            return
        holder = _read(self.file)
        if holder == self._me:
            with suppress(OSError):
                os.utime(self.file)
        elif holder is None:
            self.writable = False
            self.take()
        else:
            raise Held(self.root, holder)

    def release(self) -> None:
        if self.writable and _read(self.file) == self._me:
            with suppress(OSError):
                os.unlink(self.file)
        self.writable = False

    def _create(self) -> None:
        """A link appears at once with all its content; where there are no links, exclusive creation has to do."""
        temporary = f"{self.root}/{TEMPORARY}lease.{self._me.host}.{self._me.pid}"
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, 0o644), "w") as file:
            json.dump(asdict(self._me), file)
        try:
            os.link(temporary, self.file)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
                raise
            os.close(os.open(self.file, flags, 0o644))
            os.replace(temporary, self.file)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)

    def _clear_stale(self) -> None:
        """Moves a dead holder's lease away. Raises Held for a living one."""
        holder = _read(self.file)
        alive = holder.is_alive if holder else None
        if holder == self._me or alive is False or (alive is None and self._age(self.file) > STALE):
            aside = f"{self.root}/{TEMPORARY}lease.{self._me.host}.{self._me.pid}.old"
            with suppress(FileNotFoundError):
                os.rename(self.file, aside)
                moved = _read(aside)
                if moved != holder:
                    # Someone was quicker, and it is their lease that was moved: give it back.
                    with suppress(OSError):
                        os.link(aside, self.file)
                os.unlink(aside)
            return
        raise Held(self.root, holder)

    def _age(self, lease: str) -> float:
        """Seconds since the lease was renewed, by the clock of whoever keeps the file; 0 where that cannot be told."""
        probe = f"{self.root}/{TEMPORARY}clock.{self._me.host}.{self._me.pid}"
        try:
            os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            os.utime(probe)
            now = os.stat(probe).st_mtime
            os.unlink(probe)
            return now - os.stat(lease).st_mtime
        except OSError:
            return 0.0

    def _ask_above(self) -> None:
        """A daemon on a folder above watches this root too."""
        folder = self.root
        while (above := os.path.dirname(folder)) != folder:
            folder = above
            holder = _read(f"{folder}/{LEASE}")
            if holder is None or holder == self._me or holder.is_alive is False:
                continue
            if holder.is_alive or self._age(f"{folder}/{LEASE}") <= STALE:
                raise Held(folder, holder)


def this_process() -> Holder:
    return Holder(socket.gethostname(), os.getpid(), _started(os.getpid()), _boot(), _space())


def _read(file: str) -> Holder | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as content:
            data = json.loads(content.read(4096))
        return Holder(str(data["host"]), int(data["pid"]), int(data["started"]), str(data["boot"]), str(data["space"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _started(pid: int) -> int:
    """When a process began, in ticks since boot; 0 where there is none, or only its remains."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return 0 if fields[0] in "ZX" else int(fields[19])
    except (OSError, ValueError, IndexError):
        return 0


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def _space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""
