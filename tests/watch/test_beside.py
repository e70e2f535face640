"""Files beside a target, and the seal that says whose they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.watch.beside import LEFT, SAME, WRITTEN, Beside, Permissions
from advisor.watch.seal import is_sealed, sealed_markdown, sealed_yaml

PLAIN = Permissions(0o644, os.getgid())
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@given(st.text(max_size=200), st.lists(lines, max_size=3))
def test_what_is_sealed_is_known_and_its_text_is_untouched(text: str, header: list[str]) -> None:
    text = text.encode("utf-8", "replace").decode()
    assert is_sealed(sealed_markdown(text))
    assert sealed_markdown(text).startswith(text.encode())
    sealed = sealed_yaml(header, text)
    assert is_sealed(sealed)
    assert sealed.endswith(text.removeprefix("\ufeff").encode())


@given(st.binary(max_size=100), st.data())
def test_any_change_breaks_the_seal(junk: bytes, data: st.DataObject) -> None:
    sealed = sealed_yaml(["from eval.yaml"], "a: 1\nb: 2\n")
    at = data.draw(st.integers(0, len(sealed)))
    changed = sealed[:at] + junk + sealed[at + data.draw(st.integers(0, 3)) :]
    assert is_sealed(changed) == (changed == sealed or not changed.strip(b"\0"))


@pytest.mark.parametrize("data", [b"mine", b"# nel-advisor sha256:00\n", b"a: 1\n", b"\xff\xfe"])
def test_a_persons_file_is_not_sealed(data: bytes) -> None:
    assert not is_sealed(data)


def test_line_ends_and_byte_order_mark_stay() -> None:
    assert b"\n" not in sealed_yaml(["x"], "a: 1\r\nb: 2\r\n").replace(b"\r\n", b"")
    assert sealed_yaml(["x"], "\ufeffa: 1\n").startswith("\ufeff# x\n".encode())


def test_written_once_and_replaced_while_it_is_ours(tmp_path: Path) -> None:
    beside, path = Beside(str(tmp_path)), tmp_path / "a.advice.md"
    first, second = sealed_markdown("one\n"), sealed_markdown("two\n")
    assert beside.write(str(path), first, PLAIN) == WRITTEN
    inode = path.stat().st_ino
    assert beside.write(str(path), first, PLAIN) == SAME
    assert path.stat().st_ino == inode
    assert beside.write(str(path), second, PLAIN) == WRITTEN
    assert path.read_bytes() == second
    assert beside.remove(str(path)) == WRITTEN
    assert beside.remove(str(path)) == SAME
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_a_write_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "a.advice.md"
    path.write_bytes(b"\0" * 100)
    assert Beside(str(tmp_path)).write(str(path), sealed_markdown("one\n"), PLAIN) == WRITTEN


def persons_file(path: Path) -> None:
    path.write_text("mine")


def link_to_a_file(path: Path) -> None:
    path.with_name("target").write_bytes(sealed_markdown("sealed, but elsewhere\n"))
    path.symlink_to("target")


def dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("there", [persons_file, link_to_a_file, dangling_link, folder, pipe])
def test_what_is_not_ours_is_left_alone(tmp_path: Path, there: object) -> None:
    path = tmp_path / "a.advice.md"
    there(path)  # type: ignore[operator]
    before = sorted((p.name, p.lstat().st_mode, p.lstat().st_ino) for p in tmp_path.iterdir())
    beside = Beside(str(tmp_path))
    assert beside.write(str(path), sealed_markdown("new\n"), PLAIN) == LEFT
    assert beside.remove(str(path)) == LEFT
    assert sorted((p.name, p.lstat().st_mode, p.lstat().st_ino) for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize("where", ["link/a.advice.md", "deep/link/a.advice.md"])
def test_no_link_on_the_way_is_followed(tmp_path: Path, where: str) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "deep").mkdir(parents=True)
    outside.mkdir()
    (root / where).parent.symlink_to(outside)
    with pytest.raises(OSError):
        Beside(str(root)).write(f"{root}/{where}", sealed_markdown("x\n"), PLAIN)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("path", ["../a.advice.md", "..", "."])
def test_nothing_outside_the_root_is_written(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(OSError):
        Beside(str(root)).write(f"{root}/{path}", sealed_markdown("x\n"), PLAIN)
    assert list(tmp_path.iterdir()) == [root]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o664, 0o755, 0o444, 0o000])
def test_the_mode_is_that_of_the_originals_readers(tmp_path: Path, mode: int) -> None:
    original, path = tmp_path / "a.yaml", tmp_path / "a.advice.md"
    original.touch()
    original.chmod(mode)
    Beside(str(tmp_path)).write(str(path), sealed_markdown("x\n"), Permissions.like(original.stat()))
    assert path.stat().st_mode & 0o777 == mode & 0o444 | 0o600
    original.chmod(0o604)
    Beside(str(tmp_path)).write(str(path), sealed_markdown("x\n"), Permissions.like(original.stat()))
    assert path.stat().st_mode & 0o777 == 0o604


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.advice.md"
    beside = Beside(str(tmp_path))
    old = sealed_markdown("old\n")
    beside.write(str(path), old, PLAIN)
    import resource
    import signal

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError):
            beside.write(str(path), sealed_markdown("new\n" * 1000), PLAIN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
