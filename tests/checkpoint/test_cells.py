"""What the advisor says of a config and its checkpoint agrees with the engines' tables.

Every cell's outcome is compared in tests/nel/test_outcomes.py; the advice on whole configs here takes every seventh
cell, and all of them (half a minute) where NEL_ADVISOR_ALL_CELLS is set.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.advise import advise_document
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.engine.bundle import load_rules
from advisor.nel.context import Context
from tests.shared import SHARED

from . import make

FACTS = SHARED / "facts" / "engines"
# Seven has no factor in common with the number of flags, so that each of them is met.
STRIDE = 1 if os.environ.get("NEL_ADVISOR_ALL_CELLS") else 7
REFUSALS = {
    "quant-flag-conflict",
    "image-vllm-too-old-modelopt",
    "quant-algo-unsupported-vllm",
    "quant-algo-unsupported-sglang",
    "quant-sglang-flag-missing",
    "quant-vllm-flag-missing",
}
IMAGES = {"vllm": "vllm/vllm-openai:v", "sglang": "lmsysorg/sglang:v"}
CONFIG = """\
defaults: [execution: slurm/default, deployment: {engine}, _self_]
deployment: {{image: "{image}", checkpoint_path: "{path}", served_model_name: model, extra_args: "{flags}"}}
"""


@pytest.fixture(scope="module")
def few_rules() -> RuleBase:
    """Those that speak of the server and its checkpoint: the others have nothing to say here, and take time."""
    return RuleBase([rule for rule in load_rules() if rule.family == "quantization" or rule.name in REFUSALS])


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One checkpoint for each algorithm and layout of the tables, named so."""
    room = tmp_path_factory.mktemp("cells")
    for algo in (*make.STYLES, "MIXED_PRECISION"):
        both, sidecar = room / f"{algo}-both", room / f"{algo}-sidecar"
        if algo == "MIXED_PRECISION":
            make.mixed(both)
            make.mixed(sidecar)
            make.edit_json(sidecar / "config.json", lambda data: data.pop("quantization_config") and None)
            make.edit_json(sidecar / "hf_quant_config.json", lambda data: data["producer"].update(version="0.29.0"))
        else:
            make.modelopt(both, algo)
            make.sidecar_only(sidecar, algo)
    return room


def verdict(few_rules: RuleBase, path: Path, engine: str, version: str, flag: str) -> set[tuple[str, str]]:
    """The name and severity of each finding."""
    flags = "" if flag == "(no flag)" else f"--quantization {flag}"
    text = CONFIG.format(engine=engine, image=IMAGES[engine] + version, path=path, flags=flags)
    advice = advise_document(parse_document("eval.yaml", text), few_rules, Context())
    return {(finding.name, finding.severity) for finding in advice.findings}


def contradiction(words: str, found: set[tuple[str, str]]) -> bool:
    """Whether findings say otherwise than the table's words."""
    errors = {name for name, severity in found if severity == "error"}
    if words.startswith("ARG_ERROR"):
        return "quant-flag-unknown" not in errors
    refused = words.startswith(("ERROR", "loaded as UNQUANTIZED", "no quant method", "method=fp8"))
    return bool(errors & REFUSALS) is not refused or "quant-flag-unknown" in errors


def cells(engine: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Version, algorithm, layout, flag and the table's words."""
    facts = json.loads((FACTS / f"{engine}_modelopt_flag_outcomes.json").read_text())
    for version, algos in facts.items():
        for algo, layouts in algos.items():
            for layout, flags in layouts.items():
                for flag, words in flags.items():
                    yield version, algo, "both" if layout.startswith("config") else "sidecar", flag, words


@pytest.mark.skipif(not FACTS.is_dir(), reason=f"{FACTS} is not there: no tables to compare with")
@pytest.mark.parametrize("engine", ["vllm", "sglang"])
def test_advice_agrees_with_the_table(
    engine: str, few_rules: RuleBase, checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen, wrong = list(cells(engine))[::STRIDE], []
    for version, algo, layout, flag, words in chosen:
        found = verdict(few_rules, checkpoints / f"{algo}-{layout}", engine, version, flag)
        if contradiction(words, found):
            wrong.append((version, algo, layout, flag, words, sorted(found)))
    with capsys.disabled():
        print(f"\n{engine}: advice on {len(chosen)} configs, {len(wrong)} of them against the table")
    assert wrong == []
