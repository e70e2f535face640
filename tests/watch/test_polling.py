"""Looking for changes: what is found, and how little is looked at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.watch import polling
from advisor.watch.polling import COARSEST, Poller


class Looking:
    """A poller with a clock of its own, which each look moves on."""

    def __init__(self, root: Path) -> None:
        self.root, self.now = root, 0.0
        self.seen: set[str] = set()
        self.poller = Poller(str(root), self.note, lambda: self.now)

    def note(self, path: str, is_folder: bool) -> None:
        self.seen.add(os.path.relpath(path, self.root) + ("/" if is_folder else ""))

    def look(self) -> set[str]:
        self.seen = set()
        self.now += COARSEST
        for _ in self.poller.look():
            pass
        return self.seen


@pytest.fixture
def looking(tmp_path: Path) -> Looking:
    root = tmp_path / "root"
    (root / "old" / "deep").mkdir(parents=True)
    (root / "old" / "deep" / "eval.yaml").write_text("a: 1\n")
    (root / "plain.yaml").write_text("a: 1\n")
    (root / "model").mkdir()
    (root / "model" / "model.safetensors").write_bytes(b"1")
    it = Looking(root)
    assert it.look() == {"old/deep/eval.yaml", "plain.yaml", "model/"}
    for _ in range(3):
        it.look()
    assert it.look() == set()
    return it


def outside(root: Path) -> Path:
    (root.parent / "outside" / "in").mkdir(parents=True)
    (root.parent / "outside" / "in" / "eval.yaml").write_text("a: 1\n")
    return root.parent / "outside"


CHANGES: list[tuple[Callable[[Path], object], set[str]]] = [
    (lambda root: (root / "plain.yaml").write_text("a: 23\n"), {"plain.yaml"}),
    (lambda root: (root / "old/deep/eval.yaml").write_text("a: 23\n"), {"old/deep/eval.yaml"}),
    (lambda root: (root / "plain.yaml").unlink(), {"plain.yaml"}),
    (lambda root: (root / "plain.yaml").rename(root / "other.yaml"), {"plain.yaml", "other.yaml"}),
    (lambda root: (root / "old").rename(root / "new"), {"old/", "old/deep/", "new/deep/eval.yaml"}),
    (lambda root: shutil.rmtree(root / "old"), {"old/", "old/deep/"}),
    (lambda root: outside(root).rename(root / "moved"), {"moved/in/eval.yaml"}),
    (lambda root: (root / "model/config.json").write_text("{}"), {"model/"}),
    (lambda root: (root / "model/model.safetensors").write_bytes(b"12"), {"model/"}),
    (lambda root: (root / "model/model.safetensors").unlink(), {"model/"}),
    (lambda root: (root / "model/run.log").write_text("x"), {"model/"}),
    (lambda root: (root / "old/run.log").write_text("x"), set()),
    (lambda root: (root / "old/.hidden.yaml").write_text("x"), set()),
]


@pytest.mark.parametrize(("change", "found"), CHANGES)
def test_a_change_is_found_once(looking: Looking, change: Callable[[Path], object], found: set[str]) -> None:
    change(looking.root)
    assert looking.look() == found
    for _ in range(3):
        assert looking.look() == set()


def test_a_folder_that_changes_twice_within_the_clock_of_its_file_system(looking: Looking) -> None:
    """The second file leaves the folder's time as it was."""
    folder = looking.root / "old"
    (folder / "one.yaml").write_text("a: 1\n")
    status = folder.stat()
    assert looking.look() == {"old/one.yaml"}
    (folder / "two.yaml").write_text("a: 1\n")
    os.utime(folder, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert looking.look() == {"old/two.yaml"}


def test_nothing_is_listed_while_nothing_changes(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    listed: list[str] = []
    real = polling.list_folder

    def counting(path: str) -> object:
        listed.append(path)
        return real(path)

    monkeypatch.setattr(polling, "list_folder", counting)
    looking.look()
    assert listed == []
    (looking.root / "old" / "new.yaml").write_text("a: 1\n")
    looking.look()
    assert listed == [str(looking.root / "old")]


def test_a_root_that_goes_and_comes_again(looking: Looking) -> None:
    looking.root.rename(looking.root.with_name("away"))
    assert "./" in looking.look()
    looking.root.with_name("away").rename(looking.root)
    assert looking.look() == {"old/deep/eval.yaml", "plain.yaml", "model/"}
