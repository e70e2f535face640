"""Configs for the editor's tests, and where things stand in them."""

from __future__ import annotations

from typing import Any

MISTAKEN = """\
defaults:
  - execution: slurm/default
  - deployment: vllm
  - _self_
execution:
  hostname: login
  account: me
  output_dir: /results
  walltime: 12:00:00
deployment:
  image: vllm/vllm-openai:v0.11.0
  checkpoint_path: null
  hf_model_handle: org/model
  served_model_name: model
  extra_args: --max-model-len 32768 --swap-spce 4 --quantization modelopt
evaluation:
  tasks:
    - name: gsm8k
"""
OTHER = "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec:\n  ports: [{port: 80}]\n"


def position_of(text: str, word: str, shift: int = 0) -> dict[str, int]:
    """Where a word begins, in UTF-16 units."""
    at = text.index(word) + shift
    line = text.count("\n", 0, at)
    start = text.rfind("\n", 0, at) + 1
    return {"line": line, "character": len(text[start:at].encode("utf-16-le")) // 2}


def applied(text: str, edits: list[dict[str, Any]]) -> str:
    """The text with LSP edits made, as a client makes them."""
    lines = text.split("\n")

    def offset(position: dict[str, int]) -> int:
        line = lines[position["line"]].encode("utf-16-le")
        before = sum(len(one) + 1 for one in lines[: position["line"]])
        return before + len(line[: position["character"] * 2].decode("utf-16-le"))

    spans = [(offset(one["range"]["start"]), offset(one["range"]["end"]), one["newText"]) for one in edits]
    for start, end, new in sorted(spans, reverse=True):
        text = text[:start] + new + text[end:]
    return text
