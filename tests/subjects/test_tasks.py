"""Tasks: what the launcher makes of a name in its place, and which keys reach the container."""

from __future__ import annotations

import pytest

from advisor.document.parse import parse_document
from advisor.nel.context import Context
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.launcher import launcher_world
from advisor.subjects.subject import Subject

DEFAULTS = "defaults: [{{execution: slurm/default}}, {{deployment: {}}}, _self_]\n"


def subjects(kind: str, text: str, deployment: str = "vllm") -> list[Subject]:
    document = parse_document("eval.yaml", DEFAULTS.format(deployment) + text)
    assert not document.problems
    return list(launcher_world(document, Context(), lambda _: None).of(kind))


def task(item: str, deployment: str = "vllm") -> Subject:
    (subject,) = subjects("task", f"evaluation: {{tasks: [{item}]}}", deployment)
    return subject


@pytest.mark.parametrize(
    ("item", "proposal"),
    [
        ("{name: mmlu}", "simple_evals.mmlu"),
        ("{name: mmlu, endpoint_type: completions}", "lm-evaluation-harness.mmlu"),
        ("{name: ifeval}", "lm-evaluation-harness.ifeval"),
        ("{name: scicode}", "scicode.scicode"),
        ("{name: hle}", "hle.hle"),
        ("{name: scicode, endpoint_type: completions}", "codec.scicode"),
        ("{name: humaneval}", "simple_evals.humaneval"),
        ("{name: ns_gpqa}", ABSENT),
    ],
)
def test_of_several_harnesses_the_usual_one_that_fits_is_proposed(item: str, proposal: Value) -> None:
    assert task(item).get("proposal") == proposal


@pytest.mark.parametrize(
    ("deployment", "item", "served"),
    [
        ("vllm", "{name: ns_gpqa}", True),
        ("vllm", "{name: ns_gpqa, endpoint_type: ''}", True),
        ("vllm", "{name: ocrbench}", False),
        ("vllm", "{name: ocrbench, endpoint_type: chat}", True),
        ("sglang", "{name: ns_gpqa, endpoint_type: embedding}", False),
        ("none", "{name: ocrbench}", True),
        ("none", "{name: ns_gpqa, endpoint_type: Chat}", False),
        ("vllm", "{name: simple_evals.new_one}", True),
    ],
)
def test_the_deployment_has_the_endpoint_that_a_task_asks_for(deployment: str, item: str, served: bool) -> None:
    assert task(item, deployment).get("endpoint_is_served") is served


@pytest.mark.parametrize(
    "item",
    ["{name: mine, container: 'registry.example.org/mine:1'}", "{name: '???'}", "{endpoint_type: '???', name: mmlu}"],
)
def test_what_only_the_image_or_a_person_knows_is_unknown(item: str) -> None:
    assert isinstance(task(item).get("endpoint_is_served"), Unknown)


def test_endpoints_of_ones_own_are_served_too() -> None:
    text = "deployment: {endpoints: {mine: /v1/mine}}\nevaluation: {tasks: [{name: ns_gpqa, endpoint_type: mine}]}"
    assert subjects("task", text)[0].get("endpoint_is_served") is True


@pytest.mark.parametrize(
    ("rest", "supplied"),
    [
        ("evaluation: {tasks: [{name: AIME_2025}]}", False),
        ("env_vars: {JUDGE_API_KEY: 'host:X'}\nevaluation: {tasks: [{name: AIME_2025}]}", True),
        ("evaluation: {env_vars: {JUDGE_API_KEY: 'host:X'}, tasks: [{name: AIME_2025}]}", True),
        ("evaluation: {tasks: [{name: AIME_2025, env_vars: {JUDGE_API_KEY: 'host:X'}}]}", True),
        ("deployment: {env_vars: {JUDGE_API_KEY: 'host:X'}}\nevaluation: {tasks: [{name: AIME_2025}]}", False),
        ("target: {api_endpoint: {api_key_name: JUDGE_API_KEY}}\nevaluation: {tasks: [{name: AIME_2025}]}", True),
    ],
)
def test_a_judges_key_reaches_the_container_by_a_block_or_as_the_endpoints_key(rest: str, supplied: bool) -> None:
    (judge,) = subjects("judge_key", rest)
    assert judge.get("is_supplied") is supplied


def test_the_judge_that_a_config_names_itself_decides_the_key() -> None:
    extra = "{config: {params: {extra: {judge: {api_key: MINE, url: 'http://judge:8000/v1'}}}}}"
    text = f"evaluation: {{nemo_evaluator_config: {extra}, tasks: [{{name: AIME_2025}}, {{name: AA_AIME_2024}}]}}"
    (judge,) = subjects("judge_key", text)
    assert (judge.get("key"), judge.get("is_own")) == ("MINE", True)
    assert judge.get("tasks") == ["AIME_2025", "AA_AIME_2024"]


def test_settings_that_differ_make_no_duplicate() -> None:
    text = "evaluation: {tasks: [{name: a}, {name: a, container: b}, {name: a}]}"
    assert [one.get("is_repeated") for one in subjects("task", text)] == [False, False, True]


@pytest.mark.parametrize(
    ("overrides", "nested"),
    [
        ("{config.params.top_p: 1, target.x: {y: 2}}", {"config": {"params": {"top_p": 1}}, "target": {"x": {"y": 2}}}),
        ("{config.params: 1, config.params.top_p: 1}", ABSENT),
        ("{config.params.top_p: 1, config.params: 1}", ABSENT),
        ("null", ABSENT),
    ],
)
def test_dotted_overrides_are_unfolded_where_none_clashes(overrides: str, nested: Value) -> None:
    assert task(f"{{name: ns_gpqa, overrides: {overrides}}}").get("overrides_nested") == nested
