"""A command with its interpolations filled in, and the way back to the text."""

from __future__ import annotations

import pytest

from advisor.document.offsets import offsets
from advisor.document.parse import parse_document
from advisor.nel.command import read_command
from advisor.nel.compose import compose
from advisor.nel.engine import engine_version
from advisor.nel.flags import parse_flags
from advisor.nel.spliced import Spliced, splice
from advisor.nel.values import Values

CUSTOM = """\
deployment:
  port: 8123
  served_model_name: my/model
  extra_args: >-
    --max-model-len 4096
    --seed 1
  command: >-
    vllm serve /checkpoint --port ${deployment.port} --served-model-name ${deployment.served_model_name}
    --host=0.0.0.0 ${deployment.extra_args} --x "\\${HOME}" --y ${oc.env:Y}
"""
SHIPPED = """\
defaults:
  - execution: local
  - deployment: vllm
  - _self_
deployment:
  checkpoint_path: null
  hf_model_handle: org/name
  served_model_name: n
  extra_args: "--max-model-len 4096 --seed 1"
"""


def spliced(text: str) -> tuple[str, Spliced]:
    document = parse_document("t.yaml", text)
    values = Values(compose(document))
    node = values.tree.at(("deployment", "command"))
    assert node is not None
    return document.text, splice(node, values)


def source_of(text: str, found: Spliced, piece: str) -> str | None:
    start = found.text.index(piece)
    origin = found.origin(start, start + len(piece))
    if origin is None:
        return None
    scalar, first, last = origin
    span = offsets(text, scalar).span(first, last)
    return text[span.start : span.end]


@pytest.mark.parametrize(
    ("piece", "source"),
    [
        ("vllm serve", "vllm serve"),
        ("8123", "8123"),
        ("--port 8123", "--port ${deployment.port}"),
        ("my/model", "my/model"),
        ("--max-model-len 4096", "--max-model-len 4096"),
        ("--seed", "--seed"),
        ("--host=0.0.0.0", "--host=0.0.0.0"),
        ("${HOME}", "${HOME}"),
        ("${oc.env:Y}", "${oc.env:Y}"),
    ],
)
def test_every_piece_leads_to_its_source(piece: str, source: str) -> None:
    text, found = spliced(CUSTOM)
    assert source_of(text, found, piece) == source


def test_shipped_command_leads_to_the_configs_own_scalars_only() -> None:
    text, found = spliced(SHIPPED)
    (serve,) = read_command(found.text).serves
    flags = parse_flags(serve, engine_version("vllm", None))
    assert flags.model is not None
    assert flags.model.text == "org/name"
    assert [flag.name for flag in flags.flags][-2:] == ["--max-model-len", "--seed"]
    assert source_of(text, found, "--max-model-len 4096") == "--max-model-len 4096"
    assert source_of(text, found, "--port") is None
    assert source_of(text, found, "org/name") == "org/name"


def test_what_goes_round_in_a_circle_stays_written() -> None:
    _, found = spliced("deployment:\n  a: ${deployment.b}\n  b: ${deployment.a}\n  command: x ${deployment.a}\n")
    assert found.text.startswith("x ${deployment.")


def test_interpolations_that_multiply_are_bounded() -> None:
    lines = [f"  a{n}: '{f'${{deployment.a{n + 1}}}' * 10}'" for n in range(15)]
    _, found = spliced("deployment:\n  command: ${deployment.a0}\n" + "\n".join(lines) + "\n  a15: xxxxxxxxxx\n")
    assert len(found.text) < 2_000_000
