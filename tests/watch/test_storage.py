"""Disks that are full or read-only, watches that run out, events that are lost: the real daemon on each."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import pytest

from tests.watch.running import Running, advice, mistaken, outputs_below, running, speaks_of, wait_for


@contextmanager
def on_small_disk(root: Path, state: Path) -> Iterator[tuple[Running, Path]]:
    """The daemon on a file system of 256 KB in a namespace of its own, and the way there from here."""
    mount = f"mount -t tmpfs -o size=256k none {shlex.quote(str(root))}"
    prefix = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh")
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespaces here")
    with running(root, state, "--settle", "0.05", prefix=prefix) as daemon:
        yield daemon, Path(f"/proc/{daemon.process.pid}/root") / root.relative_to("/")


def fill_up(path: Path) -> None:
    with path.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        write_for_ever(file)


def write_for_ever(file: FileIO) -> None:
    while True:
        file.write(b"x" * 4096)


def test_a_full_disk(root: Path, tmp_path: Path) -> None:
    with on_small_disk(root, tmp_path / "state") as (daemon, there):
        (there / "first.yaml").write_text(mistaken(1))
        wait_for(speaks_of(there / "first.yaml", 1))
        (there / "second.yaml").write_text(mistaken(2))
        filler = there / "filler"
        fill_up(filler)
        (there / "first.yaml").open("r+").write(mistaken(3))
        wait_for(lambda: daemon.events("cannot write, will try again"))
        wait_for(lambda: not list(there.rglob(".nel-advisor-tmp*")))  # another one may be at it right now
        filler.unlink()
        wait_for(speaks_of(there / "first.yaml", 3))
        wait_for(speaks_of(there / "second.yaml", 2))
        assert len(daemon.events("cannot write, will try again")) == 1
        assert len(daemon.events("can write again")) == 1


def test_a_disk_that_becomes_read_only(root: Path, tmp_path: Path) -> None:
    with on_small_disk(root, tmp_path / "state") as (daemon, there):
        remount = [
            "nsenter",
            "-t",
            str(daemon.process.pid),
            "--user",
            "--preserve-credentials",
            "--mount",
            "mount",
            "-o",
        ]
        (there / "eval.yaml").write_text(mistaken(1))
        subprocess.run([*remount, "remount,ro", str(root)], check=True)
        wait_for(lambda: daemon.events("cannot write, will try again") or speaks_of(there / "eval.yaml", 1)())
        subprocess.run([*remount, "remount,rw", str(root)], check=True)
        wait_for(speaks_of(there / "eval.yaml", 1))


def test_watches_that_run_out(root: Path, tmp_path: Path) -> None:
    for number in range(99):
        (root / f"d{number}").mkdir()
    limit = 'echo 40 > /proc/sys/user/max_inotify_watches && exec "$@"'
    prefix = ("unshare", "--user", "--map-root-user", "sh", "-c", limit, "sh")
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no user namespaces here")
    with running(root, tmp_path / "state", "--settle", "0.05", "--interval", "0.1", prefix=prefix) as daemon:
        wait_for(lambda: daemon.status()["mode"] == "polling")
        assert "limit of watches" in daemon.status()["reason"]
        for number in range(99):
            (root / f"d{number}" / "eval.yaml").write_text(mistaken(number))
        for number in range(99):
            wait_for(speaks_of(root / f"d{number}" / "eval.yaml", number))


def test_an_overflow_loses_nothing(root: Path, tmp_path: Path) -> None:
    """The daemon stands still while the kernel's queue of events runs over."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    with running(root, tmp_path / "state", "--settle", "0.05") as daemon:
        daemon.process.send_signal(signal.SIGSTOP)
        for number in range(limit // 2 + 2000):
            name = root / f"f{number}"
            os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
            name.unlink()
        for number in range(20):
            (root / f"late{number}").mkdir()
            (root / f"late{number}" / "eval.yaml").write_text(mistaken(number))
        daemon.process.send_signal(signal.SIGCONT)
        for number in range(20):
            wait_for(speaks_of(root / f"late{number}" / "eval.yaml", number))
        assert daemon.events("events were lost: looking over everything")
        (root / "late3" / "eval.yaml").write_text(mistaken(777))
        wait_for(speaks_of(root / "late3" / "eval.yaml", 777))


def test_a_root_removed_and_made_anew(root: Path, tmp_path: Path) -> None:
    with running(root, tmp_path / "state", "--settle", "0.05", "--reconcile", "1"):
        (root / "eval.yaml").write_text(mistaken(1))
        wait_for(speaks_of(root / "eval.yaml", 1))
        root.rename(root.with_name("away"))
        root.mkdir()
        (root / "eval.yaml").write_text(mistaken(2))
        wait_for(speaks_of(root / "eval.yaml", 2))
    assert speaks_of(root.with_name("away") / "eval.yaml", 1)()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_without_the_right_to_write(root: Path, tmp_path: Path) -> None:
    closed = root / "closed"
    closed.mkdir()
    (closed / "eval.yaml").write_text(mistaken(1))
    closed.chmod(0o555)
    with running(root, tmp_path / "state", "--settle", "0.05", "--reconcile", "1") as daemon:
        (root / "open.yaml").write_text(mistaken(2))
        wait_for(speaks_of(root / "open.yaml", 2))
        wait_for(lambda: daemon.events("cannot write beside it, will try again"))
        closed.chmod(0o755)
        wait_for(speaks_of(closed / "eval.yaml", 1))
        assert len(daemon.events("cannot write beside it, will try again")) == 1


def test_names_that_are_not_utf8_are_left_out(root: Path, tmp_path: Path) -> None:
    with running(root, tmp_path / "state", "--settle", "0.05") as daemon:
        folder = os.fsencode(root) + b"/\xff"
        os.mkdir(folder)
        for name in (folder + b"/eval.yaml", os.fsencode(root) + b"/\xfe.yaml"):
            with open(name, "w") as file:
                file.write(mistaken(1))
        (root / "ünï\nline.yaml").write_text(mistaken(2))
        wait_for(speaks_of(root / "ünï\nline.yaml", 2))
        wait_for(lambda: len(outputs_below(root)) == 2)
        daemon.wait_idle()
        assert advice(root / "ünï\nline.yaml") in outputs_below(root)
        assert len(outputs_below(root)) == 2
    assert sys.getfilesystemencoding() == "utf-8"
