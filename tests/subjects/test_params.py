"""Parameters: which task gets them, and what they were meant to be."""

from __future__ import annotations

from textwrap import dedent

import pytest

from advisor.document.parse import parse_document
from advisor.nel.context import Context
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.launcher import launcher_world
from advisor.subjects.subject import Subject

GENERAL = """
evaluation:
  nemo_evaluator_config: {{config: {{params: {params}}}}}
  tasks: [{tasks}]
"""
OWN = """
evaluation:
  tasks:
    - name: {task}
      nemo_evaluator_config: {{config: {{params: {params}}}}}
"""


def subjects(kind: str, text: str) -> list[Subject]:
    document = parse_document("eval.yaml", dedent(text))
    assert not document.problems
    return list(launcher_world(document, Context()).of(kind))


def last(value: Value) -> Value:
    """The end of a path, below the scope's nemo_evaluator_config."""
    if not isinstance(value, list):
        return value
    return ".".join(str(part) for part in value[value.index("nemo_evaluator_config") + 1 :])


@pytest.mark.parametrize(
    ("task", "params", "destination"),
    [
        ("ns_gpqa", "{max_tokens: 5}", "config.params.max_new_tokens"),
        ("ns_gpqa", "{max_tokens: 5, max_new_tokens: 6}", ABSENT),
        ("ns_gpqa", "{temprature: 1}", "config.params.temperature"),
        ("ns_gpqa", "{n_samples: 4}", "config.params.extra.num_repeats"),
        ("simple_evals.mmlu_pro", "{num_repeats: 4}", "config.params.extra.n_samples"),
        ("simple_evals.mmlu_pro", "{num_repeats: 4, extra: {n_samples: 2}}", ABSENT),
        ("lm-evaluation-harness.ifeval", "{num_repeats: 4}", ABSENT),
        ("lm-evaluation-harness.ifeval", "{num_fewshot: 4}", "config.params.extra.num_fewshot"),
        ("ns_gpqa", "{top_k: 4}", "target.api_endpoint.adapter_config.params_to_add.top_k"),
        ("mteb.fiqa", "{top_k: 4}", "config.params.extra.top_k"),
        (
            "ns_gpqa",
            "{enable_thinking: false}",
            "target.api_endpoint.adapter_config.params_to_add.chat_template_kwargs.enable_thinking",
        ),
        ("ns_gpqa", "{extra_body: {min_p: 0}}", "target.api_endpoint.adapter_config.params_to_add"),
        ("ns_gpqa", "{something: 1}", ABSENT),
        ("ns_gpqa", "{temperature: 1}", ABSENT),
    ],
)
def test_where_a_parameter_belongs(task: str, params: str, destination: Value) -> None:
    param, *_ = subjects("param", OWN.format(task=task, params=params))
    assert last(param.get("destination")) == destination


@pytest.mark.parametrize(
    ("task", "params", "unused"),
    [
        ("ns_gpqa", "{request_timeout: 5}", True),
        ("simple_evals.mmlu_pro", "{request_timeout: 5}", False),
        ("ns_gpqa", "{extra: {num_repeats: 5}}", False),
        ("ns_gpqa", "{task: x}", False),
        ("no_such_task", "{request_timeout: 5}", Unknown("the task is not in the table")),
        ("'???'", "{request_timeout: 5}", Unknown("the task is not in the table")),
    ],
)
def test_whether_a_task_uses_a_parameter(task: str, params: str, unused: Value) -> None:
    (param,) = subjects("param", OWN.format(task=task, params=params))
    assert param.get("is_unused") == unused


def test_a_parameter_for_all_tasks_is_never_unused() -> None:
    (param,) = subjects("param", GENERAL.format(params="{request_timeout: 5}", tasks="{name: ns_gpqa}"))
    assert param.get("is_unused") is False


@pytest.mark.parametrize(
    ("tasks", "extra", "used"),
    [
        ("{name: ns_gpqa}", "num_repeats: 4", True),
        ("{name: ns_gpqa}, {name: simple_evals.mmlu_pro}", "num_repeats: 4", True),
        ("{name: ns_gpqa}", "n_samples: 4", False),
        ("{name: ns_gpqa}, {name: no_such_task}", "num_repeat: 4", Unknown("a task is not in the table")),
        ("{name: ns_gpqa}", "num_repeat: 4", False),
        # Templates set these for every task of a suite; nobody meant another key.
        ("{name: ns_gpqa}", "tokenizer: x", True),
        ("{name: ns_wmt24pp_comet}", "comet: {model_path: x}", True),
        ("{name: ns_gpqa}", "num_repeat: 4, args: '++n={{config.params.extra.num_repeat}}'", True),
        ("", "num_repeat: 4", True),
    ],
)
def test_whether_tasks_read_a_key_of_extra(tasks: str, extra: str, used: Value) -> None:
    found, *_ = subjects("extra", GENERAL.format(params=f"{{extra: {{{extra}}}}}", tasks=tasks))
    assert found.get("is_used") == used


@pytest.mark.parametrize(
    ("tag", "value", "differs"),
    [
        ("'1.0'", "1", False),
        ("'1.0'", "0.6", True),
        ("${evaluation.nemo_evaluator_config.config.params.temperature}", "0.6", False),
        ("'1.0'", "???", ABSENT),
        ("greedy", "0.0", True),
    ],
)
def test_tags_of_an_export_follow_the_parameters(tag: str, value: str, differs: Value) -> None:
    text = f"""
    export:
      mlflow:
        tags:
          temperature: {tag}
    evaluation:
      nemo_evaluator_config:
        config:
          params:
            temperature: {value}
      tasks: []
    """
    (param,) = subjects("param", text)
    assert param.get("tag_differs") == differs
