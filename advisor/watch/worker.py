"""The daemon's side of the worker process: starts it, gives it jobs, holds it to its time, and knows how it died."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

import advisor
from advisor.watch.messages import Broken, Decoder, Job, Ready, Result, encode

# -P, and the package's own place at the end of the path: nothing in the folder that the daemon was started in is
# imported.
_CODE = "import sys; sys.path.append(sys.argv[1]); from {module} import main; main(int(sys.argv[2]), int(sys.argv[3]))"
START_LIMIT = 120.0
DEPTH = 2


class Worker:
    """One process. Up to DEPTH jobs are with it, so that it need not wait while results are written; each has `limit`
    seconds from when the one before it was answered."""

    def __init__(self, limit: float, module: str = "advisor.watch.worker_main") -> None:
        self.limit = limit
        self.ready: Ready | None = None
        self.jobs: deque[Job] = deque()
        self._decoder = Decoder()
        self._broken = ""
        self._has_hung_up = False
        self._since = time.monotonic()
        self.socket, theirs = socket.socketpair()
        self.socket.setblocking(False)
        place = str(Path(advisor.__file__).parent.parent)
        command = [
            sys.executable,
            "-P",
            "-c",
            _CODE.format(module=module),
            place,
            str(theirs.fileno()),
            str(os.getpid()),
        ]
        environment = {
            name: value for name, value in os.environ.items() if name not in ("NOTIFY_SOCKET", "WATCHDOG_USEC")
        }
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=2, pass_fds=[theirs.fileno()], env=environment, cwd="/"
        )
        theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def has_room(self) -> bool:
        return self.ready is not None and len(self.jobs) < DEPTH

    @property
    def deadline(self) -> float | None:
        """When it is overdue, on the monotonic clock; None while it has nothing to do."""
        if self.ready is None:
            return self._since + START_LIMIT
        return self._since + self.limit if self.jobs else None

    def give(self, job: Job) -> None:
        if not self.jobs:
            self._since = time.monotonic()
        self.jobs.append(job)
        with suppress(OSError):  # a dead worker shows at the next receive
            self.socket.sendall(encode(job))

    def receive(self) -> list[tuple[Job, Result]] | None:
        """The jobs that have been answered since the last call; None when the process has hung up."""
        answered: list[tuple[Job, Result]] = []
        while True:
            try:
                data = self.socket.recv(1 << 20)
            except BlockingIOError:
                return answered
            except OSError:
                data = b""
            try:
                messages = self._decoder.feed(data)
            except ValueError:
                data = b""
            if not data:
                self._has_hung_up = True
                return answered or None
            for message in messages:
                self._since = time.monotonic()
                if isinstance(message, Ready):
                    self.ready = message
                elif isinstance(message, Broken):
                    self._broken = message.reason
                elif isinstance(message, Result) and self.jobs:
                    answered.append((self.jobs.popleft(), message))

    def end(self) -> str:
        """Ends the process if it still runs, and says how it ended."""
        self.socket.close()
        overdue = self.deadline is not None and time.monotonic() >= self.deadline
        # It is about to be gone, or goes when its socket closes, unless it is busy or stuck.
        goes_by_itself = self._has_hung_up or not (overdue or self.jobs)
        try:
            code = self._process.wait(5.0 if goes_by_itself else 0.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):  # stuck in the kernel, on storage that does not answer
                self._process.wait(5.0)
            code = -signal.SIGKILL
        if self._broken:
            return self._broken
        if overdue:
            return f"it took longer than {self.limit:g} s"
        if code < 0:
            return f"the process that advised on it died of {signal.Signals(-code).name}"
        return f"the process that advised on it ended with code {code}"
