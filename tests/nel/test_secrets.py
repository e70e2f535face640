from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.document.nodes import Mapping, Node, Scalar
from advisor.document.reading import read_document
from advisor.nel import secrets
from advisor.nel.secrets import find_secrets, looks_like_secret, mask, names_secret

CORPUS = Path(__file__).parents[3] / "shared/corpus"
# Made up, and joined here so that no scanner takes this file for a leak.
BODY = "aB3dE5fG7hJ9kL2mN4pQ6rS8tU1vW3xY5zA7"
HEX = "3f9a1c7e5b2d4f607a1e9c3d5f8b20468c1d7e3f"
HF, NV, GH = "hf" + "_" + BODY[:34], "nvapi" + "-" + BODY + "_x-" + BODY, "ghp" + "_" + BODY
JWT = "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0" + "." + BODY


@pytest.mark.parametrize(
    "text",
    [
        HF,
        "hf" + "_" + "QwErTyUiOpAsDfGhJkLzXcVbNmQwErTyUi",
        "hf" + "_" + "abcdefghijklmnopqrstuvwxyzabcdefgh",
        f"lit:{HF}",
        NV,
        "sk" + "-" + BODY,
        "sk" + "-proj-" + BODY + BODY,
        "sk" + "-ant-api03-" + BODY,
        "AKIA" + "Q3EGRT7UXYZ5LMNP",
        GH,
        "github" + "_pat_" + BODY,
        "glpat" + "-" + BODY[:20],
        "xox" + "b-123456789012-" + BODY[:24],
        "AIza" + BODY,
        JWT,
        f"Bearer {BODY}",
        f"https://user:{BODY[:10]}@registry.example.com/v1",
        f"https://oauth2:{'glpat' + '-' + BODY[:20]}@gitlab.example.com/x.git",
        f"export HF_TOKEN={HF} && vllm serve /checkpoint",
        f"vllm serve /checkpoint --api-key {BODY[:20]}",
        f"WANDB_API_KEY={HEX}",
        f"WANDB_API_KEY='{HEX}' wandb login",
        "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE\n",
        "x7Kq9Zt2Lm4Vb8Nc1Xs5Df3Gh6Jk0Pw9Qe2R",
    ],
)
def test_a_secret(text: str) -> None:
    assert looks_like_secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dummy",
        "lit:dummy",
        "host:HF_TOKEN",
        "HF_TOKEN_FOR_GPQA_DIAMOND",
        "OPENAI_CLIENT_SECRET",
        "${oc.env:HF_TOKEN}",
        "Bearer ${NVIDIA_API_KEY}",
        "Bearer $TOKEN",
        "bearer of the message",
        "hf_model_handle",
        "hf_transfer_enabled_2024",
        "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "nvapi-your-key-here-please-1234567890",
        "nvapi-...",
        "<YOUR_API_KEY_NAME>",
        "sk-learn-pipeline-for-evaluation-2024",
        "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-NVFP4",
        "DeepSeek-R1-Distill-Qwen-32B-Instruct-FP8-dynamic",
        "DeepSeekR1DistillQwen32BInstructFP8KV",
        "nvcr.io/nvidia/eval-factory/nemo-skills:26.03",
        "vllm/vllm-openai@sha256:" + "3f9a1c7e5b2d4f60" * 4,
        "docker://registry.example.com:v1.2@sha256:" + "3f9a1c7e5b2d4f60" * 4,
        "https://example.com:8000/v1/chat/completions",
        "https://user:${TOKEN}@example.com",
        "ssh://git@gitlab.example.com:12051/a/b.git",
        "https://user:password@example.com",
        "/lustre/fsw/portfolios/coreai/users/someone/checkpoints/step_001234567890",
        "3f9a1c7e5b2d4f603f9a1c7e5b2d4f603f9a1c7e",
        "550e8400-e29b-41d4-a716-446655440000",
        "--max-model-len 131072 --tensor-parallel-size=8 --reasoning-parser deepseek_r1",
        "export NGC_API_KEY=$NGC_API_KEY_FROM_HOST",
        "token=recognizer.getCurrentToken",
        "tokenizer=meta-llama/Llama-3.1-8B-Instruct",
        "++server.api_key_env_var=NVIDIA_API_KEY_2024",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAOEAAADhCAMAAAAJbSJIAAABrUlEQVR4nO3dy07DQBA/EQMP",
        "You are a helpful assistant. Use /think. Answer: 42",
    ],
)
def test_no_secret(text: str) -> None:
    assert find_secrets(text) == ()


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("WANDB_API_KEY", "lit:" + HEX, True),
        ("WANDB_API_KEY", HEX, True),
        ("api_key", BODY[:16], True),
        ("JUDGE_API_KEY", "lit:dummy", False),
        ("JUDGE_API_KEY", "lit:not-needed-for-this-endpoint", False),
        ("api_key", "JUDGE_API_KEY", False),
        ("api_key", "NGCAPIKEY2024", False),
        ("HF_TOKEN", "host:HF_TOKEN_2024", False),
        ("HF_TOKEN", "/run/secrets/hf_token_1234567890", False),
        ("api_key", "${oc.env:MY_KEY_1234567890}", False),
        ("commit", HEX, False),
        ("api_key_name", HEX, False),
    ],
)
def test_below_a_name_that_says_so_less_is_enough(name: str, text: str, secret: bool) -> None:
    assert looks_like_secret(text, name) is secret


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("HF_TOKEN", True),
        ("NVIDIA_API_KEY", True),
        ("HF_TOKEN_FOR_GPQA_DIAMOND", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("DB_PASSWORD", True),
        ("api_key", True),
        ("Authorization", True),
        ("api_key_name", False),
        ("secret_name_ref", False),
        ("max_new_tokens", False),
        ("tokenizer", False),
        ("start_reasoning_token", False),
        ("end_reasoning_token", False),
        ("template_tokens", False),
        ("HF_HOME", False),
        ("PATH", False),
        ("keyword", False),
        ("HF_TOKEN_PATH", False),
    ],
)
def test_names(name: str, secret: bool) -> None:
    assert names_secret(name) is secret


def test_each_secret_in_a_text_is_found_where_it_stands() -> None:
    text = f"A={HF}; curl -H 'Authorization: Bearer {GH}' https://u:{BODY}@h/"
    assert [text[start:end] for start, end in find_secrets(text)] == [HF, GH, BODY]


def test_the_prefix_of_a_literal_is_no_part_of_the_secret() -> None:
    text = f"lit:{HEX}"
    assert [text[start:end] for start, end in find_secrets(text, "WANDB_API_KEY")] == [HEX]


@given(st.text(max_size=80))
def test_no_more_than_four_characters_are_shown(text: str) -> None:
    shown = mask(text)
    assert shown.endswith("…")
    assert len(shown) <= 5
    assert text.startswith(shown[:-1])
    assert len(shown) - 1 <= len(text) / 4


@given(st.text(max_size=60), st.sampled_from([HF, NV, GH, JWT]), st.text(max_size=60))
def test_found_spans_are_in_order_and_apart(before: str, secret: str, after: str) -> None:
    text = f"{before} {secret} {after}"
    found = find_secrets(text)
    assert any(text[start:end].startswith(secret[:20]) or secret in text[start:end] for start, end in found)
    assert all(0 <= start < end <= len(text) for start, end in found)
    assert all(one[1] <= two[0] for one, two in pairwise(found))


def _scalars(node: Node, name: str = "") -> list[tuple[str, str]]:
    if isinstance(node, Scalar):
        return [(name, node.text)]
    if isinstance(node, Mapping):
        return [pair for key, entry in node.entries.items() for pair in [("", key), *_scalars(entry.value, key)]]
    return [pair for item in node.items for pair in _scalars(item.value, name)]


PIECES = st.one_of(
    st.sampled_from([HF, NV, GH, HEX, JWT, BODY[:12], "-----BEGIN RSA " + "PRIVATE KEY-----", "https://me:", "@"]),
    st.sampled_from(["hf_", "sk-", "glpat-", "--api-key ", "Bearer ", "token=", "é", "lit:", "/", "_", "-", " ", "\n"]),
    st.text("abzABZ019", min_size=1, max_size=40),
)


@given(st.lists(PIECES, max_size=5).map("".join), st.sampled_from(["", "HF_TOKEN", "x"]))
def test_the_first_look_at_a_text_loses_no_secret(text: str, name: str) -> None:
    found = find_secrets(text, name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "may_hold_secret", lambda _: True)
        assert find_secrets(text, name) == found


@pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not here")
def test_no_false_alarm_on_the_corpus() -> None:
    paths = sorted(CORPUS.rglob("*.y*ml"))
    assert len(paths) > 300
    for path in paths:
        root = read_document(str(path)).root
        hits = [pair for pair in _scalars(root) if looks_like_secret(pair[1], pair[0])] if root else []
        assert hits == [], path
