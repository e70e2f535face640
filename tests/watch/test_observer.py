"""The traps of watching files, each against the real observer: after it, a look at what was marked finds the truth."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from advisor.watch import observer
from advisor.watch.observer import Changes, Watching
from tests.watch.running import ROOT as PROJECT
from tests.watch.running import wait_for


class Watched:
    """A root under the real observer, and all the paths that it has named."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths: dict[str, bool] = {}
        self.woken = threading.Event()
        self.changes = Changes(self.woken.set)
        self.watching = Watching(self.changes)
        self.watching.start()
        self.watching.add(str(root))

    def named(self) -> set[str]:
        for path, is_folder in self.changes.take().items():
            self.paths[os.path.relpath(path, self.root)] = is_folder
        return set(self.paths)

    def caught_up(self) -> None:
        """A cookie: what happened before it has been told once it is."""
        cookie = self.root / f"cookie{len(self.paths)}"
        cookie.touch()
        wait_for(lambda: cookie.name in self.named())


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    root = tmp_path / "root"
    (root / "old").mkdir(parents=True)
    (root / "old" / "eval.yaml").write_text("a: 1\n")
    (root / "plain.yaml").write_text("a: 1\n")
    it = Watched(root)
    yield it
    it.watching.stop()


def write_in_place(root: Path) -> None:
    (root / "plain.yaml").write_text("a: 2\n")


def atomic_save(root: Path) -> None:
    (root / ".plain.yaml.tmp").write_text("a: 2\n")
    (root / ".plain.yaml.tmp").rename(root / "plain.yaml")


def sed(root: Path) -> None:
    subprocess.run(["sed", "-i", "s/1/2/", str(root / "plain.yaml")], check=True)


def delete(root: Path) -> None:
    (root / "plain.yaml").unlink()


def rename(root: Path) -> None:
    (root / "plain.yaml").rename(root / "other.yaml")


def hard_link(root: Path) -> None:
    os.link(root / "plain.yaml", root / "linked.yaml")


def file_moved_in(root: Path) -> None:
    (root.parent / "outside.yaml").write_text("a: 1\n")
    (root.parent / "outside.yaml").rename(root / "outside.yaml")


def file_moved_out(root: Path) -> None:
    (root / "plain.yaml").rename(root.parent / "plain.yaml")


def folder_moved_in(root: Path) -> None:
    (root.parent / "in" / "deep").mkdir(parents=True)
    (root.parent / "in" / "deep" / "eval.yaml").write_text("a: 1\n")
    (root.parent / "in").rename(root / "in")


def folder_moved_about(root: Path) -> None:
    (root / "old").rename(root / "new")


def folder_moved_out(root: Path) -> None:
    (root / "old").rename(root.parent / "old")


def folder_removed(root: Path) -> None:
    shutil.rmtree(root / "old")


def nested_folders(root: Path) -> None:
    (root / "x" / "y" / "z").mkdir(parents=True)
    (root / "x" / "y" / "z" / "eval.yaml").write_text("a: 1\n")


# What happens, and the names of which one at least must be marked: a file itself, or a folder above, to be looked over.
TRAPS: list[tuple[Callable[[Path], None], list[set[str]]]] = [
    (write_in_place, [{"plain.yaml"}]),
    (atomic_save, [{"plain.yaml"}]),
    (sed, [{"plain.yaml"}]),
    (delete, [{"plain.yaml"}]),
    (rename, [{"plain.yaml"}, {"other.yaml"}]),
    (hard_link, [{"linked.yaml"}]),
    (file_moved_in, [{"outside.yaml"}]),
    (file_moved_out, [{"plain.yaml"}]),
    (folder_moved_in, [{"in", "in/deep", "in/deep/eval.yaml"}]),
    (folder_moved_about, [{"old"}, {"new"}]),
    (folder_moved_out, [{"old"}]),
    (folder_removed, [{"old", "old/eval.yaml"}]),
    (nested_folders, [{"x", "x/y", "x/y/z", "x/y/z/eval.yaml"}]),
]


@pytest.mark.parametrize(("happens", "marked"), TRAPS, ids=[trap[0].__name__ for trap in TRAPS])
def test_a_change_is_marked(watched: Watched, happens: Callable[[Path], None], marked: list[set[str]]) -> None:
    happens(watched.root)
    for names in marked:
        wait_for(lambda names=names: names & watched.named())


def test_after_a_move_the_new_place_is_watched(watched: Watched) -> None:
    folder_moved_about(watched.root)
    watched.caught_up()
    watched.paths.clear()
    (watched.root / "new" / "eval.yaml").write_text("a: 3\n")
    wait_for(lambda: "new/eval.yaml" in watched.named())


def test_an_overflow_of_the_queue_is_told(watched: Watched) -> None:
    """The kernel drops events past its limit: here while the reading thread is held up."""
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    lock = watched.watching._observer._inotify_fd._lock  # type: ignore[attr-defined]
    with lock:
        for number in range(limit // 2 + 2000):
            name = watched.root / f"f{number}"
            os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
            name.unlink()
    wait_for(lambda: watched.changes.lost)
    watched.changes.lost = False

    def told_again() -> bool:
        # What happens while the watches are put back may pass unseen; what comes later may not.
        (watched.root / "later").write_text("a: 1\n")
        return "later" in watched.named()

    wait_for(told_again)


def test_too_many_pending_changes_are_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observer, "MOST_PENDING", 10)
    watched = Watched(tmp_path)
    for number in range(30):
        (tmp_path / f"f{number}").touch()
    wait_for(lambda: watched.changes.lost)
    watched.watching.stop()


def test_a_root_made_anew_is_noticed(watched: Watched) -> None:
    assert not watched.watching.is_stale(str(watched.root))
    watched.root.rename(watched.root.with_name("away"))
    assert watched.watching.is_stale(str(watched.root))
    watched.root.mkdir()
    assert watched.watching.is_stale(str(watched.root))


LIMITED = """
import sys
from pathlib import Path
Path('/proc/sys/user/max_inotify_watches').write_text('40')
from tests.watch.test_observer import Watched
root = Path(sys.argv[1])
watched = Watched(root)
folders = 1 + sum(1 for path in root.rglob('*') if path.is_dir())
print('missing', watched.watching.missing(str(root), folders), 'alive', watched.watching._observer.is_alive())
watched.watching.stop()
"""


def test_a_refused_watch_is_noticed(tmp_path: Path) -> None:
    """Past the limit watchdog goes on as if nothing were wrong. The limit is set in a user namespace of its own."""
    for number in range(99):
        (tmp_path / f"d{number}").mkdir()
    command = ["unshare", "--user", "--map-root-user", sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=120, check=False)
    if done.returncode and "unshare" in done.stderr:
        pytest.skip(f"no user namespaces here: {done.stderr.strip()}")
    assert done.stdout.split() == ["missing", "60", "alive", "True"], done.stderr


def test_the_observer_on_an_overlay(tmp_path: Path) -> None:
    """Events come for what is written through an overlay, also to a file of the lower layer."""
    lower, work, merged = (tmp_path / name for name in ("lower", "work", "merged"))
    for folder in (lower / "deep", work, merged):
        folder.mkdir(parents=True)
    (lower / "deep" / "eval.yaml").write_text("a: 1\n")
    script = (
        f"mount -t tmpfs none {work} && mkdir {work}/u {work}/w && "
        f"mount -t overlay overlay -o lowerdir={lower},upperdir={work}/u,workdir={work}/w {merged} && "
        f"exec {sys.executable} -c '{OVERLAID}' {merged}"
    )
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=120, check=False)
    if done.returncode and ("mount" in done.stderr or "unshare" in done.stderr):
        pytest.skip(f"no overlay can be mounted here: {done.stderr.strip()}")
    assert done.stdout.split() == ["overlay", "True", "deep/eval.yaml"], done.stderr


OVERLAID = """
import sys
from pathlib import Path
from advisor.watch.filesystems import mount_of, read_mounts
from tests.watch.running import wait_for
from tests.watch.test_observer import Watched
root = Path(sys.argv[1])
mount = mount_of(str(root), read_mounts())
watched = Watched(root)
(root / "deep" / "eval.yaml").write_text("a: 2")
wait_for(lambda: "deep/eval.yaml" in watched.named())
print(mount.type, mount.has_events, "deep/eval.yaml")
watched.watching.stop()
"""
