"""One daemon a root: by lock, by process, and by a lease file across hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from advisor.watch.lease import STALE, Held, Holder, Lease, this_process
from advisor.watch.names import LEASE
from tests.watch.running import ROOT


def write(root: Path, holder: Holder, age: float = 0.0) -> None:
    file = root / LEASE
    file.write_text(json.dumps(asdict(holder)))
    os.utime(file, (time.time() - age, time.time() - age))


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


ME = this_process()
FAR = replace(ME, host="far", boot="other", pid=7)
CASES = [
    ("a living process of this host", replace(ME, pid=os.getppid(), started=-1), False),
    ("a dead process of this host", replace(ME, pid=dead_pid()), True),
    ("a pid that another process has now", replace(ME, started=1), True),
    ("another container of this host", replace(ME, space="pid:[1]", pid=7), False),
    ("another host", FAR, False),
]


@pytest.mark.parametrize(("_what", "holder", "taken"), CASES, ids=[case[0] for case in CASES])
def test_a_fresh_lease(tmp_path: Path, _what: str, holder: Holder, taken: bool) -> None:
    if holder.started == -1:
        holder = Holder(ME.host, holder.pid, started(holder.pid), ME.boot, ME.space)
    write(tmp_path, holder)
    lease = Lease(str(tmp_path))
    if taken:
        lease.take()
        assert json.loads((tmp_path / LEASE).read_text())["pid"] == os.getpid()
    else:
        with pytest.raises(Held, match=f"process {holder.pid} on {holder.host}"):
            lease.take()
    assert [path.name for path in tmp_path.iterdir()] == [LEASE]


def started(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


@pytest.mark.parametrize("age", [STALE * 0.5, STALE * 2])
def test_a_lease_of_another_host_is_taken_over_when_stale(tmp_path: Path, age: float) -> None:
    write(tmp_path, FAR, age)
    if age > STALE:
        Lease(str(tmp_path)).take()
    else:
        with pytest.raises(Held):
            Lease(str(tmp_path)).take()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": 1}', "\0" * 50])
def test_a_lease_that_says_nothing_counts_by_its_age(tmp_path: Path, content: str) -> None:
    (tmp_path / LEASE).write_text(content)
    with pytest.raises(Held):
        Lease(str(tmp_path)).take()
    os.utime(tmp_path / LEASE, (1, 1))
    Lease(str(tmp_path)).take()


def test_renewing_and_giving_back(tmp_path: Path) -> None:
    lease = Lease(str(tmp_path))
    lease.take()
    os.utime(tmp_path / LEASE, (1, 1))
    lease.renew()
    assert (tmp_path / LEASE).stat().st_mtime > 1
    (tmp_path / LEASE).unlink()
    lease.renew()  # somebody has tidied up: it is ours again
    assert (tmp_path / LEASE).exists()
    write(tmp_path, FAR)
    with pytest.raises(Held):
        lease.renew()
    lease.release()
    assert json.loads((tmp_path / LEASE).read_text())["host"] == "far"


def test_a_root_below_a_watched_one_is_refused(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    write(tmp_path, FAR)
    with pytest.raises(Held):
        Lease(str(below)).take()
    write(tmp_path, FAR, STALE * 2)
    Lease(str(below)).take()


RACE = """
import sys, time
from advisor.watch.lease import Held, Lease
lease = Lease(sys.argv[1])
while time.time() < float(sys.argv[2]):
    pass
try:
    lease.take()
    print('mine', flush=True)
    sys.stdin.read()
except Held:
    print('held', flush=True)
"""


@pytest.mark.parametrize("stale", [False, True])
def test_of_many_at_once_one_gets_it(tmp_path: Path, stale: bool) -> None:
    if stale:
        write(tmp_path, replace(ME, pid=dead_pid()))
    start = str(time.time() + 1.0)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE, str(tmp_path), start],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        for _ in range(6)
    ]
    said = [racer.stdout.readline().strip() for racer in racers if racer.stdout]
    for racer in racers:
        racer.communicate("")
    assert sorted(said) == ["held"] * 5 + ["mine"]
