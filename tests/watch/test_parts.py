"""The daemon's small parts, each by a table."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.settings import files as settings_files
from advisor.watch import names, roots
from advisor.watch.filesystems import mount_of, mounts_without_events, read_mounts
from advisor.watch.messages import Broken, Decoder, Job, Ready, Result, encode
from advisor.watch.notify import Notifier
from advisor.watch.settling import Settling
from tests.watch.running import ROOT

MOUNTINFO = """\
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 21 0:26 / /home rw - nfs4 server:/home rw
31 30 0:27 / /home/me/ssd rw - xfs /dev/sdb rw
32 21 0:28 / /lustre rw - lustre mds@tcp:/fs rw
33 21 0:29 / /gpfs/fs1 rw - gpfs fs1 rw
34 21 0:30 / /mnt/ssh\\040host rw - fuse.sshfs me@host: rw
35 21 0:31 / /mnt/host rw - 9p host rw
36 21 0:32 / /var/lib/docker/merged rw - overlay overlay rw
37 21 0:33 / /tmp rw shared:3 master:1 - tmpfs tmpfs rw
38 21 0:34 / /again rw - ext4 /dev/vdc rw
39 38 0:35 / /again rw - ceph host:/ rw
40 21 0:36 / /win rw - fuseblk /dev/sdc rw
not a mount at all
"""
KINDS = [
    ("/", "ext4", True),
    ("/data/ws", "ext4", True),
    ("/home", "nfs4", False),
    ("/home/me", "nfs4", False),
    ("/homes", "ext4", True),
    ("/home/me/ssd/ws", "xfs", True),
    ("/lustre/team", "lustre", False),
    ("/gpfs/fs1/x", "gpfs", False),
    ("/mnt/ssh host/x", "fuse.sshfs", False),
    ("/mnt/host", "9p", False),
    ("/var/lib/docker/merged/ws", "overlay", True),
    ("/tmp/x", "tmpfs", True),
    ("/again/x", "ceph", False),
    ("/win", "fuseblk", True),
]


@pytest.mark.parametrize(("path", "kind", "has_events"), KINDS)
def test_file_systems(tmp_path: Path, path: str, kind: str, has_events: bool) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTINFO)
    mount = mount_of(path, read_mounts(str(tmp_path / "mountinfo")))
    assert (mount.type, mount.has_events) == (kind, has_events)


def test_mounts_below_a_root_that_need_looking_at(tmp_path: Path) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTINFO)
    mounts = read_mounts(str(tmp_path / "mountinfo"))
    assert [m.point for m in mounts_without_events("/mnt", mounts)] == ["/mnt/ssh host", "/mnt/host"]
    assert mounts_without_events("/home", mounts) == ()
    assert mounts_without_events("/lustre", mounts) == ()


def test_this_machine_has_a_root_mount() -> None:
    assert mount_of("/", read_mounts()).type != "unknown"
    assert mount_of("/", read_mounts("/nowhere")).has_events


CONFIG_NAMES = [
    ("eval.yaml", True),
    ("eval.yml", True),
    ("D.nel.yaml", True),
    ("eval.advised.yaml", False),
    ("4913", False),
    (".eval.yaml.swp", False),
    (".eval.yaml.swx", False),
    ("eval.yaml~", False),
    (".eval.yaml.Xa81b2", False),
    (".nel-advisor.yaml", False),
    ("eval.advice.md", False),
    ("sedAbc123", False),
]


@pytest.mark.parametrize(("name", "may_be"), CONFIG_NAMES)
def test_what_may_be_a_config(name: str, may_be: bool) -> None:
    assert names.may_be_config(name) == may_be


OUTPUTS = [
    (names.CONFIG, "/w/a.yaml", False, {"/w/a.advice.md", "/w/a.advised.yaml"}),
    (names.CONFIG, "/w/a.b.yaml", False, {"/w/a.b.advice.md", "/w/a.b.advised.yaml"}),
    (names.CONFIG, "/w/a.yml", False, {"/w/a.advice.md", "/w/a.advised.yaml"}),
    (names.CONFIG, "/w/a.yml", True, {"/w/a.yml.advice.md", "/w/a.yml.advised.yaml"}),
    (names.CHECKPOINT, "/w/m", False, {"/w/m.advice.md", "/w/m.nel.yaml"}),
    (names.CHECKPOINT, "/w/m", True, {"/w/m.checkpoint.advice.md", "/w/m.nel.yaml"}),
]


@pytest.mark.parametrize(("kind", "path", "taken", "expected"), OUTPUTS)
def test_output_names(kind: str, path: str, taken: bool, expected: set[str]) -> None:
    assert set(names.output_names(kind, path, taken=taken).values()) == expected


HIDDEN = [
    ("/r/a.yaml", False),
    ("/r/.git/a.yaml", True),
    ("/r/x/.a.yaml", True),
    ("/r/x/node_modules/a", True),
    ("/r/x/y", False),
]


@pytest.mark.parametrize(("path", "hidden"), HIDDEN)
def test_hidden(path: str, hidden: bool) -> None:
    assert names.is_hidden(path, "/r") == hidden


def test_names_that_the_settings_have_too() -> None:
    assert settings_files.NAME == names.SETTINGS
    assert settings_files.user_settings_path() == roots.user_settings_path()


def test_roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    some = (f"{tmp_path}/a/b", f"{tmp_path}/link", f"{tmp_path}/a")
    assert roots.real_roots(some) == (f"{tmp_path}/a",)
    (tmp_path / "file").touch()
    for wrong in ("nowhere", "file"):
        with pytest.raises(OSError):
            roots.real_roots((f"{tmp_path}/{wrong}",))
    monkeypatch.delenv(roots.WORKSPACE_ROOT, raising=False)
    assert roots.default_roots() == (".",)
    monkeypatch.setenv(roots.WORKSPACE_ROOT, "/somewhere")
    assert roots.default_roots() == ("/somewhere",)


class Signs:
    """Signatures under the test's control."""

    def __init__(self) -> None:
        self.now: dict[str, str] = {}

    def __call__(self, path: str) -> str:
        return self.now.get(path, "")


def test_settling_waits_for_the_last_mark() -> None:
    settling = Settling(Signs())
    for moment in (0.0, 0.2, 0.4):
        settling.mark("a", moment, 0.3)
        assert list(settling.settled(moment + 0.29, 0.3)) == []
    assert list(settling.settled(0.7, 0.3)) == [("a", "")]
    assert settling.next_due() is None


def test_settling_waits_while_the_file_changes() -> None:
    signs = Signs()
    settling = Settling(signs)
    settling.mark("a", 0.0, 0.3)
    for step in range(1, 5):
        signs.now["a"] = str(step)
        assert list(settling.settled(step * 0.4, 0.3)) == []
    assert list(settling.settled(9.0, 0.3)) == [("a", "4")]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 5)), max_size=300))
def test_settling_loses_nothing_and_says_nothing_twice(marks: list[tuple[str, float]]) -> None:
    settling = Settling(Signs())
    now, out = 0.0, []
    marked = set()
    for path, after in marks:
        now += after
        out += [path for path, _ in settling.settled(now, 1.0)]
        settling.mark(path, now, 1.0)
        marked.add(path)
    out += [path for path, _ in settling.settled(now + 2, 1.0)]
    assert set(out) == marked
    assert len(settling) == 0
    assert out[-len(marked) :] == list(dict.fromkeys(out[-len(marked) :])) or len(out) > len(marked)


MESSAGES = [
    Job("/r", "/r/é.yaml", names.CONFIG, "1.2.3"),
    Ready("abc", 3),
    Broken("bad"),
    Result("advised", "h", {".advice.md": "text\n" * 1000}, 1, 2, 3, [["a", "b"]], 0.5, "n"),  # type: ignore[list-item]
]


@given(st.integers(1, 50))
def test_messages_arrive_whole_however_they_are_cut(size: int) -> None:
    data = b"".join(map(encode, MESSAGES))
    decoder = Decoder()
    found = [m for at in range(0, len(data), size) for m in decoder.feed(data[at : at + size])]
    assert found == MESSAGES


@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff\xff", b"\0\0\0\x02[]", b'\0\0\0\x0c["Job",{"a"}'[:16], b'\0\0\0\x0a["No", {}]']
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        Decoder().feed(data)


def test_messages_to_systemd(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(address)
        notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "60000000"})
        assert notifier.interval == 30.0
        notifier.ready("two\nlines")
        notifier.alive()
        notifier.stopping()
        got = [server.recv(4096).decode() for _ in range(3)]
    assert got == ["READY=1\nSTATUS=two lines", "WATCHDOG=1", "STOPPING=1"]
    notifier.alive()  # nobody listens any more


INTERVALS = [
    ({}, None),
    ({"NOTIFY_SOCKET": "/x"}, None),
    ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "2000000"}, 1.0),
    ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"}, None),
    ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "x"}, None),
    ({"WATCHDOG_USEC": "2000000"}, None),
]


@pytest.mark.parametrize(("environment", "interval"), INTERVALS)
def test_how_often_systemd_wants_to_hear(environment: dict[str, str], interval: float | None) -> None:
    assert Notifier(environment).interval == interval


_RULES = ("document", "nel", "subjects", "engine", "advise", "settings", "policies", "fixing")


def test_the_daemons_own_process_does_not_import_the_rules() -> None:
    code = "import sys, advisor.watch.daemon, advisor.cli.watch, advisor.watch.log; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"yaml", "pydantic", "durable_rules_engine", "omegaconf", "jinja2", "multiprocessing"}
    assert not {name for name in loaded if name.split(".")[:2] in [["advisor", stage] for stage in _RULES]}
