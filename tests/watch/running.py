"""Runs the real daemon in a process of its own, and waits for what it does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
LIMIT = 60.0
# Its advice quotes the walltime, whose lack of quotes is an error with a safe fix.
MISTAKEN = """\
defaults:
  - execution: slurm/default
  - deployment: none
  - _self_
execution:
  hostname: cluster
  account: nlp
  output_dir: /results
  walltime: {walltime}
target:
  api_endpoint:
    url: https://example.org/v1/chat/completions
    model_id: m
evaluation:
  tasks:
    - name: ns_gpqa
"""
NOT_NEL = "services:\n  web:\n    image: nginx\n"


def walltime(number: int) -> str:
    """A walltime of its own for each number below 40,000."""
    return f"{10 + number // 3600}:{number // 60 % 60:02}:{number % 60:02}"


def mistaken(number: int = 0) -> str:
    return MISTAKEN.format(walltime=walltime(number))


def wait_for(condition: Callable[[], Any], what: str = "", limit: float = LIMIT) -> Any:
    """The condition's value once it is true. Failing takes long, succeeding does not."""
    end = time.monotonic() + limit
    while True:
        try:
            value = condition()
        except (FileNotFoundError, NotADirectoryError):
            value = None
        if value:
            return value
        assert time.monotonic() < end, f"waited {limit:g} s in vain for {what or condition}"
        time.sleep(0.01)


class Running:
    """One daemon."""

    def __init__(
        self,
        root: Path,
        state: Path,
        *args: str,
        limit: str = "",
        prefix: tuple[str, ...] = (),
        named: bool = True,
        env: dict[str, str] | None = None,
    ) -> None:
        self.root, self.state = root, state
        self.log = state / f"log-{time.monotonic_ns()}"
        state.mkdir(exist_ok=True)
        start = ["-m", "tests.watch.faulty", limit] if limit else ["-m", "advisor", "watch"]
        environment = {**os.environ, "XDG_STATE_HOME": str(state), **(env or {})}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, *start, "-v", *args, *([str(root)] if named else [])],
                stderr=log,
                env=environment,
                cwd=ROOT,
            )

    def events(self, name: str = "") -> list[dict[str, Any]]:
        """What the log says; only whole lines of it."""
        wanted = f'"event": "{name}"' if name else ""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}") and wanted in line]

    def told(self, name: str, folder: Path) -> list[dict[str, Any]]:
        """The events on what is below a folder."""
        return [event for event in self.events(name) if event.get("path", "").startswith(f"{folder}/")]

    def wait_ready(self) -> None:
        wait_for(lambda: self.events("ready") or self.process.poll() is not None, "ready")
        assert self.process.poll() is None, self.log.read_text()

    def wait_idle(self) -> None:
        """Until all that it knows of is done, as its status says."""
        wait_for(lambda: self.status()["backlog"] == 0, "an empty backlog")

    def status(self) -> dict[str, Any]:
        (file,) = self.state.glob("nel-advisor/roots/*/status.json")
        data: dict[str, Any] = json.loads(file.read_text())
        return data

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(LIMIT)


@contextmanager
def running(
    root: Path,
    state: Path,
    *args: str,
    limit: str = "",
    prefix: tuple[str, ...] = (),
    named: bool = True,
    env: dict[str, str] | None = None,
) -> Iterator[Running]:
    daemon = Running(root, state, *args, limit=limit, prefix=prefix, named=named, env=env)
    try:
        daemon.wait_ready()
        yield daemon
    finally:
        if daemon.process.poll() is None:
            daemon.stop()
        text = daemon.log.read_text()
        assert "Traceback" not in text, text


def advice(config: Path) -> Path:
    return config.with_name(config.stem + ".advice.md")


def advised(config: Path) -> Path:
    return config.with_name(config.stem + ".advised.yaml")


def speaks_of(config: Path, number: int) -> Callable[[], bool]:
    """Whether the advice beside a config is on the version with this number."""
    return lambda: f"walltime {walltime(number)} " in advice(config).read_text()


def outputs_below(root: Path) -> set[Path]:
    return {path for pattern in ("*.advice.md", "*.advised.yaml", "*.nel.yaml") for path in root.rglob(pattern)}
