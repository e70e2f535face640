"""What is recommended fits the model, whatever it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.nel.benchmarks import LONG_CONTEXT, benchmark_of, set_named, sets
from advisor.nel.recommended import (
    Model,
    context_needed,
    described,
    described_next,
    fitting,
    long_tasks,
    recommended,
    recommended_next,
    repeats_wanted,
    short_name,
)
from advisor.nel.tasks import Status, lookup

MODELS = st.builds(
    Model, st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.none() | st.integers(1, 2_000_000)
)


@given(MODELS)
def test_it_exists_fits_the_context_and_the_endpoint(model: Model) -> None:
    for task in (*recommended(model), *long_tasks(model)):
        found = lookup(short_name(task))
        assert found.status is Status.FOUND
        assert found.task is not None
        assert found.task.query == task
        assert found.task.endpoint_type == ("completions" if model.is_base else "chat")
        needed = context_needed(task)
        assert needed is None or model.context is None or needed <= model.context


@given(MODELS)
def test_something_in_which_quantization_shows_is_always_there(model: Model) -> None:
    found = [benchmark_of(task) for task in recommended(model)]
    assert any(one is not None and one.shows for one in found)
    assert len({one.name for one in found if one is not None}) <= len(found)
    assert recommended_next(model)


@pytest.mark.parametrize(
    ("model", "kind", "tasks"),
    [
        (Model(), "chat", ["ns_gpqa", "ns_scicode", "ns_aa_lcr"]),
        (Model(context=131072), "chat", ["ns_gpqa", "ns_scicode", "ruler-128k-chat"]),
        (Model(context=65536), "chat", ["ns_gpqa", "ns_scicode", "ruler-64k-chat"]),
        (Model(context=32768), "chat", ["ns_gpqa"]),
        (Model(reasons=True), "reasoning", ["AIME_2025_aa_v2", "ns_gpqa", "ns_hle_aa", "ns_aa_lcr"]),
        (Model(writes_code=True, context=65536), "code", ["ns_livecodebench", "ns_scicode", "ruler-64k-chat"]),
        (Model(writes_code=True, reasons=True, context=8192), "code", ["ns_livecodebench"]),
        (Model(calls_tools=True, context=32768), "chat", ["ns_gpqa", "tau2_bench_telecom"]),
        (
            Model(is_base=True, calls_tools=True, context=32768),
            "base",
            ["adlr_math_500_4_shot_sampled", "adlr_humaneval_greedy", "adlr_winogrande_5_shot", "adlr_mmlu"],
        ),
    ],
)
def test_by_kind_of_model(model: Model, kind: str, tasks: list[str]) -> None:
    assert (model.kind, [short_name(task) for task in recommended(model)]) == (kind, tasks)


@pytest.mark.parametrize(
    ("context", "answer", "found"),
    [
        (None, 0, "ruler.ruler-128k-chat"),
        (131072, 2048, "ruler.ruler-128k-chat"),
        (131072, 16384, "ruler.ruler-64k-chat"),
        (131071, 0, "ruler.ruler-64k-chat"),
        (196608, 16384, "ruler.ruler-128k-chat"),
        (65536, 2048, None),
        (65536, 1536, "ruler.ruler-64k-chat"),
        (65535, 0, None),
    ],
)
def test_the_longest_task_of_ruler_that_leaves_room(context: int | None, answer: int, found: str | None) -> None:
    assert fitting("ruler.ruler-128k-chat", context, answer) == found


@pytest.mark.parametrize("name", [name for one in sets() for name in (*one.chat, *one.base)])
def test_repeats_are_asked_only_of_tasks_that_have_them(name: str) -> None:
    task = lookup(name).task
    assert task is not None
    assert repeats_wanted(name) is None or task.repeats_field


def test_long_tasks_are_those_of_the_set_with_long_prompts() -> None:
    assert long_tasks(Model()) == set_named(LONG_CONTEXT).chat
    assert long_tasks(Model(context=65535)) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (described("nemo_skills.ns_gpqa"), "GPQA Diamond (ns_gpqa, 16 repeats)"),
        (described("nemo_skills.ns_aa_lcr"), "AA-LCR (ns_aa_lcr, 16 repeats, 196608 tokens of context)"),
        (described("simple_evals.gpqa_diamond"), "GPQA Diamond (simple_evals.gpqa_diamond, 16 repeats)"),
        (
            described("lm-evaluation-harness.adlr_gpqa_diamond_cot_5_shot"),
            "GPQA Diamond (adlr_gpqa_diamond_cot_5_shot)",
        ),
        (described_next("lm-eval://aime25"), "AIME (lm-eval://aime25, 64 repeats)"),
    ],
)
def test_how_one_is_told(text: str, expected: str) -> None:
    assert text == expected
