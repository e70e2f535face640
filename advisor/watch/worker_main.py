"""The worker's own process: holds the compiled rules, answers one job after the other. It ends when the daemon does."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

from advisor.watch.ledger import QUARANTINED
from advisor.watch.messages import Broken, Decoder, Job, Ready, Result, encode

# A target that wants more than this is refused rather than left to push the machine into swapping.
MAX_MEMORY = 4 * 1024**3
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def main(descriptor: int, parent: int) -> None:
    """Serves on a socket that the daemon, process `parent`, has passed."""
    _end_with(parent)
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection = socket.socket(fileno=descriptor)
    try:
        from advisor.watch.advising import Adviser

        adviser = Adviser()
    except (ValueError, OSError) as error:
        connection.sendall(encode(Broken(str(error))))
        return
    with suppress(OSError):  # the daemon has gone
        serve(connection, adviser.base_key, adviser.rules, adviser.advise)


def serve(connection: socket.socket, base: str, rules: int, advise: Callable[[Job], Result]) -> None:
    """Answers until the other side hangs up."""
    connection.sendall(encode(Ready(base, rules)))
    decoder = Decoder()
    while data := connection.recv(65536):
        for job in decoder.feed(data):
            if isinstance(job, Job):
                connection.sendall(encode(_answer(job, advise)))


def _answer(job: Job, advise: Callable[[Job], Result]) -> Result:
    try:
        return advise(job)
    except Exception as error:  # whatever it is, the next target must still be advised
        print(f"nel-advisor worker: {job.path}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return Result(QUARANTINED, note=f"advising on it failed inside nel-advisor ({type(error).__name__})")


def _end_with(parent: int) -> None:
    import ctypes

    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
