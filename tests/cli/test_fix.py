"""`advise --fix`, `--diff`, baselines and settings as people meet them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.run import Ran, nel_advisor

CONFIG = """\
# evaluates a model
defaults:
  - execution: local
  - deployment: none
  - _self_
execution:
  output_dir: /tmp/out
env_vars:
  HF_TOKEN: HF_TOKEN   # for the data set
target:
  api_endpoint:
    url: https://models.company.net/v1/chat/completions
    model_id: some/model
    api_key_name: API_KEY
evaluation:
  nemo_evaluator_config: {target: {api_endpoint: {adapter_config: {custom_system_prompt: /no_think}}}}
  tasks:
    - name: simple_evals.gpqa_diamond
"""
SAFE = CONFIG.replace("HF_TOKEN: HF_TOKEN ", "HF_TOKEN: host:HF_TOKEN ")
BOTH = SAFE.replace("/no_think}", "/no_think, use_system_prompt: true}")
SECRET = "hf_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "eval.yaml").write_text(CONFIG)
    return tmp_path


def advise(folder: Path, *args: str) -> Ran:
    environment = {**os.environ, "HF_TOKEN": "x", "API_KEY": "x", "XDG_CONFIG_HOME": str(folder / "home")}
    return nel_advisor("advise", *args, cwd=folder, env=environment)


@pytest.mark.parametrize(
    ("args", "expected", "code"),
    [
        (["--fix"], SAFE, 1),
        (["--fix", "--unsafe"], BOTH, 0),
        (["--fix-only", "sysprompt-without-switch", "--unsafe"], BOTH.replace("host:", ""), 1),
        (["--fix-only", "sysprompt-without-switch"], CONFIG, 1),
        (["--fix", "--ignore", "env-no-prefix"], CONFIG, 1),
        (["--fix", "--select", "environment"], SAFE, 0),
        (["--diff"], CONFIG, 1),
        (["--fix", "--diff"], CONFIG, 1),
        ([], CONFIG, 1),
    ],
)
def test_what_is_written_and_the_exit_code(folder: Path, args: list[str], expected: str, code: int) -> None:
    ran = advise(folder, "eval.yaml", *args)
    assert (folder / "eval.yaml").read_text() == expected, ran.err
    assert ran.code == code


def test_after_fixing_it_says_what_was_fixed_and_what_is_left(folder: Path) -> None:
    ran = advise(folder, "--fix")
    assert "fixed NEL" in ran.out
    assert "env-no-prefix" in ran.out
    assert "sysprompt-without-switch" in ran.out
    assert ran.out.splitlines()[-1].startswith("fixed 1 in 1 file; left: 1 error")
    again = advise(folder, "--fix")
    assert "fixed" not in again.out.replace("fixes", "")


def test_a_diff_is_one_that_patch_takes(folder: Path) -> None:
    ran = advise(folder, "--diff", "--unsafe")
    assert "would fix 2 in 1 file" in ran.err
    (folder / "a.patch").write_text(ran.out)
    subprocess.run(
        ["git", "apply", "-p0", "a.patch"], cwd=folder, check=True, env={**os.environ, "GIT_DIR": "/nowhere"}
    )
    assert (folder / "eval.yaml").read_text() == BOTH


def test_the_edits_of_the_json_make_the_fixed_text(folder: Path) -> None:
    found = json.loads(advise(folder, "--format", "json").out)["targets"][0]["findings"]
    lines = CONFIG.splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]
    edits = [edit for finding in found if finding["fix"] for edit in finding["fix"]["edits"]]
    text = CONFIG
    for edit in sorted(edits, key=lambda one: (one["start"]["line"], one["start"]["column"]), reverse=True):
        start, end = (starts[edit[at]["line"] - 1] + edit[at]["column"] - 1 for at in ("start", "end"))
        text = text[:start] + edit["text"] + text[end:]
    assert text == BOTH


def test_a_fix_that_would_print_a_secret_is_not_in_the_json_but_is_made(folder: Path) -> None:
    text = CONFIG.replace("env_vars:\n  HF_TOKEN: HF_TOKEN   # for the data set\n", "").replace(
        "  output_dir: /tmp/out\n",
        f"  output_dir: /tmp/out\n  env_vars:\n    evaluation:\n      HF_TOKEN: lit:{SECRET}\n",
    )
    (folder / "eval.yaml").write_text(text)
    ran = advise(folder, "--format", "json")
    (finding,) = [one for one in json.loads(ran.out)["targets"][0]["findings"] if one["name"] == "env-exec-env-vars"]
    assert finding["fix"] is None
    assert "secret" in finding["because"][-1]
    diff = advise(folder, "--diff", "--fix-only", "env-exec-env-vars")
    shown = advise(folder, "--fix-only", "env-exec-env-vars")
    assert f"\nenv_vars:\n  HF_TOKEN: lit:{SECRET}\n" in (folder / "eval.yaml").read_text()
    for one in (ran, diff, shown):
        assert SECRET not in one.out + one.err
    assert "cannot be applied" in diff.err


@pytest.mark.parametrize(
    "args",
    [
        ["--unsafe"],
        ["--diff", "--format", "json"],
        ["--fix", "-"],
        ["--write-baseline"],
        ["--write-baseline", "--baseline", "b.json", "--fix"],
        ["--fix-only", "no-such-rule"],
        ["--baseline", "missing.json"],
    ],
)
def test_calls_that_make_no_sense(folder: Path, args: list[str]) -> None:
    ran = advise(folder, *args)
    assert ran.code == 2
    assert (folder / "eval.yaml").read_text() == CONFIG
    assert not (folder / "b.json").exists()


def test_what_cannot_be_written_is_a_failure_and_the_rest_is_done(folder: Path) -> None:
    (folder / "two").mkdir()
    os.link(folder / "eval.yaml", folder / "two" / "eval.yaml")
    (folder / "other.yaml").write_text(CONFIG)
    ran = advise(folder, "--fix", "eval.yaml", "other.yaml")
    assert ran.code == 2
    assert "eval.yaml: not fixed: it has another name" in ran.err
    assert (folder / "other.yaml").read_text() == SAFE
    assert (folder / "eval.yaml").read_text() == CONFIG


def test_several_processes_fix_what_one_fixes(folder: Path) -> None:
    for number in range(40):
        (folder / f"c{number}.yaml").write_text(CONFIG)
    assert "fixed 41 in 41 files" in advise(folder, "--fix", "-j", "3").out
    assert all(path.read_text() == SAFE for path in folder.glob("*.yaml"))


def test_a_baseline_hides_what_was_there_and_no_more(folder: Path) -> None:
    wrote = advise(folder, "--baseline", "known.json", "--write-baseline")
    assert (wrote.code, wrote.out.startswith("wrote ")) == (0, True)
    assert "no_think" not in (folder / "known.json").read_text()
    assert advise(folder, "--baseline", "known.json").code == 0
    # Lines move and elements are added: what was known stays known.
    text = CONFIG.replace("  tasks:\n", "  tasks:\n    - name: simple_evals.mmlu_pro\n")
    (folder / "eval.yaml").write_text(f"# a new line\n{text}")
    assert advise(folder, "--baseline", "known.json").code == 0
    # A second one of the same is new.
    (folder / "eval.yaml").write_text(text + "  overrides: {a.b: 1}\n")
    ran = advise(folder, "--baseline", "known.json")
    assert "overrides" in ran.out
    assert "sysprompt-without-switch" not in ran.out
    (folder / "known.json").write_text("{}")
    assert advise(folder, "--baseline", "known.json").code == 2


def test_settings_are_found_upwards_and_the_command_line_is_over_them(folder: Path) -> None:
    (folder / ".nel-advisor.yaml").write_text("ignore: [sysprompt-without-switch]\nseverity: {env-no-prefix: info}\n")
    (folder / "sub").mkdir()
    (folder / "sub" / "eval.yaml").write_text(CONFIG)
    assert advise(folder, "sub/eval.yaml").code == 0
    assert advise(folder, "sub/eval.yaml", "--fail-on", "info").code == 1
    assert advise(folder, "sub/eval.yaml", "--ignore", "env-no-prefix", "--fail-on", "info").code == 0
    (folder / "sub" / ".nel-advisor.yaml").write_text("select: [file]\n")
    assert advise(folder, "sub/eval.yaml").code == 0
    assert advise(folder, "sub/eval.yaml", "--select", "reasoning").code == 1
    assert advise(folder, "eval.yaml").code == 0


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ("selct: [a]\n", ":1:1: there is no setting 'selct'; did you mean 'select'?"),
        ("limits:\n  waltime: x\n", ":2:3: there is no setting 'limits.waltime'; did you mean 'walltime'?"),
        ("paths:\n  'a/*':\n    ignor: []\n", "did you mean 'ignore'?"),
        ("ignore: [sysprompt-without-swich]\n", "did you mean 'sysprompt-without-switch'?"),
        ("severity: {temp-zero: fatal}\n", "severity.temp-zero"),
        ("gpus: {count: none}\n", "gpus.count"),
        ("rules: [missing]\n", "missing"),
        ("a: [\n", ".nel-advisor.yaml:"),
        ("- a\n", "one mapping"),
    ],
)
def test_wrong_settings_stop_the_call(folder: Path, settings: str, complaint: str) -> None:
    (folder / ".nel-advisor.yaml").write_text(settings)
    ran = advise(folder, "eval.yaml", "--fix")
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err
    assert (folder / "eval.yaml").read_text() == CONFIG


def test_rules_of_ones_own(folder: Path) -> None:
    (folder / "ours" / "site").mkdir(parents=True)
    (folder / "ours" / "site" / "model-name.yaml").write_text(
        "id: SITE001\nname: model-name\nseverity: error\non: target\nwhen: [{api_endpoint.model_id: some/model}]\n"
        "message: some/model is not ours\nwhy: it is not\nevidence: [we know]\n"
        "fix: {title: take ours, safety: auto, set: {api_endpoint.model_id: our/model}}\n"
        "examples: [{bad: 'a: 1', good: 'a: 1'}]\n"
    )
    (folder / ".nel-advisor.yaml").write_text("rules: [ours]\n")
    assert "SITE001" in advise(folder, "--select", "site").out
    advise(folder, "--fix-only", "model-name")
    assert "model_id: our/model" in (folder / "eval.yaml").read_text()


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (CONFIG, "its fix at env_vars.HF_TOKEN is proven (safe to apply)"),
        (
            CONFIG.replace("env_vars:\n", "a: &shared\n").replace("target:\n", "env_vars: *shared\ntarget:\n"),
            "is proven (your choice)",
        ),
        (CONFIG.replace("env_vars:\n", "a: 1\na: 2\nenv_vars:\n"), "not offered: the file has problems of its own"),
    ],
)
def test_explain_says_whether_a_fix_can_be_proven_and_why_not(folder: Path, config: str, said: str) -> None:
    (folder / "eval.yaml").write_text(config)
    assert said in nel_advisor("explain", "env-no-prefix", "eval.yaml", cwd=folder).out
