"""Configs with a cursor in them, `|`, and what the engine process answers there."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from advisor.lsp.completion import complete
from advisor.lsp.hover import hover
from advisor.lsp.session import Analysis, Client, Open, Session
from advisor.nel.context import Context
from advisor.policies import Asked, Policies

VARIABLES = frozenset({"HF_TOKEN", "OPENAI_API_KEY"})
LAUNCHER = """\
defaults:
  - execution: slurm/default
  - deployment: vllm
  - _self_
execution:
  hostname: login
  output_dir: /results
deployment:
  image: vllm/vllm-openai:v0.11.0
  checkpoint_path: null
  hf_model_handle: org/model
  served_model_name: model
evaluation:
  tasks:
    - name: ns_gpqa
"""
NEXT = """\
services:
  model:
    type: vllm
    protocol: chat_completions
    model: org/model
    image: vllm/vllm-openai:v0.11.0
    node_pool: gpu
    extra_args: ["--max-model-len", "32768"]
  judge:
    type: api
    url: https://example.com/v1/chat/completions
    protocol: chat_completions
benchmarks:
  - name: gpqa
    repeats: 4
    solver: {type: simple, service: model}
cluster:
  type: slurm
  node_pools:
    gpu: {partition: batch, gres: "gpu:8"}
sandboxes:
  small: {type: docker}
"""


def cursor_in(text: str) -> tuple[str, int]:
    """The text without its cursor, and where that was. `||` stands for a bar."""
    text = text.replace("||", "\0")
    at = text.index("|")
    return (text[:at] + text[at + 1 :]).replace("\0", "|"), at


def changed(base: str, place: str) -> str:
    """A base config in which `old` became `new`, of a place that is written `old >> new`."""
    old, _, new = place.partition(" >> ")
    assert base.count(old) == 1, old
    return base.replace(old, new)


@cache
def _policies() -> Policies:
    return Policies(Asked(Context(env_names=VARIABLES), (), (), ""))


def session(client: Client, before: str | None, text: str, path: Path) -> Analysis:
    """The analysis of a text, typed where `before` stood."""
    made = Session(lambda checks: _policies())
    made.start(client)
    for version, one in enumerate([before, text]):
        if one is not None:
            made.put(Open(path.as_uri(), version, one))
            analysis = made.analysis(path.as_uri())
    assert analysis is not None
    return analysis


def completed(client: Client, before: str | None, text: str, path: Path) -> list[dict[str, Any]]:
    whole, offset = cursor_in(text)
    found = complete(session(client, before, whole, path), offset, client.folders, "plaintext")
    return [] if found is None else list(found["items"])


def hovered(client: Client, text: str, path: Path) -> str:
    whole, offset = cursor_in(text)
    found = hover(session(client, None, whole, path), offset, "markdown")
    return "" if found is None else str(found["contents"]["value"])
