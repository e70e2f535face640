"""A real Neovim, headless, with the setup that ships."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="the extra lsp is not installed")
from tests.lsp.texts import MISTAKEN

OTHER_PROGRAM = """\
services:
  model: {type: api, url: https://example.com/v1/chat/completions, protocol: chat_completions}
benchmarks:
  - name: gpqa
    solver: {type: simple}
output: {dir: "/results/${oc.env:USER}"}
"""
HERE = Path(__file__).parent
NEOVIM = shutil.which("nvim")


@pytest.mark.skipif(NEOVIM is None, reason="Neovim is not installed")
def test_neovim_shows_mends_and_completes(tmp_path: Path) -> None:
    (tmp_path / "eval.yaml").write_text(MISTAKEN)
    (tmp_path / "other config.yaml").write_text(OTHER_PROGRAM)
    environment = {
        **os.environ,
        "NEL_TEST_FOLDER": str(tmp_path),
        "NEL_TEST_PYTHON": sys.executable,
        "NEL_TEST_PLUGIN": str(HERE.parents[1] / "editors" / "neovim"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PYTHONPATH": str(HERE.parents[1]),
    }
    command = [str(NEOVIM), "--headless", "-u", "NONE", "-c", f"luafile {HERE / 'neovim.lua'}", "-c", "qa!"]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=90, cwd=tmp_path, check=False
    )
    assert (tmp_path / "said.json").exists(), done.stderr
    said = json.loads((tmp_path / "said.json").read_text())
    assert "failed" not in said, said
    assert "NEL640" in said["before"]
    assert "HH:MM:SS" in said["hover"]["contents"]["value"]
    assert said["action"] == "Put it in quotes"
    assert said["line"] == '  walltime: "12:00:00"'
    assert "NEL640" not in said["after"]
    assert said["tasks"] > 300
    assert "does not fire" in said["explained"]["text"]
    assert said["page"].startswith("# NEL842 oc-env-in-next\n")
    assert "nel-next's own benchmarks" in said["benchmark"]["contents"]["value"]
    assert {"service", "system_prompt"} <= set(said["keys"])
    assert said["symbols"] == 3
