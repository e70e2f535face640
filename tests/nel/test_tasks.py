from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.nel.tasks import Status, Task, container_of, lookup, tasks

FACTS = Path(__file__).parents[3] / "shared/facts/nel/tasks_0.2.6.json"
SKILLS = "nvcr.io/nvidia/eval-factory/nemo-skills:26.03"
LM_EVAL = "nvcr.io/nvidia/eval-factory/lm-evaluation-harness:26.03"
AMBIGUOUS = [
    "mmlu",
    "ifeval",
    "mmlu_pro",
    "humaneval_instruct",
    "mgsm",
    "ifbench",
    "humaneval",
    "humanevalplus",
    "gpqa_diamond",
    "scicode",
    "hle",
]


@pytest.mark.parametrize(
    ("query", "container", "status", "resolved"),
    [
        ("ns_gpqa", None, Status.FOUND, "nemo_skills.ns_gpqa"),
        ("nemo_skills.ns_gpqa", None, Status.FOUND, "nemo_skills.ns_gpqa"),
        ("simple_evals.gpqa_diamond", None, Status.FOUND, "simple_evals.gpqa_diamond"),
        ("AA-LCR.aa_lcr", None, Status.FOUND, "AA-LCR.aa_lcr"),
        ("NS_GPQA", None, Status.UNKNOWN, None),
        ("ns_gqpa", None, Status.UNKNOWN, None),
        ("nemo-skills.ns_gpqa", None, Status.UNKNOWN, None),
        ("nemo_skills.gpqa", None, Status.UNLISTED, None),
        ("lm-evaluation-harness.polemo2", None, Status.UNLISTED, None),
        ("my_harness.my_task", None, Status.UNKNOWN, None),
        ("a.b.c", None, Status.UNKNOWN, None),
        ("a.b.c", "img:1", Status.UNKNOWN, None),
        (".ns_gpqa", None, Status.UNKNOWN, None),
        ("", None, Status.UNKNOWN, None),
        ("mmlu", LM_EVAL, Status.FOUND, "lm-evaluation-harness.mmlu"),
        ("simple_evals.mmlu", LM_EVAL, Status.UNKNOWN, None),
        ("nope", LM_EVAL, Status.UNLISTED, None),
        ("anything", "registry.example/own:1", Status.UNCHECKED, None),
        ("ns_gpqa", SKILLS.replace("26.03", "26.05"), Status.UNCHECKED, None),
        ("ns_gpqa", "", Status.FOUND, "nemo_skills.ns_gpqa"),
    ],
)
def test_lookup(query: str, container: str | None, status: Status, resolved: str | None) -> None:
    found = lookup(query, container)
    assert found.status is status
    assert (found.task.query if found.task else None) == resolved


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_a_name_of_two_harnesses_is_ambiguous(name: str) -> None:
    found = lookup(name)
    assert found.status is Status.AMBIGUOUS
    assert len(found.candidates) == 2
    assert all(lookup(task.query).task == task for task in found.candidates)


@pytest.mark.parametrize(
    ("query", "near"),
    [
        ("ns_gqpa", ("ns_gpqa",)),
        ("NS_GPQA", ("ns_gpqa",)),
        ("mmlu-pro", ("lm-evaluation-harness.mmlu_pro", "simple_evals.mmlu_pro")),
        ("nemo-skills.ns_gpqa", ("nemo_skills.ns_gpqa",)),
        ("nemo_skills.gpqa", ("nemo_skills.ns_gpqa",)),
        ("simple_eval.gpqa_diamond", ("simple_evals.gpqa_diamond",)),
        ("my_harness.my_task", ()),
        ("ns_aime2029", ()),
    ],
)
def test_nearest_legal_names(query: str, near: tuple[str, ...]) -> None:
    assert lookup(query).nearest == near


def test_an_unknown_version_is_unchecked() -> None:
    assert lookup("ns_gpqa", nel="9.9.9").status is Status.UNCHECKED
    assert tasks("9.9.9") == ()
    assert container_of("nemo_skills", "9.9.9") is None


def _task(query: str) -> Task:
    task = lookup(query).task
    assert task is not None
    return task


@pytest.mark.parametrize(
    ("query", "field", "repeats"),
    [
        ("ns_gpqa", "num_repeats", 1),
        ("simple_evals.gpqa_diamond", "n_samples", 1),
        ("tau2_bench_telecom", "n_samples", 3),
        ("AIME_2025", "n_samples", 10),
        ("lm-evaluation-harness.mmlu", None, 1),
        ("ifbench.ifbench", None, 1),
    ],
)
def test_repeats(query: str, field: str | None, repeats: int) -> None:
    task = _task(query)
    assert (task.repeats_field, task.repeats) == (field, repeats)


@pytest.mark.parametrize(
    ("query", "needs"),
    [
        ("hellaswag", True),
        ("ruler-64k-chat", True),
        ("genai_perf_generation", True),
        ("lm-evaluation-harness.mmlu", False),
        ("ns_gpqa", False),
    ],
)
def test_tokenizer_needs(query: str, needs: bool) -> None:
    assert _task(query).needs_tokenizer is needs


@pytest.mark.parametrize(
    ("query", "extra", "keys"),
    [
        ("tau2_bench_telecom", None, {"USER_API_KEY"}),
        ("tau2_bench_telecom", {"judge": {"enabled": True}}, {"USER_API_KEY", "JUDGE_API_KEY"}),
        ("tau2_bench_telecom", {"user": {"api_key": "MINE"}}, {"MINE"}),
        ("tau2_bench_telecom", {"user": {"api_key": None}}, {"USER_API_KEY"}),
        ("aa_lcr", None, {"JUDGE_API_KEY"}),
        ("AIME_2025", None, {"JUDGE_API_KEY"}),
        ("ns_omniscience", None, {"JUDGE_API_KEY"}),
        ("ns_hle_aa", None, set()),
        ("ns_aa_lcr", None, set()),
        ("ns_aa_lcr", {"judge": {"url": "https://j/v1", "api_key": "JK"}}, {"JK"}),
        ("ns_gpqa", {"judge": {"url": "https://j/v1", "api_key": "JK"}}, set()),
        ("ns_gpqa", None, set()),
        ("simple_evals.gpqa_diamond", None, set()),
    ],
)
def test_key_variables_of_other_models(query: str, extra: dict[str, Any] | None, keys: set[str]) -> None:
    assert {service.key_env for service in _task(query).services(extra)} - {None} == keys


def test_keys_that_a_harness_only_passes_on_are_not_certain() -> None:
    services = _task("medcalc_bench").services()
    assert {service.key_env for service in services} == {
        "GPT_JUDGE_API_KEY",
        "LLAMA_JUDGE_API_KEY",
        "CLAUDE_JUDGE_API_KEY",
    }
    assert not any(service.certain for service in services)


def test_what_a_command_does_not_read() -> None:
    assert "request_timeout" not in _task("ns_gpqa").params
    assert "limit_samples" not in _task("nano_fiqa").params
    assert _task("ai2d_judge").endpoint_type == "vlm"


@pytest.mark.skipif(not FACTS.exists(), reason="the shared facts are not here")
def test_every_packaged_task_agrees_with_the_facts() -> None:
    facts = json.loads(FACTS.read_text())
    assert len(tasks()) == len(facts)
    for fact in facts:
        task = _task(fact["query"])
        assert (task.container, task.arch, list(task.endpoints)) == (fact["container"], fact["arch"], fact["endpoint"])
        assert task.params == {param for param in fact["params"] if "." not in param}
        assert task.extra == set(fact["extra"])
        assert task.defaults == {key: value for key, value in fact["defaults"].items() if value is not None}
        assert list(task.capabilities) == (fact["capabilities"] or [])
        assert (lookup(fact["name"]).status is Status.FOUND) == fact["bare_ok"]


@given(st.text(alphabet="mlu_.-nsgpqa ", max_size=12))
def test_any_query_has_an_answer_whose_suggestions_resolve(query: str) -> None:
    found = lookup(query)
    assert (found.task is not None) == (found.status is Status.FOUND)
    for name in found.nearest:
        assert lookup(name).status is Status.FOUND
