"""Advice on checkpoints end to end: every kind, every flaw, every bad input, and configs that name one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.advise import Advice, advise_checkpoint, advise_document
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.nel.context import Context
from advisor.report.json import advice_json
from advisor.report.style import Style
from advisor.report.text import advice_text
from tests.cli.run import nel_advisor

from . import make
from .flaws import build

N, F = "modelopt-NVFP4-dense", "modelopt-FP8-dense"
CONFIG = """\
defaults:
  - execution: slurm/default
  - deployment: {engine}
  - _self_
deployment:
  image: {image}
  checkpoint_path: "{path}"
  served_model_name: model
  tensor_parallel_size: 8
  extra_args: "{flags}"
"""
IMAGES = {"vllm": "vllm/vllm-openai:v", "sglang": "lmsysorg/sglang:v"}


def names(advice: Advice) -> set[tuple[str, str]]:
    return {(finding.name, finding.severity) for finding in advice.findings}


def on_config(
    base: RuleBase, path: Path | str, engine: str = "vllm", version: str = "0.16.0", flags: str = ""
) -> Advice:
    text = CONFIG.format(engine=engine, image=IMAGES[engine] + version, path=path, flags=flags)
    return advise_document(parse_document("eval.yaml", text), base, Context())


@pytest.mark.parametrize("kind", make.KINDS, ids=lambda kind: kind.name)
def test_a_whole_checkpoint_has_nothing_wrong(kind: make.Kind, base: RuleBase, tmp_path: Path) -> None:
    kind.make(tmp_path / "ckpt")
    advice = advise_checkpoint(str(tmp_path / "ckpt"), base, Context())
    assert (advice.kind, names(advice), advice.unchecked) == ("checkpoint", set(), ())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{N}+files-disagree", {("quant-meta-files-disagree", "error")}),
        (f"{N}+no-declaration", {("quant-missing-meta", "error")}),
        (f"{N}+attention-left", {("quant-undeclared-unquantized", "error")}),
        (f"{N}+head-packed", {("quant-declared-excluded-has-scale", "error")}),
        (f"{N}+head-declared", {("quant-lm-head", "warning")}),
        (f"{F}+says-nvfp4", {("quant-tensors-disagree", "error")}),
        ("modelopt-NVFP4-vlm+eyes-packed", {("quant-vit-quantized", "error")}),
        (f"{N}+mlp-left", {("quant-coverage-zero", "error")}),
        ("modelopt-NVFP4-moe+experts-left", {("quant-coverage-zero", "error")}),
        ("modelopt-NVFP4-moe+experts-missed", {("quant-coverage-zero", "warning")}),
        (f"{N}+nothing-packed", {("quant-coverage-zero", "error")}),
        (f"{N}+nothing-packed+from-plain", {("quant-coverage-zero", "error"), ("quant-size-ratio", "error")}),
        (f"{N}+from-plain", set()),
        (f"{N}+from-plain+thinking-template", {("quant-metadata-drift", "error")}),
        (f"{N}+code-left-out", {("custom-code-missing", "error")}),
        (f"{N}+broken-template", {("chat-template-broken", "error")}),
        (f"{N}+temp-parts", {("checkpoint-incomplete", "info")}),
        (f"{N}+temp-parts+old", {("checkpoint-incomplete", "error"), ("shard-missing", "error")}),
        (f"{N}+shard-absent+old", {("shard-missing", "error")}),
        (f"{N}+shard-truncated+old", {("shard-truncated", "error")}),
        # Nothing is judged of what is not whole.
        (f"{N}+files-disagree+broken-template+shard-absent+old", {("shard-missing", "error")}),
    ],
)
def test_flaw(name: str, expected: set[tuple[str, str]], base: RuleBase, tmp_path: Path) -> None:
    assert names(advise_checkpoint(str(build(name, tmp_path)), base, Context())) == expected


def test_findings_point_into_the_metadata(base: RuleBase, tmp_path: Path) -> None:
    advice = advise_checkpoint(str(build("modelopt-NVFP4-vlm+eyes-packed", tmp_path)), base, Context())
    (finding,) = advice.findings
    document = finding.place.document
    assert document is not None
    assert document.text[finding.place.span.start : finding.place.span.end] == '"ignore"'
    assert finding.place.path == ("config.json", "quantization_config", "ignore")


def test_a_given_source_counts(base: RuleBase, tmp_path: Path) -> None:
    source, made = build("bf16-dense+thinking-template", tmp_path), build(N, tmp_path)
    ran = nel_advisor("advise", str(made), "--source", str(source), "--format", "json")
    (finding,) = json.loads(ran.out)["targets"][0]["findings"]
    assert (ran.code, finding["name"], finding["at"]["path"]) == (1, "quant-metadata-drift", "chat_template.jinja")
    refused = nel_advisor("advise", str(made), "--source", str(tmp_path / "nowhere"))
    assert refused.code == 2


def test_every_bad_input_ends_in_a_finding(tmp_path: Path) -> None:
    """All of them below one folder, in one run of the real command."""
    expected = {}
    for name, _, _ in (*make.BROKEN, *make.UNFINISHED):
        path = build(f"{N}+{name}", tmp_path)
        expected[str(path)] = name
    for output in ("json", "text"):
        ran = nel_advisor("advise", str(tmp_path), "--format", output)
        assert (ran.code, ran.err) == (1, "")
        if output == "json":
            found = {target["path"]: target["findings"] for target in json.loads(ran.out)["targets"]}
    assert set(found) == set(expected)
    assert [name for path, name in expected.items() if not found[path]] == []


@pytest.mark.parametrize("name", [name for name, _, _ in (*make.BROKEN, *make.UNFINISHED)])
def test_no_bad_input_breaks_the_advice_on_a_config(name: str, base: RuleBase, tmp_path: Path) -> None:
    advice = on_config(base, build(f"{N}+{name}", tmp_path), flags="--quantization modelopt --max-model-len 8192")
    assert any(finding.place.path == ("deployment", "checkpoint_path") for finding in advice.findings)
    assert "quant-flag-on-bf16" not in {finding.name for finding in advice.findings}
    assert advice_text(advice, Style(False, 100))
    assert json.dumps(advice_json(advice))


def test_nothing_outside_is_opened(tmp_path: Path) -> None:
    """Every file that the whole command opens, as Python's own audit sees it."""
    path = build(f"{N}+index-outside", tmp_path)
    make.edit_json(path / "config.json", lambda data: data.update(_name_or_path="/etc"))
    code = (
        "import sys\nopened = []\n"
        "sys.addaudithook(lambda name, args: opened.append(str(args[0])) if name == 'open' else None)\n"
        "from advisor.cli.main import main\n"
        "try: main(['advise', sys.argv[1]])\nexcept SystemExit: pass\n"
        "print('OPENED', *opened, sep='\\n', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert "OPENED" in done.stderr
    assert [name for name in done.stderr.split("\n") if "passwd" in name or name.startswith("/etc/")] == []
    assert "index-path" not in done.stdout
    assert "passwd" in done.stdout


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_no_permission_is_a_finding(base: RuleBase, tmp_path: Path) -> None:
    path = build(N, tmp_path)
    (path / "config.json").chmod(0)
    assert names(advise_checkpoint(str(path), base, Context())) & {("checkpoint-file-strange", "warning")}


def test_hub_cache_is_whole(base: RuleBase, tmp_path: Path) -> None:
    make.modelopt(tmp_path / "ckpt")
    assert advise_checkpoint(str(make.hub_cache(tmp_path / "ckpt")), base, Context()).findings == ()


def test_a_folder_holds_configs_and_checkpoints(tmp_path: Path) -> None:
    build(N, tmp_path)
    build("bf16-dense", tmp_path)
    (tmp_path / "lora").mkdir()
    (tmp_path / "lora" / "adapter_model.safetensors").write_bytes(b"")
    (tmp_path / "lora" / "adapter_config.json").write_text("{}")
    (tmp_path / "eval.yaml").write_text("evaluation: {tasks: []}\n")
    ran = nel_advisor("advise", str(tmp_path), "--format", "json")
    kinds = {Path(target["path"]).name: target["kind"] for target in json.loads(ran.out)["targets"]}
    assert kinds == {N: "checkpoint", "bf16-dense": "checkpoint", "eval.yaml": "launcher"}


def test_the_facts_are_told(tmp_path: Path) -> None:
    path = build("modelopt-NVFP4-moe+kv-fp8+card", tmp_path)
    facts = json.loads(nel_advisor("advise", str(path), "--format", "json").out)["targets"][0]["facts"]
    assert (facts["state"], facts["quantization"]["algorithm"], facts["quantization"]["kv_cache"]) == (
        "complete", "NVFP4", "FP8",
    )  # fmt: skip
    assert facts["experts"] == make.EXPERTS
    assert facts["documented_flags"]["vllm"] == ["--reasoning-parser qwen3", "--tool-call-parser hermes"]
    assert next(kind for kind in facts["coverage"] if kind["kind"] == "experts")["quantized"] == 24
    text = nel_advisor("advise", str(path)).out
    assert "experts     ######################## 24 of 24  24 NVFP4" in text
    assert "chat template reads enable_thinking (chat_template.jinja)" in text
    assert "NVFP4 (modelopt, modelopt 0.47.0, groups of 16, KV cache FP8; config.json)" in text


@pytest.mark.parametrize(
    ("name", "engine", "version", "flags", "expected"),
    [
        (N, "vllm", "0.9.2", "--quantization modelopt", {("image-vllm-too-old-modelopt", "error")}),
        (N, "vllm", "0.11.0", "--quantization modelopt", {("quant-flag-redundant", "info")}),
        (N, "vllm", "0.33.0", "--quantization modelopt", {("quant-flag-redundant", "info")}),
        (N, "vllm", "0.33.0", "", set()),
        (N, "vllm", "0.11.0", "--quantization fp8", {("quant-flag-redundant", "info")}),
        ("modelopt-sidecar-only", "vllm", "0.11.0", "--quantization modelopt", {("quant-flag-conflict", "error")}),
        ("modelopt-sidecar-only", "vllm", "0.10.0", "", {("quant-vllm-flag-missing", "error")}),
        (N, "sglang", "0.5.5", "", {("quant-sglang-flag-missing", "error")}),
        (N, "sglang", "0.5.5.post3", "--quantization modelopt_fp4", set()),
        (N, "sglang", "0.5.7", "--quantization modelopt_fp8", {("quant-flag-conflict", "error")}),
        ("modelopt-W4A8_AWQ-dense", "vllm", "0.33.0", "", {("quant-algo-unsupported-vllm", "error")}),
        ("ct-nvfp4", "vllm", "0.33.0", "--quantization modelopt_fp4", {("quant-flag-conflict", "error")}),
        ("fp8-block", "sglang", "0.5.9", "--quantization modelopt", {("quant-flag-conflict", "error")}),
        ("bf16-dense", "vllm", "0.33.0", "--quantization modelopt", {("quant-flag-on-bf16", "error")}),
        ("bf16-dense", "vllm", "0.33.0", "--quantization fp8", set()),
        # Between two versions that differ, and after the newest: nothing is known.
        (N, "vllm", "0.9.9", "", set()),
        (N, "vllm", "0.40.0", "--quantization modelopt", set()),
    ],
)  # fmt: skip
def test_server_and_checkpoint(
    name: str, engine: str, version: str, flags: str, expected: set[tuple[str, str]], base: RuleBase, tmp_path: Path
) -> None:
    found = names(on_config(base, build(name, tmp_path), engine, version, flags))
    assert {one for one in found if one[0].startswith(("quant-", "image-vllm"))} == expected


def test_a_config_points_to_its_key(base: RuleBase, tmp_path: Path) -> None:
    advice = on_config(base, build(f"{N}+attention-left", tmp_path))
    (finding,) = [one for one in advice.findings if one.name == "quant-undeclared-unquantized"]
    assert finding.place.path == ("deployment", "checkpoint_path")
    assert finding.place.document is None


@pytest.mark.parametrize("state", ["old", "long"])
def test_a_config_of_an_incomplete_checkpoint_is_wrong(state: str, base: RuleBase, tmp_path: Path) -> None:
    advice = on_config(base, build(f"{N}+{state}+no-tokenizer", tmp_path), flags="--quantization modelopt")
    assert ("checkpoint-incomplete", "error") in names(advice)
    assert "quant-flag-redundant" not in {finding.name for finding in advice.findings}


@pytest.mark.parametrize("path", ["/nowhere/ckpt", "/", "{tmp}"])
def test_what_is_not_here_is_not_checked(path: str, base: RuleBase, tmp_path: Path) -> None:
    advice = on_config(base, path.format(tmp=tmp_path))
    assert "the checkpoint" in {note.what for note in advice.unchecked}
    assert not [finding for finding in advice.findings if finding.name.startswith("checkpoint-")]


@pytest.mark.parametrize(
    ("config", "named", "read"),
    [
        ("eval_config.yaml", "/lustre/w/s9/demo-nvfp4/output", True),
        ("eval_config.yaml", "/lustre/w/s9/demo-nvfp4/output/", True),
        ("eval_config.yaml", "/lustre/w/s9/demo-fp8/output", False),
        ("eval_config.yaml", "/lustre/w/s9/demo-nvfp4", False),
        ("other.yaml", "/lustre/w/s9/demo-nvfp4/output", False),
    ],
)
def test_the_checkpoint_of_a_workspace_that_lies_elsewhere_here(
    config: str, named: str, read: bool, base: RuleBase, tmp_path: Path
) -> None:
    run = tmp_path / "demo-nvfp4"
    run.mkdir()
    build(N, tmp_path).rename(run / "output")
    text = CONFIG.format(engine="vllm", image=IMAGES["vllm"] + "0.9.2", path=named, flags="")
    advice = advise_document(parse_document(str(run / config), text), base, Context())
    assert ("image-vllm-too-old-modelopt" in {finding.name for finding in advice.findings}) is read
    (reason,) = (note.reason for note in advice.unchecked if note.what == "the checkpoint")
    assert reason == f"{named} is not on this machine" + (f": {run}/output was read in its place" if read else "")


def test_a_checkpoint_that_changes_is_read_again(base: RuleBase, tmp_path: Path) -> None:
    path = build(N, tmp_path)
    before = names(on_config(base, path))
    assert names(on_config(base, path)) == before
    make.edit_json(path / "config.json", lambda data: data["quantization_config"].update(quant_algo="FP8"))
    assert names(on_config(base, path)) - before == {
        ("quant-meta-files-disagree", "error"), ("quant-tensors-disagree", "error"),
        ("quant-name-vs-config", "warning"),
    }  # fmt: skip
    (path / "tokenizer.json").unlink()
    (path / "tokenizer_config.json").unlink()
    assert ("checkpoint-incomplete", "error") in names(on_config(base, path))


def test_reading_can_be_switched_off(base: RuleBase, tmp_path: Path) -> None:
    text = CONFIG.format(engine="vllm", image=IMAGES["vllm"] + "0.9.2", path=build(N, tmp_path), flags="")
    context = Context(reads_checkpoints=False)
    advice = advise_document(parse_document("eval.yaml", text), base, context)
    assert "image-vllm-too-old-modelopt" not in {finding.name for finding in advice.findings}
    assert "the checkpoint" in {note.what for note in advice.unchecked}


def test_the_gpu_of_the_settings_counts(base: RuleBase, tmp_path: Path) -> None:
    text = CONFIG.format(engine="vllm", image=IMAGES["vllm"] + "0.16.0", path=build(F, tmp_path), flags="")
    told = advise_document(parse_document("eval.yaml", text), base, Context(gpu="a100"))
    silent = advise_document(parse_document("eval.yaml", text), base, Context())
    assert ("gpu-too-old-for-format", "error") in names(told) - names(silent)


def test_a_config_without_a_checkpoint_here_imports_no_reader(tmp_path: Path) -> None:
    config = tmp_path / "eval.yaml"
    config.write_text(CONFIG.format(engine="vllm", image="vllm/vllm-openai:v0.16.0", path="/nowhere/ckpt", flags=""))
    code = (
        "import sys\nfrom advisor.cli.main import main\n"
        "try: main(['advise', sys.argv[1]])\nexcept SystemExit: pass\n"
        "print('IMPORTED', *sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(config)], capture_output=True, text=True, check=True)
    loaded = done.stderr.split("IMPORTED")[1].split()
    assert [name for name in loaded if name.startswith(("advisor.checkpoint", "advisor.subjects.weights"))] == []
