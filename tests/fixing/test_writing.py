"""In-place writes: whole or not at all."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from advisor.document.document import Document
from advisor.document.parse import parse_document
from advisor.document.reading import read_document
from advisor.fixing.writing import CannotWrite, encoded, write_in_place

OLD, NEW = "a: 1\n", "a: 2\nb: 3\n"


def changed(document: Document, text: str = NEW) -> Document:
    after = parse_document(document.path, text)
    return Document(after.path, after.text, after.root, (), document.bom)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "eval.yaml"
    path.write_text(OLD)
    return path


def test_mode_stays_and_nothing_is_left_behind(file: Path) -> None:
    file.chmod(0o640)
    document = read_document(str(file))
    write_in_place(document, changed(document))
    assert file.read_text() == NEW
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert os.listdir(file.parent) == ["eval.yaml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_stays(file: Path) -> None:
    os.chown(file, 1234, 4321)
    document = read_document(str(file))
    write_in_place(document, changed(document))
    assert (file.stat().st_uid, file.stat().st_gid) == (1234, 4321)


@pytest.mark.parametrize("data", [b"\xef\xbb\xbfa: 1\n", b"a: 1\r\nb: 2\r\n", b"a: '\xc3\xa9'", b""])
def test_every_byte_that_is_not_edited_stays(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    document = read_document(str(file))
    assert encoded(document) == data
    write_in_place(document, changed(document, f"{document.text}# end"))
    assert file.read_bytes() == data + b"# end"


@pytest.mark.parametrize("other", [b"a: 9\n", b"", b"a: 1\n\n", b"\xff"])
def test_a_file_that_changed_since_it_was_read_is_left_alone(file: Path, other: bytes) -> None:
    document = read_document(str(file))
    file.write_bytes(other)
    with pytest.raises(CannotWrite, match="changed since"):
        write_in_place(document, changed(document))
    assert file.read_bytes() == other
    assert os.listdir(file.parent) == ["eval.yaml"]


def test_a_file_that_went_away_stays_away(file: Path) -> None:
    document = read_document(str(file))
    file.unlink()
    with pytest.raises(CannotWrite, match="No such file"):
        write_in_place(document, changed(document))
    assert os.listdir(file.parent) == []


def test_a_link_within_its_folder_is_followed(file: Path) -> None:
    link = file.parent / "link.yaml"
    link.symlink_to("eval.yaml")
    document = read_document(str(link))
    write_in_place(document, changed(document))
    assert link.is_symlink()
    assert file.read_text() == NEW


def test_a_link_out_of_its_folder_is_not_followed(file: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("other") / "link.yaml"
    link.symlink_to(file)
    document = read_document(str(link))
    with pytest.raises(CannotWrite, match="a link out of its folder"):
        write_in_place(document, changed(document))
    assert file.read_text() == OLD


def test_a_file_with_two_names_is_left_alone(file: Path) -> None:
    os.link(file, file.parent / "second.yaml")
    document = read_document(str(file))
    with pytest.raises(CannotWrite, match="hard link"):
        write_in_place(document, changed(document))
    assert file.read_text() == OLD


WRITER = """
import sys
from pathlib import Path
from advisor.document.reading import read_document
from advisor.document.document import Document
from advisor.document.parse import parse_document
from advisor.fixing.writing import write_in_place
print("ready", flush=True)
for path in sorted(Path(sys.argv[1]).glob("*.yaml")):
    document = read_document(str(path))
    write_in_place(document, parse_document(str(path), document.text.replace("old", "new")))
"""


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
def test_kill_9_leaves_every_file_whole(tmp_path: Path, share: float) -> None:
    """Killed somewhere in a thousand writes, after that share of them."""
    old = "".join(f"key{n}: old value\n" for n in range(400))
    new = old.replace("old", "new")
    files = [tmp_path / f"{n:04}.yaml" for n in range(1000)]
    for path in files:
        path.write_text(old)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    try:
        assert writer.stdout is not None
        writer.stdout.readline()
        watched = files[int(len(files) * share)]
        while watched.read_text() == old and writer.poll() is None:
            time.sleep(0.0005)
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    texts = [path.read_text() for path in files]
    assert set(texts) <= {old, new}
    assert 0 < texts.count(new) < len(files), "it was not killed in the middle"
    # At most one write was under way; what it left is no config, and no search finds it.
    left = [name for name in os.listdir(tmp_path) if not name.endswith(".yaml")]
    assert len(left) <= 1
    assert all(name.startswith(".") for name in left)
