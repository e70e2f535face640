"""What is broken, locked, endless or going away: a finding with a place, or one line and exit code 2. `nel_advisor`
holds every run to be without a traceback and to come to an end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.targets import config_in, targets_below
from tests.cli.run import nel_advisor, powerless
from tests.cli.test_advise import BAD_INPUTS

CONFIG = """\
defaults: [{execution: slurm/default}, {deployment: none}, _self_]
execution: {hostname: h, account: a, output_dir: /o, walltime: 12:00:00}
target: {api_endpoint: {url: "https://h.example/v1/chat/completions", model_id: m, api_key_name: K}}
evaluation: {tasks: [{name: ifeval}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "eval.yaml").write_text(CONFIG)
    return tmp_path


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def pipe(path: Path) -> None:
    os.mkfifo(path)


def memory(path: Path) -> None:
    """A regular file that opens, and cannot be read."""
    path.symlink_to("/proc/self/mem")


def binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)))


def deep(path: Path) -> None:
    path.write_bytes(BAD_INPUTS["deep"][0])


MAKERS = [loop, pipe, memory, Path.mkdir, binary, deep]


@pytest.mark.parametrize("make", [loop, pipe, memory])
@pytest.mark.parametrize("words", [("advise",), ("advise", "--fix"), ("explain", "NEL640")])
def test_what_cannot_be_read_is_said(folder: Path, make: Callable[[Path], None], words: tuple[str, ...]) -> None:
    make(folder / "bad.yaml")
    ran = nel_advisor(*words, "bad.yaml", cwd=folder)
    assert "bad.yaml:1:1" in ran.out + ran.err
    assert "cannot be read" in ran.out + ran.err


@pytest.mark.parametrize("name", BAD_INPUTS)
def test_bad_input_can_be_explained_and_is_not_fixed(folder: Path, name: str) -> None:
    data, finding = BAD_INPUTS[name]
    (folder / "bad.yaml").write_bytes(data)
    assert nel_advisor("explain", finding, "bad.yaml", cwd=folder).code == 0
    assert nel_advisor("advise", "--fix", "--unsafe", "bad.yaml", cwd=folder).code == 1
    assert (folder / "bad.yaml").read_bytes() == data


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("name", [".env", "ours.yaml"])
def test_what_lies_beside_ends_nothing(folder: Path, name: str, make: Callable[[Path], None]) -> None:
    make(folder / name)
    (folder / "eval.yaml").write_text(CONFIG.replace("_self_", "ours, _self_"))
    ran = nel_advisor("advise", "eval.yaml", cwd=folder)
    assert (ran.code, "walltime-unquoted" in ran.out) == (1, True)


@pytest.mark.parametrize("make", MAKERS)
def test_a_baseline_that_is_none(folder: Path, make: Callable[[Path], None]) -> None:
    make(folder / "base.json")
    ran = nel_advisor("advise", "eval.yaml", "--baseline", "base.json", cwd=folder)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("nel-advisor: base.json: ")


@pytest.mark.parametrize("make", [binary, deep])
@pytest.mark.parametrize("words", [("advise", "eval.yaml"), ("settings",), ("rules",), ("explain", "NEL640")])
def test_settings_that_cannot_be_read(folder: Path, words: tuple[str, ...], make: Callable[[Path], None]) -> None:
    make(folder / ".nel-advisor.yaml")
    ran = nel_advisor(*words, cwd=folder)
    assert (ran.code, ran.out) == (2, "")
    assert ".nel-advisor.yaml:1:" in ran.err


@pytest.mark.parametrize("rules", ["nowhere", "eval.yaml", '"a\\0b"', "/proc/self/mem"])
def test_a_folder_of_rules_that_is_none(folder: Path, rules: str) -> None:
    (folder / ".nel-advisor.yaml").write_text(f"rules: [{rules}]\n")
    ran = nel_advisor("advise", "eval.yaml", cwd=folder)
    assert (ran.code, ran.out) == (2, "")
    assert "the rules cannot be loaded" in ran.err
    assert "Errno" not in ran.err


def test_a_name_that_is_no_text(folder: Path) -> None:
    name = os.fsdecode(b"\xff.yaml")
    (folder / name).write_text(CONFIG)
    env = {**os.environ, "PYTHONIOENCODING": "utf-8:surrogateescape"}
    for words in (("advise", "."), ("advise", name), ("advise", "--format", "json", name), ("explain", "NEL640", name)):
        done = subprocess.run(
            [sys.executable, "-m", "advisor", *words], cwd=folder, capture_output=True, timeout=60, env=env, check=False
        )
        assert b"Traceback" not in done.stderr
        assert b"walltime" in done.stdout


def test_an_endless_standard_input_is_left(tmp_path: Path) -> None:
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run(
            [sys.executable, "-m", "advisor", "advise", "-"],
            stdin=endless,
            capture_output=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert b"file-too-large" in done.stdout


def test_a_file_without_permission_is_a_finding(folder: Path) -> None:
    (folder / "eval.yaml").chmod(0)
    ran = nel_advisor("advise", "eval.yaml", cwd=folder, prefix=powerless())
    assert ran.code == 1
    assert "eval.yaml:1:1: error NEL001 file-unreadable" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("advise", "locked"), 2, "locked: cannot be read: Permission denied"),
        (("advise", "locked", "eval.yaml"), 2, "locked: cannot be read: Permission denied"),
        (("advise", "."), 1, "./locked: cannot be read: Permission denied"),
        (("advise", "locked/x.yaml"), 2, "locked/x.yaml: there is no such file"),
        (("new", "locked"), 2, "locked: permission denied"),
    ],
)
def test_a_folder_without_permission_is_not_passed_over_in_silence(
    folder: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    (folder / "locked").mkdir(mode=0)
    ran = nel_advisor(*words, cwd=folder, prefix=powerless())
    (folder / "locked").chmod(0o700)
    assert ran.code == code
    assert said in ran.err
    assert ("walltime-unquoted" in ran.out) == ("eval.yaml" in words or words == ("advise", "."))


def test_what_goes_between_listing_and_reading_is_left_out(tmp_path: Path) -> None:
    for name in ("a", "b/c", "d"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("a/one.yaml", "d/two.yaml", "b/c/three.yaml"):
        (tmp_path / name).write_text(CONFIG)
    unread: list[str] = []
    found = targets_below(str(tmp_path), lambda path, _: unread.append(path))
    first = next(found)
    assert first.endswith("a/one.yaml")
    (tmp_path / "a/one.yaml").unlink()
    (tmp_path / "d/two.yaml").unlink()
    (tmp_path / "d").rmdir()
    assert config_in(first) is None
    assert [os.path.relpath(path, tmp_path) for path in found] == ["b/c/three.yaml"]
    assert unread == []
