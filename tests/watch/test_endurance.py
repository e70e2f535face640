"""Nothing is lost: many fresh directories at once, kills at random moments under load, a soak of edits. Each in a small
version, and in a long one under the marker `slow`."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from advisor.watch.seal import is_sealed
from tests.watch.running import (
    NOT_NEL,
    Running,
    advice,
    advised,
    mistaken,
    outputs_below,
    running,
    speaks_of,
    wait_for,
    walltime,
)

LONG = 1200.0


def sized(small: int, large: int) -> list[object]:
    return [small, pytest.param(large, marks=pytest.mark.slow)]


@pytest.mark.parametrize("count", sized(300, 10_000))
def test_configs_in_fresh_nested_directories_are_all_advised(root: Path, tmp_path: Path, count: int) -> None:
    with running(root, tmp_path / "state") as daemon:
        for number in range(count):
            folder = root / f"s{number % 10}" / f"t{number % 97}" / f"r{number}" / "deep"
            folder.mkdir(parents=True)
            (folder / "eval.yaml").write_text(mistaken(number))
        for number in range(count):
            config = root / f"s{number % 10}" / f"t{number % 97}" / f"r{number}" / "deep" / "eval.yaml"
            wait_for(speaks_of(config, number), str(config), LONG)
        assert not daemon.status()["errors"]


class Edits:
    """Random edits of a tree, and what must be beside its files at the end."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.random = random.Random(seed)
        self.number = 0
        self.live: dict[Path, int | None] = {}

    def step(self) -> None:
        choice = self.random.random()
        if choice < 0.55 or not self.live:
            self.save(self.any_path())
        elif choice < 0.7:
            self.random.choice(list(self.live)).unlink()
            self.sync()
        elif choice < 0.8:
            source, target = self.random.choice(list(self.live)), self.any_path()
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            self.live[target] = self.live.pop(source)
        elif choice < 0.9:
            path = self.random.choice(list(self.live))
            path.write_text(NOT_NEL)
            self.live[path] = None
        else:
            self.move_folder()

    def any_path(self) -> Path:
        one = self.random.randrange
        return self.root / f"a{one(4)}" / f"b{one(4)}" / f"eval{one(6)}.yaml"

    def save(self, path: Path) -> None:
        self.number += 1
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.random.random() < 0.5:
            path.write_text(mistaken(self.number))
        else:
            temporary = path.with_name(f".{path.name}.tmp")
            temporary.write_text(mistaken(self.number))
            temporary.rename(path)
        self.live[path] = self.number

    def move_folder(self) -> None:
        source, target = (self.root / f"a{self.random.randrange(4)}" for _ in range(2))
        if source.exists() and not target.exists():
            source.rename(target)
            moved = {p: n for p, n in self.live.items() if p.is_relative_to(source)}
            for path, number in moved.items():
                del self.live[path]
                self.live[target / path.relative_to(source)] = number

    def sync(self) -> None:
        self.live = {path: number for path, number in self.live.items() if path.exists()}

    def wrong(self) -> str:
        """What is beside the files that should not be, or not as it is; '' where all is right."""
        self.sync()
        expected = {path for config, number in self.live.items() if number is not None for path in beside(config)}
        found = outputs_below(self.root)
        if found != expected:
            return f"missing {sorted(expected - found)[:3]}, too many {sorted(found - expected)[:3]}"
        for config, number in self.live.items():
            if number is not None and not (
                f"walltime {walltime(number)} " in advice(config).read_text()
                and f'walltime: "{walltime(number)}"' in advised(config).read_text()
            ):
                return f"{config}: not the advice on its last version"
        unsealed = [path for path in found if not is_sealed(path.read_bytes())]
        left = list(self.root.rglob(".nel-advisor-tmp*"))
        return f"unsealed {unsealed[:3]}, left {left[:3]}" if unsealed or left else ""


def beside(config: Path) -> tuple[Path, Path]:
    return advice(config), advised(config)


@pytest.mark.parametrize("kills", sized(4, 50))
def test_killed_at_random_moments_under_load(root: Path, tmp_path: Path, kills: int) -> None:
    edits = Edits(root, seed=kills)
    chance = random.Random(kills)
    for _ in range(kills):
        daemon = Running(root, tmp_path / "state", "--settle", "0.05")
        if chance.random() < 0.8:
            daemon.wait_ready()
        end = time.monotonic() + chance.uniform(0, 1.5)
        while time.monotonic() < end:
            edits.step()
            time.sleep(chance.uniform(0, 0.02))
        daemon.kill()
        assert "Traceback" not in daemon.log.read_text()
        for _ in range(5):
            edits.step()  # what happens while it is away
    with running(root, tmp_path / "state", "--settle", "0.05"):
        assert settles(edits)


def settles(edits: Edits) -> bool:
    """Waits for the right files, and says what is wrong when they do not come."""
    end = time.monotonic() + LONG
    while wrong := edits.wrong():
        assert time.monotonic() < end, wrong
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("damage", ["garbage", "truncated", "empty", "other tables", "gone"])
def test_a_damaged_ledger_is_set_aside_and_built_anew(root: Path, tmp_path: Path, damage: str) -> None:
    edits = Edits(root, seed=1)
    state = tmp_path / "state"
    for _ in range(40):
        edits.step()
    with running(root, state, "--settle", "0.05"):
        assert settles(edits)
    (ledger,) = state.glob("nel-advisor/roots/*/ledger.sqlite")
    data = ledger.read_bytes()
    if damage == "garbage":
        ledger.write_bytes(b"no database at all" * 1000)
    elif damage == "truncated":
        ledger.write_bytes(data[: len(data) // 2])
    elif damage == "empty":
        ledger.write_bytes(b"")
    elif damage == "gone":
        ledger.unlink()
    else:
        db = sqlite3.connect(ledger)
        db.execute("alter table targets rename column note to remark")
        db.close()
    for _ in range(10):
        edits.save(edits.any_path())
    gone = next(path for path, number in edits.live.items() if number is not None)
    if damage in ("garbage", "truncated", "other tables"):
        gone.unlink()  # the new ledger does not know of its outputs: they are told by their seal
        del edits.live[gone]
    with running(root, state, "--settle", "0.05") as daemon:
        assert settles(edits)
        assert bool(list(ledger.parent.glob("ledger.sqlite.damaged-*"))) == bool(
            [event for event in daemon.events() if event["event"].startswith("the ledger was damaged")]
        )
        if damage in ("garbage", "truncated", "other tables"):
            assert list(ledger.parent.glob("ledger.sqlite.damaged-*"))


def test_a_ledger_damaged_in_use_is_built_anew(root: Path, tmp_path: Path) -> None:
    with running(root, tmp_path / "state", "--settle", "0.05") as daemon:
        edits = Edits(root, seed=2)
        for _ in range(60):
            edits.step()
        assert settles(edits)
        (ledger,) = daemon.state.glob("nel-advisor/roots/*/ledger.sqlite")
        for file in (ledger, Path(f"{ledger}-wal")):
            if file.exists():
                with file.open("r+b") as content:
                    size = os.fstat(content.fileno()).st_size
                    content.seek(0)
                    content.write(b"\x55" * size)
        for _ in range(60):
            edits.step()
        assert settles(edits)


def memory_of(pid: int) -> int:
    """Kilobytes of a process that are its own."""
    fields = Path(f"/proc/{pid}/smaps_rollup").read_text().split("\n")
    return sum(int(line.split()[1]) for line in fields if line.startswith(("Private_Clean", "Private_Dirty")))


def family(pid: int) -> list[int]:
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


@pytest.mark.parametrize("count", sized(200, 20_000))
def test_a_soak_of_edits_loses_nothing_and_memory_stays_flat(root: Path, tmp_path: Path, count: int) -> None:
    configs = [root / f"s{n}" / "eval.yaml" for n in range(50)]
    with running(root, tmp_path / "state", "--settle", "0.05") as daemon:
        memory: list[int] = []
        for number in range(count):
            config = configs[number % len(configs)]
            config.parent.mkdir(exist_ok=True)
            config.write_text(mistaken(number))
            if number % 10 == 9:
                wait_for(speaks_of(config, number), str(config))
            if number % (count // 20) == 0:
                memory.append(sum(map(memory_of, family(daemon.process.pid))))
        for number in range(count - len(configs), count):
            wait_for(speaks_of(configs[number % len(configs)], number))
        if count >= 10_000:
            print(f"memory in KB, every 5 %: {memory}")
            assert memory[-1] < memory[len(memory) // 4] * 1.1 + 2_000
        shutil.rmtree(root / "s1")
        wait_for(lambda: not (root / "s1").exists())
