"""One bad target cannot take the daemon down: real workers that crash, hang and fail."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.watch.running import Running, advice, mistaken, running, speaks_of, wait_for

BAD = [
    ("CRASH", "died of SIGABRT"),
    ("HANG", "took longer than"),
    ("FAIL", "failed inside nel-advisor (ZeroDivisionError)"),
    ("HUNGRY", "failed inside nel-advisor (MemoryError)"),
]


@pytest.mark.parametrize(("word", "reason"), BAD)
def test_a_bad_target_is_left_alone_until_it_changes(root: Path, tmp_path: Path, word: str, reason: str) -> None:
    bad, good = root / "bad.yaml", root / "good.yaml"
    bad.write_text(mistaken(1) + f"# {word}\n")
    limit = "1" if word == "HANG" else "60"
    with running(root, tmp_path / "state", limit=limit) as daemon:
        good.write_text(mistaken(2))
        wait_for(speaks_of(good, 2))
        wait_for(lambda: reason in advice(bad).read_text())
        wait_for(lambda: reason in daemon.status()["quarantined"].get(str(bad), ""))
        good.write_text(mistaken(3))
        wait_for(speaks_of(good, 3))
        assert len(daemon.events("left alone until it changes")) == 1
        bad.write_text(mistaken(4))
        wait_for(speaks_of(bad, 4))
        wait_for(lambda: not daemon.status()["quarantined"])


def test_one_crash_is_forgiven(root: Path, tmp_path: Path) -> None:
    config = root / "eval.yaml"
    config.write_text(mistaken(1) + "# ONCE\n")
    with running(root, tmp_path / "state", limit="60") as daemon:
        wait_for(speaks_of(config, 1))
        assert len(daemon.events("the worker failed")) == 1
        wait_for(lambda: daemon.status()["worker_restarts"] == 1)


def test_a_quarantine_outlives_the_daemon(root: Path, tmp_path: Path) -> None:
    bad = root / "bad.yaml"
    bad.write_text(mistaken(1) + "# FAIL\n")
    with running(root, tmp_path / "state", limit="60"):
        wait_for(lambda: "ZeroDivisionError" in advice(bad).read_text())
    with running(root, tmp_path / "state") as daemon:
        assert list(daemon.status()["quarantined"]) == [str(bad)]
        assert not daemon.events("done")


def worker_of(daemon: Running) -> int:
    children = Path(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children").read_text().split()
    assert len(children) == 1
    return int(children[0])


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_worker_killed_from_outside_is_replaced(root: Path, tmp_path: Path) -> None:
    with running(root, tmp_path / "state") as daemon:
        os.kill(worker_of(daemon), signal.SIGKILL)
        (root / "eval.yaml").write_text(mistaken(1))
        wait_for(speaks_of(root / "eval.yaml", 1))


def test_the_worker_dies_with_the_daemon(root: Path, tmp_path: Path) -> None:
    (root / "bad.yaml").write_text(mistaken(1) + "# HANG\n")
    daemon = Running(root, tmp_path / "state", limit="3600")
    daemon.wait_ready()
    worker = worker_of(daemon)
    daemon.kill()
    wait_for(lambda: not is_running(worker))
