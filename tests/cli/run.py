"""Runs the real command in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def powerless() -> list[str]:
    """What a command begins with so that the rights of files count for it, for root too."""
    if os.geteuid() != 0:
        return []
    powers = "-dac_override,-dac_read_search"
    prefix = ["setpriv", "--bounding-set", powers, "--inh-caps", powers]
    if (
        shutil.which("setpriv") is None
        or subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("root reads everything, and there is no setpriv to change that")
    return prefix


def nel_advisor(
    *args: str,
    cwd: Path | None = None,
    stdin: bytes = b"",
    env: dict[str, str] | None = None,
    prefix: Sequence[str] = (),
) -> Ran:
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "advisor", *args],
        capture_output=True,
        cwd=cwd,
        input=stdin,
        env=env,
        timeout=120,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in out + err, err
    return Ran(done.returncode, out, err)
