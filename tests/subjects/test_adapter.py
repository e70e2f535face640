"""Adapters: what a task's settings make of the global ones, and where things stand when YAML repeats a block."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from advisor.advise import advise_document
from advisor.document.parse import parse_document
from advisor.nel.context import Context
from advisor.nel.values import ABSENT, Unknown
from advisor.subjects.launcher import launcher_world

if TYPE_CHECKING:
    from advisor.engine.base import RuleBase
    from advisor.subjects.subject import Subject

TOP = """
evaluation:
  nemo_evaluator_config:
    target:
      api_endpoint:
        adapter_config: {general}
  tasks:
"""
TASK = "    - {{name: ns_gpqa, nemo_evaluator_config: {{target: {{api_endpoint: {{adapter_config: {own}}}}}}}}}\n"


def config(general: str, *tasks: str) -> str:
    return TOP.format(general=general) + "".join(TASK.format(own=own) for own in tasks)


def adapters(text: str) -> list[Subject]:
    document = parse_document("eval.yaml", dedent(text))
    assert not document.problems
    return list(launcher_world(document, Context()).of("adapter"))


def found(base: RuleBase, text: str) -> list[tuple[str, str]]:
    """The names of this family's findings, with the text that each points at."""
    document = parse_document("eval.yaml", dedent(text))
    advice = advise_document(document, base, Context())
    return [
        (finding.name, document.text[finding.place.span.start : finding.place.span.end])
        for finding in advice.findings
        if finding.rule.startswith("NEL2")
    ]


@pytest.mark.parametrize(
    ("general", "own", "expected"),
    [
        ("{}", "{}", "unset"),
        ("{params_to_add: {chat_template_kwargs: {enable_thinking: true}}}", "{use_caching: true}", "on"),
        ("{params_to_add: {chat_template_kwargs: {enable_thinking: true}}}", "{params_to_add: {top_k: 1}}", "on"),
        (
            "{params_to_add: {chat_template_kwargs: {enable_thinking: true}}}",
            "{params_to_add: {chat_template_kwargs: {enable_thinking: false}}}",
            "off",
        ),
        ("{use_system_prompt: true, custom_system_prompt: /think}", "{custom_system_prompt: /no_think}", "off"),
        ("{use_system_prompt: true, custom_system_prompt: /think}", "{use_system_prompt: false}", "unset"),
        ("{use_system_prompt: 'yes', custom_system_prompt: detailed thinking on}", "{}", "on"),
        ("{use_system_prompt: true, custom_system_prompt: '/think or /no_think'}", "{}", "unset"),
        ("{use_system_prompt: true, custom_system_prompt: see /etc/thinker}", "{}", "unset"),
        ("{}", "{interceptors: [{name: system_message, config: {system_message: /no_think}}, endpoint]}", "off"),
        (
            "{}",
            "{interceptors: [{name: payload_modifier, config: "
            "{params_to_add: {chat_template_kwargs: {thinking: true}}}}, endpoint]}",
            "on",
        ),
        ("{}", "{interceptors: [{name: system_message, enabled: false, config: {system_message: /think}}]}", "unset"),
    ],
)
def test_reasoning_of_a_task(general: str, own: str, expected: str) -> None:
    *_, task = adapters(config(general, own))
    assert task.get("reasoning") == expected


@pytest.mark.parametrize(
    "general",
    [
        "{params_to_add: '???'}",
        "{params_to_add: {chat_template_kwargs: '???'}}",
        "{params_to_add: {chat_template_kwargs: {enable_thinking: '${oc.env:THINK}'}}}",
        "{params_to_add: {chat_template_kwargs: {enable_thinking: true, thinking: false}}}",
    ],
)
def test_reasoning_that_the_file_does_not_tell(general: str) -> None:
    adapter, *_ = adapters(config(general))
    assert isinstance(adapter.get("reasoning"), Unknown)


@pytest.mark.parametrize(
    ("general", "tasks", "expected"),
    [
        # What every task sets for itself is not known at the global scope, so nothing is said of it there.
        ("{custom_system_prompt: x}", ["{use_system_prompt: true}", "{use_system_prompt: true}"], []),
        ("{custom_system_prompt: x}", ["{use_system_prompt: true}", "{}"], [("sysprompt-without-switch", "x")]),
        ("{use_system_prompt: true, custom_system_prompt: x}", ["{use_system_prompt: false}"], []),
        ("{use_system_prompt: false}", ["{custom_system_prompt: y}"], [("sysprompt-without-switch", "y")]),
        # One cause, one finding: the task inherits it.
        ("{custom_system_prompt: x}", ["{use_caching: true}"], [("sysprompt-without-switch", "x")]),
        ("{use_caching: true}", ["{interceptors: [endpoint]}"], [("adapter-mixed-interceptors", "[endpoint]")]),
        ("{use_caching: true, interceptors: []}", ["{interceptors: []}"], []),
        ("{interceptors: [caching]}", ["{log_failed_requests: true}"], [("interceptors-no-endpoint", "[caching]")]),
        ("{interceptors: [{name: mine}]}", [], [("interceptor-unknown-name", "mine")]),
        ("{interceptors: [{name: mine}], discovery: {dirs: [/x]}}", [], []),
        ("{use_nvcf: true}", [], []),
        ("null", [], []),
        ("[]", [], []),
    ],
)
def test_a_finding_stands_where_its_cause_is(
    base: RuleBase, general: str, tasks: list[str], expected: list[tuple[str, str]]
) -> None:
    assert found(base, config(general, *tasks)) == expected


def test_what_an_interpolation_brings_is_not_judged(base: RuleBase) -> None:
    text = """
    shared: {adapter: {use_caching: true}, chain: [{name: endpoint}], add: {chat_template_kwargs: {thinking: true}}}
    evaluation:
      nemo_evaluator_config: {target: {api_endpoint: {adapter_config: "${shared.adapter}"}}}
      tasks:
        - name: ns_gpqa
          nemo_evaluator_config: {target: {api_endpoint: {adapter_config: {interceptors: "${shared.chain}"}}}}
        - name: ns_aime2025
          nemo_evaluator_config: {target: {api_endpoint: {adapter_config: {params_to_add: "${shared.add}"}}}}
    """
    assert found(base, text) == []
    assert isinstance(adapters(text)[-1].get("reasoning"), Unknown)


def test_a_block_that_aliases_repeat_is_one_text(base: RuleBase) -> None:
    text = """
    shared: &shared
      use_cachng: true
    evaluation:
      tasks:
        - name: ns_gpqa
          nemo_evaluator_config: {target: {api_endpoint: {adapter_config: *shared}}}
        - name: ns_aime2025
          nemo_evaluator_config:
            target:
              api_endpoint:
                adapter_config:
                  <<: *shared
                  max_requests: 5
    """
    assert found(base, text) == [("adapter-unknown-field", "use_cachng"), ("log-field-names", "max_requests")]


def test_nothing_is_said_of_what_is_inside_a_misplaced_block(base: RuleBase) -> None:
    text = """
    evaluation:
      nemo_evaluator_config:
        config:
          target: {api_endpoint: {adapter_config: {use_cachng: true, custom_system_prompt: x}}}
    """
    assert found(base, text) == [("adapter-under-config-target", "target")]


@pytest.mark.parametrize(
    ("there", "free"),
    [
        ("", True),
        ("target: null", True),
        ("target: {}", True),
        ("target: {api_endpoint: {api_key_name: K}}", True),
        ("target: {api_endpoint: {adapter_config: {save_requests: true}}}", True),
        ("target: {api_endpoint: {adapter_config: {use_caching: true}}}", False),
        ("target: {api_endpoint: {adapter_config: x}}", False),
        ("target: text", False),
    ],
)
def test_a_block_moves_to_a_free_place_or_joins_one_that_has_nothing_of_it(there: str, free: bool) -> None:
    text = f"""
    evaluation:
      nemo_evaluator_config:
        config: {{params: {{}}, target: {{api_endpoint: {{adapter_config: {{use_caching: true}}}}}}}}
        {there}
    """
    document = parse_document("eval.yaml", dedent(text))
    (block,) = launcher_world(document, Context()).of("misplaced")
    wanted: Any = ["evaluation", "nemo_evaluator_config", "target"] if free else ABSENT
    assert block.get("destination") == wanted


PLUGIN = """
defaults:
  - deployment: vllm
  - _self_
deployment:
  image: vllm/vllm-openai:v0.16.0
  checkpoint_path: {checkpoint}
  served_model_name: m
  {pre_cmd}
  extra_args: --reasoning-parser nano --reasoning-parser-plugin {path}
execution:
  {mounts}
evaluation:
  tasks:
    - name: ns_gpqa
"""


@pytest.mark.parametrize(
    ("path", "checkpoint", "pre_cmd", "mounts", "provided"),
    [
        ("nano.py", "/m", "", "mode: sequential", False),
        ("/checkpoint/nano.py", "/m", "", "mode: sequential", True),
        ("/checkpoint/nano.py", "null", "", "mode: sequential", False),
        ("/plugins/nano.py", "/m", "", "mounts: {deployment: {/x: /plugins}}", True),
        ("/plugins/nano.py", "/m", "", "mounts: {deployment: {/x: '/plugins:ro'}}", True),
        ("/plugins/nano.py", "/m", "", "mounts: {deployment: {/x: /plug}}", False),
        ("/plugins/nano.py", "/m", "", "mounts: {evaluation: {/x: /plugins}}", False),
        ("/plugins/nano.py", "/m", "", "extra_docker_args: -v /x:/plugins", True),
        ("nano.py", "/m", "pre_cmd: curl -O https://example.org/nano.py", "mode: sequential", True),
    ],
)
def test_where_a_parser_plugin_comes_from(
    path: str, checkpoint: str, pre_cmd: str, mounts: str, provided: bool
) -> None:
    text = PLUGIN.format(path=path, checkpoint=checkpoint, pre_cmd=pre_cmd, mounts=mounts)
    world = launcher_world(parse_document("eval.yaml", text), Context())
    (flag,) = (flag for flag in world.of("flag") if flag.get("name") == "--reasoning-parser-plugin")
    assert flag.get("file_is_provided") is provided
