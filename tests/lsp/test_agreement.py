"""The editor says what `advise --format json` says, on every config of the corpus."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls", reason="the extra lsp is not installed")
from advisor.lsp.positions import UTF32, Positions
from tests.cli.run import nel_advisor
from tests.lsp.raw import Raw

CORPUS = Path(os.environ.get("NEL_ADVISOR_SHARED", Path(__file__).parents[3] / "shared")) / "corpus"
SEVERITIES = {"error": 1, "warning": 2, "info": 3}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of configs is not here")
def test_the_editor_says_what_the_command_says(tmp_path: Path) -> None:
    ran = nel_advisor("advise", "--format", "json", "--fail-on", "never", str(CORPUS), cwd=tmp_path)
    expected = {target["path"]: target["findings"] for target in json.loads(ran.out)["targets"]}
    # Below a folder only NEL configs are advised on, as in the editor.
    files = sorted(CORPUS.rglob("*.yaml"))[:: int(os.environ.get("NEL_ADVISOR_CORPUS_STEP", "4"))]
    assert sum(map(len, expected.values())) > len(files)
    editor = Raw("--debounce", "0", cwd=tmp_path)
    editor.start({"general": {"positionEncodings": [UTF32]}})
    try:
        for file in files:
            said = diagnostics(editor, file)
            assert said == [as_diagnostic(one, file) for one in expected.get(str(file), ())], file
    finally:
        editor.process.kill()


def diagnostics(editor: Raw, file: Path) -> list[tuple[Any, ...]]:
    editor.open(file.as_uri(), file.read_bytes().decode())
    found = editor.diagnostics(file.as_uri(), 1)
    editor.notify("textDocument/didClose", {"textDocument": {"uri": file.as_uri()}})
    return [(one["code"], one["data"]["name"], one["severity"], one["message"], one["range"]) for one in found]


def as_diagnostic(finding: dict[str, Any], file: Path) -> tuple[Any, ...]:
    ends = {
        side: {"line": finding["at"][side]["line"] - 1, "character": finding["at"][side]["column"] - 1}
        for side in ("start", "end")
    }
    return finding["rule"], finding["name"], SEVERITIES[finding["severity"]], finding["message"], ends


def test_positions_count_as_the_contract_does() -> None:
    assert Positions("a\nb", UTF32).position(2) == {"line": 1, "character": 0}
