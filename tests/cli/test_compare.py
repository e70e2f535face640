"""`nel-advisor compare` as people meet it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.run import Ran, nel_advisor
from tests.pair.configs import BASELINE, CANDIDATE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bf16.yaml").write_text(BASELINE)
    (tmp_path / "nvfp4.yaml").write_text(CANDIDATE)
    (tmp_path / "hot.yaml").write_text(CANDIDATE.replace("temperature: 0.6", "temperature: 1.0"))
    return tmp_path


def run(folder: Path, *args: str) -> Ran:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(folder / "home"), "NO_COLOR": "1"}
    return nel_advisor(*args, cwd=folder, env=environment)


def test_a_fair_pair(folder: Path) -> None:
    ran = run(folder, "compare", "bf16.yaml", "nvfp4.yaml")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[:3] == [
        "baseline   bf16.yaml   Qwen/Qwen3-30B-A3B",
        "candidate  nvfp4.yaml  /lustre/models/Qwen3-30B-A3B-NVFP4",
        "3 tasks, 32 settings compared: nothing but the model differs",
    ]


def test_both_lines_are_shown(folder: Path) -> None:
    ran = run(folder, "compare", "bf16.yaml", "hot.yaml")
    assert ran.code == 1
    lines = ran.out.splitlines()
    at = lines.index("hot.yaml:31:22: error NEL1101 pair-params")
    assert lines[at + 1 : at + 8] == [
        "  temperature of all 3 tasks is 1.0 here and 0.6 in the baseline",
        "     |",
        "  31 |         temperature: 1.0",
        "     |                      ^^^",
        "  baseline bf16.yaml:31:22",
        "  31 |         temperature: 0.6",
        "     |                      ^^^",
    ]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--fail-on", "never"], 0, "1 error, 0 warnings"),
        (["--ignore", "pair-params"], 0, "nothing found"),
        (["--select", "pair-tasks"], 0, "nothing found"),
        (["--select", "pair"], 1, "1 error"),
        (["--diff", "--unsafe"], 1, "+        temperature: 0.6"),
        (["--fix"], 1, "1 fix known, your choice (--fix --unsafe)"),
    ],
)
def test_the_options_of_advise_hold(folder: Path, args: list[str], code: int, said: str) -> None:
    ran = run(folder, "compare", "bf16.yaml", "hot.yaml", *args)
    assert ran.code == code
    assert said in ran.out
    assert "1.0" in (folder / "hot.yaml").read_text()


def test_fix_gives_the_candidate_the_baselines_value(folder: Path) -> None:
    ran = run(folder, "compare", "bf16.yaml", "hot.yaml", "--fix", "--unsafe")
    assert ran.code == 0
    assert (folder / "hot.yaml").read_text() == CANDIDATE
    assert (folder / "bf16.yaml").read_text() == BASELINE


def test_json_names_the_baseline(folder: Path) -> None:
    ran = run(folder, "compare", "bf16.yaml", "hot.yaml", "--format", "json")
    (target,) = json.loads(ran.out)["targets"]
    assert target["baseline"] == {"path": "bf16.yaml", "model": "Qwen/Qwen3-30B-A3B"}
    assert (target["model"], target["tasks"]) == ("/lustre/models/Qwen3-30B-A3B-NVFP4", 3)
    (finding,) = target["findings"]
    assert finding["baseline"]["file"] == "bf16.yaml"
    assert finding["baseline"]["start"] == {"line": 31, "column": 22}


def test_errors_of_one_file_alone_are_counted_in_one_line(folder: Path) -> None:
    (folder / "broken.yaml").write_text(CANDIDATE.replace('"02:00:00"', "12:00:00"))
    ran = run(folder, "compare", "bf16.yaml", "broken.yaml", "--select", "pair")
    assert ran.code == 0
    assert "each file by itself: broken.yaml has 1 error; see nel-advisor advise broken.yaml" in ran.out


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["bf16.yaml", "none.yaml"], "none.yaml: there is no such file"),
        ([".", "bf16.yaml"], ". is a folder; compare takes two config files"),
        (["bf16.yaml", "other.yaml"], "other.yaml: not recognised as a NEL config"),
    ],
)
def test_what_cannot_be_compared(folder: Path, args: list[str], reason: str) -> None:
    (folder / "other.yaml").write_text("a: 1\n")
    ran = run(folder, "compare", *args)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"nel-advisor: {reason}\n"


def test_explain_takes_both_files(folder: Path) -> None:
    ran = run(folder, "explain", "NEL1101", "bf16.yaml", "hot.yaml")
    assert ran.code == 0
    assert "hot.yaml:31:22: pair evaluation.nemo_evaluator_config.config.params.temperature: fires" in ran.out
    assert "is proven (your choice): set it to 0.6, as the baseline has it" in ran.out
    alone = run(folder, "explain", "NEL1101", "hot.yaml")
    assert alone.code == 2
    assert "BASELINE CANDIDATE" in alone.err
