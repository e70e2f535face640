"""No more than the first 4 characters of a secret leave the program, wherever in a config it stands."""

from __future__ import annotations

import json
import string
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.advise import advise_document
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.nel.context import Context
from advisor.nel.redaction import redactor_for
from advisor.report.json import advice_json
from advisor.report.style import Style
from advisor.report.text import advice_text

HEADER = "defaults:\n  - execution: slurm/default\n  - deployment: vllm\n  - _self_\n"
# Each puts a token where people put them; some do not parse.
PLACES = {
    "literal": "env_vars:\n  HF_TOKEN: lit:{}\n",
    "no prefix": "evaluation:\n  env_vars:\n    NGC_API_KEY: {}\n",
    "quoted": "env_vars: {{HF_TOKEN: 'lit:{}', OTHER: 1}}\n",
    "double quoted": 'env_vars:\n  HF_TOKEN: "lit:\\x{first:02x}{rest}"\n',
    "name of a key": "target:\n  api_endpoint:\n    api_key_name: {}\n",
    "field": "target:\n  api_endpoint:\n    api_key: {}\n",
    "url": "target:\n  api_endpoint:\n    url: https://me:{}@llm.example.org/v1\n",
    "header": "evaluation:\n  nemo_evaluator_config:\n    target:\n      api_endpoint:\n"
    "        adapter_config:\n          headers_to_add:\n            Authorization: Bearer {}\n",
    "command": "deployment:\n  command: vllm serve x --api-key {} --quantisation fp8\n",
    "hook": "evaluation:\n  pre_cmd: |\n    export HF_TOKEN={}\n    wget -q https://example.org/x\n",
    "comment": "execution:\n  walltime: 12:00:00  # token: {}\n",
    "duplicate": "env_vars:\n  HF_TOKEN: {}\n  HF_TOKEN: host:HF_TOKEN\n",
    "broken": "env_vars:\n  HF_TOKEN: lit:{}\n   X: [\n",
    "key": "env_vars:\n  {}: HF_TOKEN\n",
    "task": "evaluation:\n  tasks:\n    - name: {}\n",
    "walltime": "execution:\n  walltime: {}\n",
    "password": "export:\n  mlflow:\n    password: {}\n    tracking_uri: 1\n",
    "folded": "env_vars:\n  HF_TOKEN: >-\n    {}\n",
}
# As their issuers make them: evenly drawn, so that none looks like a placeholder.
BODY = st.tuples(st.integers(30, 48), st.integers(0, 2**64)).map(
    lambda one: "".join(Random(one[1]).choices(string.ascii_letters + string.digits, k=one[0]))
)
TOKENS = st.tuples(st.sampled_from(["hf_", "nvapi-", "sk-proj-", "ghp_"]), BODY).map("".join)


def outputs(base: RuleBase, text: str) -> str:
    """All that people and programs see of the advice on a text, but for what a fix deletes or leaves as it is."""
    document = parse_document("eval.yaml", text)
    advice = advise_document(document, base, Context(), lambda _: None)
    return json.dumps(advice_json(advice), ensure_ascii=False) + advice_text(advice, Style(colour=False, width=100))


@pytest.mark.parametrize("place", PLACES)
@settings(max_examples=15, deadline=None)
@given(token=TOKENS)
def test_no_output_shows_more_than_four_characters(base: RuleBase, place: str, token: str) -> None:
    text = HEADER + PLACES[place].format(token, first=ord(token[0]), rest=token[1:])
    shown = outputs(base, text)
    assert token[:5] not in shown
    assert token[5:13] not in shown


@pytest.mark.parametrize(
    "line",
    [
        "HF_TOKEN: host:HF_TOKEN",
        "HF_TOKEN: lit:dummy",
        "api_key: JUDGE_API_KEY",
        "api_key: ${oc.env:KEY}",
        "api_key_name: NGC_API_KEY",
        "api_key: <YOUR_API_KEY>",
        "max_new_tokens: 32768",
        "start_reasoning_token: <think>",
        "image: nvcr.io/nvidia/x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "checkpoint_path: /lustre/models/NVIDIA-Nemotron-3-Nano-30B-A3B-NVFP4",
        "url: https://integrate.api.nvidia.com/v1/chat/completions",
    ],
)
def test_what_stands_for_a_secret_is_shown(line: str) -> None:
    assert redactor_for(parse_document("eval.yaml", f"a:\n  {line}\n")).secrets == ()


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("password: hunter2\n", "hunter2"),
        ("db_password: 'it is secret'\n", "it is secret"),
        ("url: http://u:pw123@host/\n", "pw123"),
        ("client_secret: |\n  line-one-1\n  line-two-2\n", "line-two-2"),
        ("a: [\n  api_key: Zx9Zx9Zx9Q\n", "Zx9Zx9Zx9Q"),
        ("x: 1  # api_token = Zx9Zx9Zx9Q\n", "Zx9Zx9Zx9Q"),
        ("{ api_key: &a Zx9Zx9Zx9Q, b: *a }\n", "Zx9Zx9Zx9Q"),
    ],
)
def test_below_a_secrets_name_every_value_is_hidden(text: str, hidden: str) -> None:
    assert hidden not in redactor_for(parse_document("eval.yaml", text)).text(text)


@pytest.mark.parametrize(
    "text",
    [
        "defaults:\n  - internal/{}\n  - execution: local\n  - deployment: none\n  - _self_\n",
        "defaults:\n  - execution: internal/{}\n  - deployment: none\n  - _self_\n",
        "services:\n  a:\n    type: api\nbenchmarks:\n  - name: x\ndefaults:\n  - _base_: {}\n",
    ],
)
def test_what_was_not_checked_is_told_without_secrets(base: RuleBase, text: str) -> None:
    token = "ghp_" + "".join(Random(7).choices(string.ascii_letters + string.digits, k=36))
    assert token[:9] not in outputs(base, text.format(token))


def test_a_secret_that_only_unescaping_shows_is_hidden() -> None:
    token = "q7Kq9Zt2Lm4Vb8Nc1Xs5Df3Gh6Jk0Pw9Qe2R"
    written = "".join(f"\\x{ord(char):02x}" for char in token)
    document = parse_document("eval.yaml", f'notes: "{written}"\n')
    assert token not in redactor_for(document).text(f"it is {token}")


def test_a_letter_that_grows_when_small_moves_no_name() -> None:
    text = f"# {chr(0x130) * 40}\n# api_key: hunter2-hunter2\n"
    assert "hunter2" not in redactor_for(parse_document("eval.yaml", text)).text(text)


def test_the_longest_secret_is_hidden_first() -> None:
    text = "password: abcdefgh\nsecret: abcdefgh-and-more\n"
    assert "more" not in redactor_for(parse_document("eval.yaml", text)).text("abcdefgh-and-more")
