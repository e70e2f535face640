"""What holds for a target, and where it came from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from advisor.nel.context import Context
from advisor.settings.effective import Lookup

PROJECT = """\
select: [file, reasoning]
ignore: [temp-zero]
nel_version: "0.2.3"
gpus: {kind: h100, count: 8}
limits: {partitions: [batch]}
rules: [ours, /abs]
paths:
  old/: {nel_version: "0.1.54", ignore: [NEL201]}
  "old/*/smoke-*.yaml": {severity: {image-unpinned: info}, limits: {walltime: "00:30:00"}}
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "home" / "nel-advisor").mkdir(parents=True)
    (tmp_path / "home" / "nel-advisor" / "settings.yaml").write_text("ignore: [image-unpinned]\ngpus: {count: 4}\n")
    (tmp_path / "project" / "old" / "a").mkdir(parents=True)
    (tmp_path / "project" / ".nel-advisor.yaml").write_text(PROJECT)
    return tmp_path / "project"


@pytest.mark.parametrize(
    ("target", "key", "value", "sources"),
    [
        ("eval.yaml", "select", ["file", "reasoning"], ["project/.nel-advisor.yaml"]),
        ("eval.yaml", "ignore", ["image-unpinned", "temp-zero"], ["settings.yaml", "project/.nel-advisor.yaml"]),
        ("eval.yaml", "gpus.count", 8, ["project/.nel-advisor.yaml"]),
        ("eval.yaml", "nel_version", "0.2.3", ["project/.nel-advisor.yaml"]),
        ("eval.yaml", "limits.walltime", None, ["default"]),
        ("old/x.yaml", "nel_version", "0.1.54", [".nel-advisor.yaml (paths: old/)"]),
        (
            "old/x.yaml",
            "ignore",
            ["image-unpinned", "temp-zero", "NEL201"],
            ["settings.yaml", ".yaml", "(paths: old/)"],
        ),
        ("old/a/smoke-1.yaml", "limits.walltime", "00:30:00", ["(paths: old/*/smoke-*.yaml)"]),
        ("old/a/smoke-1.yaml", "limits.partitions", ["batch"], [".nel-advisor.yaml"]),
        ("../eval.yaml", "gpus.count", 4, ["settings.yaml"]),
        ("../eval.yaml", "nel_version", None, ["default"]),
    ],
)
def test_effective_values_and_their_sources(tree: Path, target: str, key: str, value: Any, sources: list[str]) -> None:
    settings = Lookup().for_target(str(tree / target))
    assert settings.values[key] == value
    assert len(settings.sources[key]) == len(sources)
    assert all(found.endswith(end) for found, end in zip(settings.sources[key], sources, strict=True))


def test_folders_of_rules_are_relative_to_their_file(tree: Path) -> None:
    assert Lookup().for_target(str(tree / "old" / "x.yaml")).rules == (str(tree / "ours"), "/abs")


def test_the_context_says_what_the_settings_know(tree: Path) -> None:
    context = Lookup().for_target(str(tree / "old" / "a" / "smoke-1.yaml")).context(Context(check_environment=True))
    assert (context.nel_version, context.gpu, context.gpu_count) == ("0.1.54", "h100", 8)
    assert (context.walltime_limit, context.partitions, context.check_environment) == ("00:30:00", ("batch",), True)


def test_settings_found_valid_once_need_no_pydantic_again(tree: Path) -> None:
    code = (
        "import sys\nfrom advisor.settings.effective import Lookup\n"
        "Lookup().for_target(sys.argv[1])\nprint('pydantic' in sys.modules)"
    )
    done = [
        subprocess.run(
            [sys.executable, "-c", code, str(tree / "eval.yaml")], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    ]
    assert done == ["True\n", "False\n"]
