"""Messages to systemd: https://www.freedesktop.org/software/systemd/man/sd_notify.html, one datagram each."""

from __future__ import annotations

import os
import socket
import time


class Notifier:
    """Silent where no systemd listens. `interval` is how often, in seconds, it wants to hear that we live; None for
    never."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
        environment = dict(os.environ) if environment is None else environment
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.interval = _interval(environment) if address else None

    def ready(self, status: str) -> None:
        self._send(f"READY=1\nSTATUS={_line(status)}")

    def status(self, status: str) -> None:
        self._send(f"STATUS={_line(status)}")

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def alive(self) -> None:
        self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.connect(self._address)
                out.send(message.encode("utf-8", "replace"))
        except OSError:
            return


def _interval(environment: dict[str, str]) -> float | None:
    """Half of systemd's own limit, as its manual advises."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    limit = environment.get("WATCHDOG_USEC", "")
    return int(limit) / 2e6 if limit.isdecimal() and int(limit) > 0 else None


def _line(text: str) -> str:
    return " ".join(text.split())
