"""Where the daemon keeps what is its own, a folder for each root: the ledger, a lock, and a status for others to
read."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from platformdirs import user_state_dir

from advisor.watch.ledger import Target, read_targets

EVENTS, POLLING = "events", "polling"


@dataclass(frozen=True, slots=True)
class RootStatus:
    """One root at one moment. Times are seconds since the epoch; `errors` are the last ones, the newest last."""

    root: str
    mode: str
    reason: str
    filesystem: str
    folders: int
    backlog: int
    targets: dict[str, int]
    pid: int
    host: str
    since: float
    reconciled: float
    worker_restarts: int
    quarantined: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


class StateFolder:
    """The folder of one root."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.ledger = f"{path}/ledger.sqlite"
        self._status = f"{path}/status.json"
        self._lock: int | None = None
        self._written = ""

    def lock(self) -> bool:
        """Makes the folder, and holds it until the process ends. False where another process does already."""
        os.makedirs(self.path, mode=0o700, exist_ok=True)
        descriptor = os.open(f"{self.path}/lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def is_running(self) -> bool:
        try:
            descriptor = os.open(f"{self.path}/lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def write_status(self, status: RootStatus) -> None:
        """Replaces the status where it has changed. A disk that is full is no reason to stop."""
        text = json.dumps(asdict(status), indent=1)
        if text == self._written:
            return
        try:
            with open(f"{self._status}.new", "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(f"{self._status}.new", self._status)
        except OSError:
            return
        self._written = text

    def read_status(self) -> RootStatus | None:
        try:
            with open(self._status, encoding="utf-8") as file:
                data: dict[str, Any] = json.load(file)
            return RootStatus(**data)
        except (OSError, ValueError, TypeError):
            return None

    def read_targets(self) -> list[Target]:
        """Raises sqlite3.Error."""
        return read_targets(self.ledger) if os.path.exists(self.ledger) else []


def state_folder(root: str) -> StateFolder:
    name = os.path.basename(root) or "root"
    return StateFolder(f"{_roots()}/{name[:40]}-{sha256(root.encode()).hexdigest()[:12]}")


def all_state_folders() -> list[StateFolder]:
    try:
        names = sorted(os.listdir(_roots()))
    except OSError:
        return []
    return [StateFolder(f"{_roots()}/{name}") for name in names]


def _roots() -> str:
    return f"{user_state_dir('nel-advisor')}/roots"
