"""Engines, ModelOpt checkpoints and --quantization: every cell of the tables, and what lies between them."""

from __future__ import annotations

import json

import pytest

from advisor.knowledge import RULES, table
from advisor.nel.engine import engine_version
from advisor.nel.outcomes import FAILS, LOADS, NO_FLAG, loading_flags, loading_versions, none_loads, outcome
from tests.shared import SHARED

BOTH = "config.json+hf_quant_config.json (ModelOpt>=0.31)"
SIDECAR = "hf_quant_config.json only (ModelOpt<=0.29)"
FACTS = SHARED / "facts" / "engines"


@pytest.mark.skipif(not FACTS.is_dir(), reason=f"{FACTS} is not there: no tables to compare with")
@pytest.mark.parametrize("engine", ["vllm", "sglang"])
def test_every_cell_agrees_with_the_table(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    facts = json.loads((FACTS / f"{engine}_modelopt_flag_outcomes.json").read_text())
    cells, wrong = 0, []
    for version, algos in facts.items():
        at = engine_version(engine, version)
        for algo, layouts in algos.items():
            for layout, flags in layouts.items():
                for flag, words in flags.items():
                    cells += 1
                    found = outcome(at, algo, layout, NO_FLAG if flag == "(no flag)" else flag)
                    if found.words != words or found.fails is not _fails(words):
                        wrong.append((version, algo, layout, flag, words, found))
    with capsys.disabled():
        print(f"\n{engine}: {cells} cells of {len(facts)} versions, {len(wrong)} differ")
    assert wrong == []


def _fails(words: str) -> bool:
    """The table's own words: refused, or taken for something else (an illegal value is the flag's mistake)."""
    return words.startswith(("ERROR", "loaded as UNQUANTIZED", "no quant method", "method=fp8"))


def test_the_tables_are_of_the_same_versions() -> None:
    for engine, book in table("outcomes")["engines"].items():
        assert book["versions"] == table(engine)["versions"]


@pytest.mark.parametrize(
    ("engine", "version", "algo", "layout", "flag", "kind"),
    [
        ("vllm", "0.9.2", "NVFP4", BOTH, "modelopt", "unreadable"),
        ("vllm", "0.11.0", "NVFP4", BOTH, "modelopt", "loads"),
        ("vllm", "0.33.0", "NVFP4", BOTH, "", "loads"),
        ("vllm", "0.11.0", "NVFP4", SIDECAR, "modelopt", "mismatch"),
        ("vllm", "0.9.2", "NVFP4", SIDECAR, "modelopt", "wrong-class"),
        ("vllm", "0.11.0", "W4A8_AWQ", BOTH, "", "unsupported"),
        ("vllm", "0.16.0", "NVFP4", BOTH, "modelopt_fp8", "unchecked"),
        ("vllm", "0.16.0", "UNHEARD_OF", BOTH, "", "unchecked"),
        # Between two sampled versions: only what both say.
        ("vllm", "0.15.1", "NVFP4", BOTH, "", "loads"),
        ("vllm", "0.9.9", "NVFP4", BOTH, "", "unchecked"),
        ("vllm", "0.17.0", "MIXED_PRECISION", BOTH, "", "unchecked"),
        ("sglang", "0.5.5", "NVFP4", BOTH, "", "unsupported"),
        ("sglang", "0.5.10", "NVFP4", BOTH, "", "unchecked"),
        # Outside of what was read.
        ("vllm", "0.34.0", "NVFP4", BOTH, "", "unchecked"),
        ("vllm", "0.8.1", "NVFP4", BOTH, "", "unchecked"),
        ("vllm", None, "NVFP4", BOTH, "", "unchecked"),
        ("trtllm", "1.0.0", "NVFP4", BOTH, "", "unchecked"),
    ],
)
def test_outcome(engine: str, version: str | None, algo: str, layout: str, flag: str, kind: str) -> None:
    found = outcome(engine_version(engine, version), algo, layout, flag)
    assert found.kind == kind
    assert bool(found.reason) is (kind == "unchecked")


def test_flags_that_load() -> None:
    assert loading_flags(engine_version("vllm", "0.11.0"), "NVFP4", SIDECAR) == ("", "modelopt_fp4")
    assert loading_flags(engine_version("sglang", "0.5.7"), "NVFP4", BOTH) == ("modelopt", "modelopt_fp4")
    assert loading_flags(engine_version("vllm", "0.9.2"), "NVFP4", BOTH) == ()
    assert none_loads(engine_version("vllm", "0.9.2"), "NVFP4", BOTH)
    assert not none_loads(engine_version("vllm", "0.9.9"), "NVFP4", BOTH)


def test_versions_that_load() -> None:
    assert loading_versions("vllm", "NVFP4", BOTH)[0] == "0.10.0"
    assert loading_versions("vllm", "W4A8_AWQ", BOTH) == ()
    assert "0.24.0" not in loading_versions("vllm", "MXFP8", BOTH)


def test_every_outcome_of_the_table_is_used_and_known() -> None:
    kinds = set(table("outcomes")["kinds"])
    assert kinds >= FAILS | {LOADS}
    for book in table("outcomes")["engines"].values():
        used = {
            part.split(" ")[1]
            for by_layout in book["cells"].values()
            for rows in by_layout.values()
            for row in rows.values()
            for part in row.split("; ")
        }
        assert used == set(book["outcomes"])
        assert {kind for kind, _ in book["outcomes"].values()} <= kinds


def test_the_table_is_small() -> None:
    from pathlib import Path

    assert (Path(RULES) / "knowledge" / "outcomes.json").stat().st_size < 60_000
