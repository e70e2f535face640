"""A server's words as flags, checked against argparse itself."""

from __future__ import annotations

import argparse
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.knowledge import table
from advisor.nel.command import read_arguments, read_command
from advisor.nel.engine import engine_version
from advisor.nel.flags import Arguments, parse_flags


def parsed(script: str, version: str | None = "0.13.0") -> Arguments:
    (serve,) = read_command(script).serves
    return parse_flags(serve, engine_version(serve.engine, version))


@pytest.mark.parametrize(
    ("script", "version", "flags"),
    [
        ("vllm serve m --max_model_len 4096", "0.13.0", [("--max-model-len", "4096", False)]),
        ("vllm serve m --max-model-len=4096", "0.13.0", [("--max-model-len", "4096", False)]),
        (
            "vllm serve m -tp 2 -tp=4",
            "0.13.0",
            [("--tensor-parallel-size", "2", False), ("--tensor-parallel-size", "4", False)],
        ),
        (
            "vllm serve m --no-enable-prefix-caching --port 1",
            "0.13.0",
            [("--enable-prefix-caching", None, True), ("--port", "1", False)],
        ),
        ("vllm serve m --trust-remote-code x", "0.13.0", [("--trust-remote-code", None, False)]),
        (
            "vllm serve m --served-model-name a b --port 1",
            "0.13.0",
            [("--served-model-name", "a b", False), ("--port", "1", False)],
        ),
        ("vllm serve m --max-model-len -1", "0.13.0", [("--max-model-len", "-1", False)]),
        ("vllm serve m --hf-overrides '{\"a\": 1}'", "0.13.0", [("--hf-overrides", '{"a": 1}', False)]),
        ("vllm serve m --compilation-config.cudagraph_mode FULL", "0.13.0", [("--compilation-config", "FULL", False)]),
        ("vllm serve m --compilation_config.level=3", "0.13.0", [("--compilation-config", "3", False)]),
        ("vllm serve m -O3", "0.13.0", [("--optimization-level", "3", False)]),
        ("vllm serve m -O 2", "0.13.0", [("--optimization-level", "2", False)]),
        ("vllm serve m -O=1", "0.11.0", [("--compilation-config", "1", False)]),
        ("vllm serve m -O.level 3", "0.11.0", [("--compilation-config", "3", False)]),
        ("vllm serve m -qfp8", "0.13.0", [("--quantization", "fp8", False)]),
        (
            "vllm serve m --rope-scaling '{}' --port 1",
            "0.13.0",
            [("--rope-scaling", "{}", False), ("--port", "1", False)],
        ),
        ("vllm serve m --no-such 5 --port 1", "0.13.0", [("--no-such", "5", False), ("--port", "1", False)]),
        ("vllm serve m --port", "0.13.0", [("--port", None, False)]),
        (
            "python3 -m sglang.launch_server --tp 8 --trust-remote-code",
            "0.5.9",
            [("--tp-size", "8", False), ("--trust-remote-code", None, False)],
        ),
        ("python3 -m sglang.launch_server --tp_size 8", "0.5.9", [("--tp_size", "8", False)]),
        (
            "sglang serve --model-type llm --model m",
            "0.5.23",
            [("--model-type", "llm", False), ("--model-path", "m", False)],
        ),
        (
            "trtllm-serve serve /c --tp_size=8 --trust_remote_code --port 1",
            "1.0.0",
            [("--tp_size", "8", False), ("--trust_remote_code", None, False), ("--port", "1", False)],
        ),
    ],
)
def test_flags(script: str, version: str, flags: list[tuple[str, str | None, bool]]) -> None:
    assert [(flag.name, flag.value, flag.negated) for flag in parsed(script, version).flags] == flags


@pytest.mark.parametrize(
    ("script", "model", "stray"),
    [
        ("vllm serve m --port 1", "m", []),
        ("vllm serve --port 1 m", "m", []),
        ("vllm serve --port 1", None, []),
        ("vllm serve m --trust-remote-code oops", "m", ["oops"]),
        ("vllm serve m -- --port 1", "m", ["--port", "1"]),
        ("vllm serve m '--max-model-len auto'", "m", ["--max-model-len auto"]),
        ("python3 -m vllm.entrypoints.openai.api_server m --port 1", None, ["m"]),
        ("vllm serve $MODEL", "$MODEL", []),
    ],
)
def test_other_words(script: str, model: str | None, stray: list[str]) -> None:
    found = parsed(script)
    assert (found.model.text if found.model else None) == model
    assert [word.text for word in found.stray] == stray


def test_spans_and_last_wins() -> None:
    script = "vllm serve m --port 1 --served-model-name 'a b' \\\n  --port=22"
    found = parsed(script)
    one, name, two = found.flags
    assert found.get("--port") is two
    assert found.all("--port") == (one, two)
    assert [script[slice(*flag.span)] for flag in found.flags] == ["--port 1", "--served-model-name 'a b'", "--port=22"]
    assert [script[slice(*flag.name_span)] for flag in found.flags] == ["--port", "--served-model-name", "--port"]
    assert [script[slice(*(flag.value_span or (0, 0)))] for flag in found.flags] == ["1", "'a b'", "22"]
    assert name.known


@pytest.mark.parametrize(
    ("script", "complete", "known", "guessed", "missing"),
    [
        ("vllm serve m --port 1", True, True, False, False),
        ("vllm serve m --port $PORT", False, False, False, False),
        ("vllm serve m --port ${deployment.port}", True, False, False, False),
        ("vllm serve m --config x.yaml", False, True, False, False),
        ("vllm serve m --what 1", True, True, True, False),
        ("vllm serve m --port", True, True, False, True),
    ],
)
def test_doubt(script: str, complete: bool, known: bool, guessed: bool, missing: bool) -> None:
    found = parsed(script)
    (flag,) = found.flags
    assert (found.complete, flag.known, flag.guessed, flag.missing) == (complete, known, guessed, missing)


def test_another_program_behind_the_same_name() -> None:
    (omni, other) = parsed("vllm serve m --omni --ulysses-degree 2").flags
    assert omni.answer.status == other.answer.status == "unchecked"


def test_arguments_alone() -> None:
    serve = read_arguments("--max-model-len 1 --seed 2")
    assert serve is not None
    found = parse_flags(serve, engine_version("vllm", None))
    assert [flag.name for flag in found.flags] == ["--max-model-len", "--seed"]
    assert {flag.answer.status for flag in found.flags} == {"unchecked"}


SGLANG = table("sglang")
NEWEST = SGLANG["versions"][-1]


class _Rejected(Exception):
    pass


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise _Rejected(message)


def reference() -> _Parser:
    """argparse with the flags of the newest SGLang in our table."""
    parser = _Parser(add_help=False)
    for flag, record in SGLANG["flags"].items():
        at = {**dict.fromkeys((flag,), record["in"])}
        at |= {one.partition(" ")[0]: one.partition(" ")[2] or record["in"] for one in record.get("aliases", ())}
        names = [name for name, versions in at.items() if versions.endswith("..")]
        if not names:
            continue
        nargs = record.get("nargs", 1)
        negations = [one.partition(" ")[0] for one in record.get("no", ()) if " " not in one or one.endswith("..")]
        if nargs == 0:
            parser.add_argument(*names, dest=flag, action="store_true", default=argparse.SUPPRESS)
            if negations:
                parser.add_argument(*negations, dest=flag, action="store_false", default=argparse.SUPPRESS)
        elif nargs == 1:
            parser.add_argument(*names, dest=flag, default=argparse.SUPPRESS)
        else:
            parser.add_argument(*names, dest=flag, nargs=nargs, default=argparse.SUPPRESS)
    return parser


PARSER = reference()
SPELLINGS = sorted(PARSER._option_string_actions)
OPTIONS = st.sampled_from(SPELLINGS) | st.builds(
    lambda name, cut: name[: max(4, cut)], st.sampled_from(SPELLINGS), st.integers(4, 30)
)
WORDS = st.one_of(
    OPTIONS, OPTIONS.map(lambda name: name + "=v"), st.sampled_from(["v", "-1", "-.5", "a b", "--what ever", "1"])
)


def outcome(words: list[str]) -> tuple[dict[str, Any] | None, str]:
    try:
        return vars(PARSER.parse_args(words)), ""
    except _Rejected as error:
        return None, str(error)


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_agrees_with_argparse(words: list[str]) -> None:
    serve = read_arguments(shlex.join(words))
    assert serve is not None
    found = parse_flags(serve, engine_version("sglang", NEWEST))
    expected, error = outcome(words)
    if expected is None:
        # Newer versions of Python accept a prefix that fits several names of one flag.
        assert (
            found.stray
            or "ambiguous option" in error
            or any(flag.answer.status != "known" or flag.missing for flag in found.flags)
            or any(flag.value is not None and (flag.negated or flag.answer.nargs == 0) for flag in found.flags)
        )
        return
    assert not found.stray
    assert all(flag.answer.status == "known" for flag in found.flags)
    assert {flag.name for flag in found.flags} == set(expected)
    for name, value in expected.items():
        flag = found.get(name)
        assert flag is not None
        if isinstance(value, bool):
            assert flag.negated is not value
        elif isinstance(value, list):
            assert list(flag.values) == value
        else:
            assert flag.value == value
