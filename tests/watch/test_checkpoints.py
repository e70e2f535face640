"""Checkpoints end to end: written slowly, changed, named by configs, laid out as ModelOpt does."""

from __future__ import annotations

import json
import math
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from advisor.checkpoint.safetensors import BITS
from advisor.checkpoint.synthesize import write_demo_checkpoint, write_json, write_safetensors
from tests.watch.running import Running, advice, mistaken, outputs_below, running, wait_for

CONFIG = """\
defaults: [{{execution: local}}, {{deployment: vllm}}, _self_]
execution: {{output_dir: /results}}
deployment:
  checkpoint_path: {checkpoint}
  served_model_name: demo
  image: vllm/vllm-openai:v0.13.0
  tensor_parallel_size: 1
evaluation: {{tasks: [{{name: ns_gpqa}}]}}
"""


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in three shards with an index."""
    folder = tmp_path_factory.mktemp("made") / "whole"
    write_demo_checkpoint(folder)
    single = folder / "model.safetensors"
    header = json.loads(single.read_bytes()[8 : 8 + int.from_bytes(single.read_bytes()[:8], "little")])
    tensors = {name: (t["dtype"], tuple(t["shape"])) for name, t in header.items() if name != "__metadata__"}
    single.unlink()
    names, weight_map = list(tensors), {}
    for shard in range(3):
        file = f"model-{shard + 1:05}-of-00003.safetensors"
        part = names[shard::3]
        write_safetensors(folder / file, {name: tensors[name] for name in part})
        weight_map.update(dict.fromkeys(part, file))
    size = sum(math.prod(shape) * BITS[dtype] // 8 for dtype, shape in tensors.values())
    write_json(folder / "model.safetensors.index.json", {"metadata": {"total_size": size}, "weight_map": weight_map})
    return folder


def page(checkpoint: Path) -> Path:
    return checkpoint.with_name(checkpoint.name + ".advice.md")


def starter(checkpoint: Path) -> Path:
    return checkpoint.with_name(checkpoint.name + ".nel.yaml")


def done(daemon: Running, path: Path) -> list[dict[str, Any]]:
    return [event for event in daemon.events("done") if event["path"] == str(path)]


def write_slowly(daemon: Running, whole: Path, target: Path) -> None:
    """As an exporter does: config first, one shard after the other, each growing, the index last. Before the last
    shard is whole the daemon has looked at it several times, and has written nothing."""
    target.mkdir(parents=True)
    shards = sorted(whole.glob("*.safetensors"))
    rest = sorted(path for path in whole.iterdir() if path not in shards)
    for path in rest:
        shutil.copyfile(path, target / path.name)
    for shard in shards:
        data = shard.read_bytes()
        for part in range(2):
            seen = len(done(daemon, target))
            with (target / shard.name).open("ab") as file:
                file.write(data[part * len(data) // 2 : (part + 1) * len(data) // 2])
            if (shard, part) != (shards[-1], 1):
                wait_for(lambda seen=seen: len(done(daemon, target)) > seen, f"a look at {shard.name}")
                assert not page(target).exists()
                assert not starter(target).exists()


def test_advice_only_after_the_last_shard(daemon: Running, root: Path, whole: Path) -> None:
    target = root / "Demo-NVFP4"
    write_slowly(daemon, whole, target)
    wait_for(lambda: "whole" in page(target).read_text())
    wait_for(starter(target).exists)
    assert {event["state"] for event in done(daemon, target)[:-1]} == {"waiting"}
    assert sorted(path.name for path in target.iterdir()) == sorted(path.name for path in whole.iterdir())


def test_a_changed_and_a_removed_checkpoint(daemon: Running, root: Path, whole: Path) -> None:
    target = root / "Demo-NVFP4"
    shutil.copytree(whole, target)
    wait_for(lambda: "32768 tokens" in page(target).read_text())
    config = json.loads((target / "config.json").read_text())
    (target / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 4096}))
    wait_for(lambda: "4096 tokens" in page(target).read_text())
    target.rename(root / "Moved")
    wait_for(lambda: "4096 tokens" in page(root / "Moved").read_text())
    wait_for(lambda: not page(target).exists() and not starter(target).exists())
    shutil.rmtree(root / "Moved")
    wait_for(lambda: not outputs_below(root))


def test_a_new_checkpoint_re_advises_the_configs_that_name_it(daemon: Running, root: Path, whole: Path) -> None:
    target, config = root / "models" / "Demo-NVFP4", root / "configs" / "eval.yaml"
    config.parent.mkdir()
    config.write_text(CONFIG.format(checkpoint=target))
    wait_for(lambda: "is not on this machine" in advice(config).read_text())
    shutil.copytree(whole, target)
    wait_for(page(target).exists)
    wait_for(lambda: not advice(config).exists() or "is not on this machine" not in advice(config).read_text())
    shutil.rmtree(target)
    wait_for(lambda: "is not on this machine" in advice(config).read_text())


def test_a_starter_that_a_person_changed_is_theirs_and_advised_on(daemon: Running, root: Path, whole: Path) -> None:
    target = root / "Demo-NVFP4"
    shutil.copytree(whole, target)
    wait_for(starter(target).exists)
    mine = mistaken(5)
    starter(target).write_text(mine)
    if "--poll" in daemon.process.args:  # type: ignore[operator]
        daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "walltime" in (root / "Demo-NVFP4.nel.advice.md").read_text())
    (target / "generation_config.json").write_text('{"temperature": 0.1}')
    wait_for(lambda: "0.1" in page(target).read_text())
    assert starter(target).read_text() == mine


def test_a_config_and_a_checkpoint_of_one_name(daemon: Running, root: Path, whole: Path) -> None:
    target, config = root / "demo", root / "demo.yaml"
    shutil.copytree(whole, target)
    wait_for(lambda: "32768 tokens" in page(target).read_text())
    config.write_text(mistaken(1))
    wait_for(lambda: "walltime" in advice(config).read_text())
    wait_for(lambda: "32768 tokens" in (root / "demo.checkpoint.advice.md").read_text())
    config.unlink()
    wait_for(lambda: "32768 tokens" in page(target).read_text())
    wait_for(lambda: not (root / "demo.checkpoint.advice.md").exists())


def test_modelopts_layout(root: Path, tmp_path: Path, whole: Path) -> None:
    """MODELOPT_WORKSPACE_ROOT is watched without being named, and output/ belongs to eval_config.yaml."""
    run = root / "workspaces" / "s1" / "demo-nvfp4"
    for name in ("logs", "scripts"):
        (run / name).mkdir(parents=True)
    config = run / "eval_config.yaml"
    config.write_text(mistaken(1))
    with running(
        root, tmp_path / "state", "--settle", "0.1", named=False, env={"MODELOPT_WORKSPACE_ROOT": str(root)}
    ) as daemon:
        wait_for(lambda: "walltime" in advice(config).read_text())
        before = len(done(daemon, config))
        shutil.copytree(whole, run / "output")
        wait_for(page(run / "output").exists)
        wait_for(lambda: len(done(daemon, config)) > before)


def test_settings_and_rules_are_read_again(daemon: Running, root: Path) -> None:
    config = root / "team" / "eval.yaml"
    config.parent.mkdir()
    config.write_text(mistaken(1))
    wait_for(lambda: "Error: walltime" in advice(config).read_text())
    (root / "team" / ".nel-advisor.yaml").write_text("severity: {NEL640: info}\n")
    if "--poll" in daemon.process.args:  # type: ignore[operator]
        daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "Info: walltime" in advice(config).read_text())
    (root / "team" / ".nel-advisor.yaml").write_text("severety: {}\n")
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "the settings are wrong" in advice(config).read_text())
    (root / "team" / ".nel-advisor.yaml").unlink()
    daemon.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "Error: walltime" in advice(config).read_text())
    assert daemon.process.poll() is None
