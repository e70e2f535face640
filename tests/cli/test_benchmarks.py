"""`nel-advisor benchmarks`: the sets and how much quantization shows, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.nel.tasks import tasks
from tests.checkpoint.flaws import build

from .run import nel_advisor


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ((), ["standard: the usual comparison", "nemo_skills.ns_gpqa  GPQA Diamond, 16 repeats", "low      IFEval "]),
        (("code",), ["code: models that write code", "nemo_skills.ns_livecodebench  LiveCodeBench, 8 repeats"]),
        (("ns_gpqa",), ["GPQA Diamond  sensitivity high", "in a comparison: 16 repeats", "quick, standard, reasoning"]),
        (("simple_evals.mmlu",), ["MMLU  sensitivity low", "source: "]),
        (("mtbench", "ns_mmlu"), ["MT-Bench  sensitivity medium", "MMLU  sensitivity low"]),
        (("terminal_bench_2_1",), ["Terminal-Bench  sensitivity medium", "8 repeats", "sets: agentic"]),
        (("skills://mmlu-pro",), ["MMLU-Pro  sensitivity low"]),
        (("aa-lcr",), ["196608 tokens of context", "sets: standard, long-context"]),
        (("codec.gpqa_diamond",), ["contamination checks  sensitivity unknown", "and 15 more"]),
    ],
)
def test_text(words: tuple[str, ...], lines: list[str]) -> None:
    ran = nel_advisor("benchmarks", *words)
    assert (ran.code, ran.err) == (0, "")
    assert [line for line in lines if line not in ran.out] == [], ran.out


def test_json_has_every_task_once() -> None:
    data = json.loads(nel_advisor("benchmarks", "--format", "json").out)
    assert sorted(data) == ["benchmarks", "sets"]
    listed = [name for one in data["benchmarks"] for name in one["tasks"]]
    assert sorted(listed) == sorted(task.query for task in tasks())
    by_name = {one["name"]: one for one in data["benchmarks"]}
    assert by_name["GPQA Diamond"]["sets"] == ["quick", "standard", "reasoning"]
    assert (by_name["AIME"]["sensitivity"], by_name["AIME"]["repeats"]) == ("high", 64)
    assert data["sets"][0]["name"] == "quick"


@pytest.mark.parametrize(
    ("word", "says"),
    [("ns_gpga", "did you mean ns_gpqa"), ("agentics", "did you mean agentic"), ("zzz", "no set, task or benchmark")],
)
def test_what_is_not_known_ends_with_2(word: str, says: str) -> None:
    ran = nel_advisor("benchmarks", word)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_new_writes_the_set_that_is_asked_for(tmp_path: Path) -> None:
    checkpoint = build("modelopt-NVFP4-dense", tmp_path)
    ran = nel_advisor("new", str(checkpoint), "--for", "code", "-o", "-")
    assert ran.code == 0
    assert "- name: ns_livecodebench" in ran.out
    assert "the set code: models that write code" in ran.out
