"""The daemon end to end: real processes, real files."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.checkpoint.synthesize import write_demo_checkpoint
from tests.watch.running import NOT_NEL, Running, advice, advised, mistaken, outputs_below, running, speaks_of, wait_for


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def save_in_place(path: Path, text: str) -> None:
    path.write_text(text)


def save_like_vscode(path: Path, text: str) -> None:
    """Truncates and writes; first a probe of the folder, as its file watcher leaves them."""
    with path.open("r+" if path.exists() else "w") as file:
        file.truncate(0)
        file.flush()
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def save_like_vim(path: Path, text: str) -> None:
    """As with backup and writebackup: 4913, the old file renamed to a backup, the new written, the backup removed."""
    probe, backup, swap = path.with_name("4913"), path.with_name(path.name + "~"), path.with_name(f".{path.name}.swp")
    swap.write_bytes(b"b0VIM 9.0")
    probe.touch()
    probe.unlink()
    if path.exists():
        path.rename(backup)
    path.write_text(text)
    backup.unlink(missing_ok=True)
    swap.unlink()


def save_by_real_vim(path: Path, text: str) -> None:
    source = path.parent.parent / "text-for-vim"
    source.write_text(text)
    command = [
        "vim",
        "-u",
        "NONE",
        "-es",
        "-c",
        "set backup writebackup backupcopy=no",
        "-c",
        "%d",
        "-c",
        f"0r {source}",
        "-c",
        "$d",
        "-c",
        "wq",
    ]
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=60)


def save_like_rsync(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.Xa81b2")
    temporary.write_text(text)
    temporary.rename(path)


def save_by_real_rsync(path: Path, text: str) -> None:
    source = path.parent.parent / "from" / path.name
    source.parent.mkdir(exist_ok=True)
    source.write_text(text)
    subprocess.run(["rsync", "-a", "--checksum", str(source), str(path)], check=True, timeout=60)


def save_like_sed(path: Path, text: str) -> None:
    temporary = path.with_name("sedAbc123")
    temporary.write_text(text)
    temporary.rename(path)


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


SAVES = [
    save_in_place,
    save_like_vscode,
    save_like_vim,
    save_like_rsync,
    save_like_sed,
    pytest.param(save_by_real_vim, marks=needs("vim")),
    pytest.param(save_by_real_rsync, marks=needs("rsync")),
]


@pytest.mark.parametrize("save", SAVES)
def test_every_kind_of_save_is_noticed(daemon: Running, root: Path, save: Callable[[Path, str], None]) -> None:
    config = root / "eval.yaml"
    for number in range(3):
        save(config, mistaken(number))
        wait_for(speaks_of(config, number))
    wait_for(lambda: outputs_below(root) == {advice(config), advised(config)})


def test_what_is_no_config_has_nothing_beside_it(daemon: Running, root: Path) -> None:
    (root / "compose.yaml").write_text(NOT_NEL)
    (root / "eval.yaml~").write_text(mistaken())
    (root / ".eval.yaml.swp").write_text(mistaken())
    (root / "later.yaml").write_text(mistaken())
    wait_for(speaks_of(root / "later.yaml", 0))
    daemon.wait_idle()
    assert {path.name.partition(".")[0] for path in outputs_below(root)} == {"later"}


def test_renamed_deleted_and_no_longer_a_config(daemon: Running, root: Path) -> None:
    first, second = root / "first.yaml", root / "second.yaml"
    first.write_text(mistaken(1))
    wait_for(speaks_of(first, 1))
    first.rename(second)
    wait_for(speaks_of(second, 1))
    wait_for(lambda: not advice(first).exists())
    second.write_text(NOT_NEL)
    wait_for(lambda: not outputs_below(root))
    second.write_text(mistaken(2))
    wait_for(speaks_of(second, 2))
    second.unlink()
    wait_for(lambda: not outputs_below(root))


def test_directories_moved_in_about_and_out(daemon: Running, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "deep" / "er").mkdir(parents=True)
    (outside / "deep" / "er" / "eval.yaml").write_text(mistaken(1))
    outside.rename(root / "in")
    wait_for(speaks_of(root / "in/deep/er/eval.yaml", 1))
    (root / "in").rename(root / "about")
    config = root / "about/deep/er/eval.yaml"
    wait_for(lambda: daemon_knows(daemon, config))
    config.write_text(mistaken(2))
    wait_for(speaks_of(config, 2))
    (root / "about").rename(tmp_path / "out")
    wait_for(lambda: not daemon_knows(daemon, config))
    # What was moved away is nobody's business here: a change there is not seen, and nothing comes back.
    (tmp_path / "out/deep/er/eval.yaml").write_text(mistaken(3))
    (root / "last.yaml").write_text(mistaken(4))
    wait_for(speaks_of(root / "last.yaml", 4))
    assert not (root / "about").exists()
    assert speaks_of(tmp_path / "out/deep/er/eval.yaml", 2)()


def daemon_knows(daemon: Running, path: Path) -> bool:
    from advisor.watch.ledger import read_targets

    (file,) = daemon.state.glob("nel-advisor/roots/*/ledger.sqlite")
    return str(path) in {target.path for target in read_targets(str(file))}


def test_fresh_nested_directories_lose_nothing(daemon: Running, root: Path) -> None:
    configs = [root / f"a{n % 7}/b{n % 31}/c{n}/eval.yaml" for n in range(200)]
    for number, config in enumerate(configs):
        config.parent.mkdir(parents=True)
        config.write_text(mistaken(number))
    for number, config in enumerate(configs):
        wait_for(speaks_of(config, number))


def test_a_file_that_a_person_changed_is_left_alone(daemon: Running, root: Path) -> None:
    config = root / "eval.yaml"
    config.write_text(mistaken(1))
    wait_for(speaks_of(config, 1))
    advice(config).write_text("mine now")
    config.write_text(mistaken(2))
    wait_for(lambda: daemon.told("changed by someone since it was written: left alone", root))
    (root / "other.yaml").write_text(mistaken(3))
    wait_for(speaks_of(root / "other.yaml", 3))
    assert advice(config).read_text() == "mine now"
    config.unlink()
    wait_for(lambda: daemon.told("no longer true, but changed by someone since: left alone", root))
    assert advice(config).read_text() == "mine now"


def test_no_symbolic_link_is_followed(daemon: Running, root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "eval.yaml").write_text(mistaken())
    precious = outside / "precious"
    precious.write_text("precious")
    (root / "link").symlink_to(outside)
    (root / "linked.yaml").symlink_to(outside / "eval.yaml")
    config = root / "trap.yaml"
    advice(config).symlink_to(precious)
    config.write_text(mistaken(1))
    wait_for(lambda: daemon.told("changed by someone since it was written: left alone", root))
    assert precious.read_text() == "precious"
    assert not outputs_below(outside)
    assert not advice(root / "linked.yaml").exists()


def test_its_own_files_trigger_nothing(daemon: Running, root: Path) -> None:
    config = root / "eval.yaml"
    config.write_text(mistaken(1))
    wait_for(speaks_of(config, 1))
    for number in range(2, 5):
        other = root / f"other{number}.yaml"
        other.write_text(mistaken(number))
        wait_for(speaks_of(other, number))
    done = [event["path"] for event in daemon.events("done")]
    assert done.count(str(config)) == 1
    assert not [path for path in done if path.endswith(".advised.yaml")]


def test_outputs_have_the_readable_bits_of_the_original(daemon: Running, root: Path) -> None:
    for mode in (0o600, 0o640, 0o644, 0o755):
        config = root / f"mode{mode:o}.yaml"
        config.touch(mode)
        config.chmod(mode)
        config.write_text(mistaken(mode))
        wait_for(speaks_of(config, mode))
        assert advice(config).stat().st_mode & 0o777 == mode & 0o444 | 0o600


def test_a_deleted_output_comes_back(daemon: Running, root: Path) -> None:
    config = root / "eval.yaml"
    config.write_text(mistaken(1))
    wait_for(speaks_of(config, 1))
    advice(config).unlink()
    if "--poll" in daemon.process.args:  # type: ignore[operator]
        daemon.process.send_signal(signal.SIGHUP)
    wait_for(speaks_of(config, 1))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_it_cleanly(root: Path, state: Path, how: int) -> None:
    with running(root, state) as daemon:
        assert (root / ".nel-advisor.lease").exists()
        assert daemon.stop(how) == 0
    assert not (root / ".nel-advisor.lease").exists()


def test_what_changed_while_it_was_away(root: Path, state: Path) -> None:
    kept, changed, gone = root / "kept.yaml", root / "changed.yaml", root / "gone.yaml"
    for number, config in enumerate((kept, changed, gone)):
        config.write_text(mistaken(number))
    with running(root, state, "--settle", "0.1") as daemon:
        wait_for(lambda: len(outputs_below(root)) >= 3)
        daemon.wait_idle()
    changed.write_text(mistaken(7))
    gone.unlink()
    with running(root, state, "--settle", "0.1") as daemon:
        wait_for(speaks_of(changed, 7))
        wait_for(lambda: not advice(gone).exists())
        daemon.wait_idle()
        assert str(kept) not in {event["path"] for event in daemon.events("done")}


def test_once_brings_all_up_to_date_and_ends(root: Path, state: Path) -> None:
    config = root / "eval.yaml"
    config.write_text(mistaken(1))
    assert Running(root, state, "--once").process.wait(120) == 0
    assert speaks_of(config, 1)()


def test_the_second_on_one_root_says_so_and_stops(root: Path, state: Path, tmp_path: Path) -> None:
    with running(root, state) as first:
        for other in (state, tmp_path / "other-state"):
            second = Running(root, other)
            assert second.process.wait(120) == 2
            assert f"process {first.process.pid}" in second.log.read_text()
        nested = root / "nested"
        nested.mkdir()
        assert Running(nested, tmp_path / "nested-state").process.wait(120) == 2


def test_a_checkpoint_written_shard_by_shard(daemon: Running, root: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    write_demo_checkpoint(whole)
    config, target = root / "eval.yaml", root / "model-nvfp4"
    config.write_text(
        mistaken(1).replace("deployment: none", "deployment: vllm") + f"deployment:\n  checkpoint_path: {target}\n"
    )
    wait_for(speaks_of(config, 1))
    target.mkdir()
    last = "model.safetensors"
    for name in sorted(path.name for path in whole.iterdir()):
        if name != last:
            shutil.copyfile(whole / name, target / name)
    data = (whole / last).read_bytes()
    with (target / last).open("wb") as file:
        for part in range(4):
            file.write(data[part * len(data) // 4 : (part + 1) * len(data) // 4])
            file.flush()
    wait_for(lambda: [event for event in daemon.events("done") if event["path"] == str(target)], "the checkpoint")
