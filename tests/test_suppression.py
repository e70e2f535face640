"""Comments that hide findings: where they hold, what they hide, and the ones that hide nothing."""

from __future__ import annotations

import pytest

from advisor.advise import Advice, advise_document
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.nel.context import Context

TEXT = """\
{head}
defaults: [execution: local, deployment: none, _self_]
execution: {{output_dir: /tmp/results}}
target: {{api_endpoint: {{url: "https://models.company.net/v1/chat/completions", model_id: m, api_key_name: API_KEY}}}}
evaluation:{section}
  {above}
  env_vars:{block}
    HF_TOKEN: HF_TOKEN{line}
    OTHER: OTHER
  nemo_evaluator_config:
    target: {{api_endpoint: {{adapter_config: {{custom_system_prompt: "{quoted}"}}}}}}
  tasks:
    - name: simple_evals.gpqa_diamond
"""
PARTS = dict.fromkeys(("head", "section", "above", "block", "line", "quoted"), "")
PREFIX, PROMPT, UNUSED = "env-no-prefix", "sysprompt-without-switch", "unused-ignore"


def advise(base: RuleBase, text: str) -> Advice:
    return advise_document(
        parse_document("eval.yaml", text), base, Context(env_names=frozenset({"API_KEY", "HF_TOKEN"}))
    )


def names(base: RuleBase, **parts: str) -> list[str]:
    advice = advise(base, TEXT.format(**PARTS | {"quoted": "/no_think"} | parts))
    return [finding.name for finding in advice.findings]


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, [PREFIX, PREFIX, PROMPT]),
        ({"line": "  # nel-advisor: ignore[env-no-prefix] it is"}, [PREFIX, PROMPT]),
        ({"line": "  # nel-advisor:ignore[ environment ]"}, [PREFIX, PROMPT]),
        ({"block": "  # nel-advisor: ignore[env-no-prefix] all of them"}, [PROMPT]),
        ({"above": "# nel-advisor: ignore[env-no-prefix]"}, [PROMPT]),
        ({"above": "# text # nel-advisor: ignore[env-no-prefix]"}, [PROMPT]),
        ({"section": " # nel-advisor: ignore[env-no-prefix, NEL201]"}, []),
        ({"head": "# nel-advisor: ignore[reasoning,env-no-prefix] a copy"}, []),
        ({"head": "# about\n#\n# nel-advisor: ignore[sysprompt-without-switch]\n"}, [PREFIX, PREFIX]),
        ({"line": "  # nel-advisor: ignore[sysprompt-without-switch]"}, [PREFIX, UNUSED, PREFIX, PROMPT]),
        ({"line": "  # nel-advisor: ignore[env-no-prefix, env-no-prefixx]"}, [UNUSED, PREFIX, PROMPT]),
        ({"line": "  # nel-advisor: ignore"}, [PREFIX, UNUSED, PREFIX, PROMPT]),
        ({"line": "  # nel-advisor: ignore[]"}, [PREFIX, UNUSED, PREFIX, PROMPT]),
        ({"quoted": "# nel-advisor: ignore[sysprompt-without-switch]"}, [PREFIX, PREFIX, PROMPT]),
    ],
)
def test_what_a_comment_hides(base: RuleBase, parts: dict[str, str], expected: list[str]) -> None:
    found = [name for name in names(base, **parts) if name in (PREFIX, PROMPT, UNUSED)]
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("env-no-prefx", "no rule is called 'env-no-prefx'; did you mean 'env-no-prefix'?"),
        ("temp-zero", "'temp-zero' finds nothing here"),
        ("", "it names no rule"),
    ],
)
def test_what_hides_nothing_says_why_and_points_at_the_name(base: RuleBase, name: str, problem: str) -> None:
    text = TEXT.format(**PARTS | {"line": f"  # nel-advisor: ignore[{name}] because"})
    (finding,) = [finding for finding in advise(base, text).findings if finding.name == UNUSED]
    assert finding.message.endswith(problem)
    assert text[finding.place.span.start : finding.place.span.end] == (name or "# nel-advisor: ignore[]")


def test_a_text_that_does_not_parse_can_be_hidden_as_a_whole(base: RuleBase) -> None:
    broken = "# nel-advisor: ignore[yaml-syntax] a template\nevaluation: {% if x %}\n"
    assert [finding.name for finding in advise(base, broken).findings] == []
    assert [finding.name for finding in advise(base, broken.partition("\n")[2]).findings] == ["yaml-syntax"]
