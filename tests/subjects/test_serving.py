"""The serve command's flags: where they stand, what the pinned engine says of them, what they add up to."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.document.parse import parse_document
from advisor.nel.context import Context
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.launcher import launcher_world
from advisor.subjects.subject import Place, Subject, World

VLLM, SGLANG = "vllm/vllm-openai:v0.16.0", "lmsysorg/sglang:v0.5.9"


def config(*deployment: str, group: str = "vllm", execution: str = "slurm/default") -> str:
    lines = "".join(f"  {line}\n" for line in deployment)
    head = f"defaults:\n  - execution: {execution}\n  - deployment: {group}\n  - _self_\n"
    return f"{head}deployment:\n  served_model_name: m\n{lines}"


def world_of(text: str, siblings: dict[str, str] | None = None) -> World:
    found = {name: parse_document(name, content) for name, content in (siblings or {}).items()}
    return launcher_world(parse_document("eval.yaml", text), Context(), found.get)


def flags(world: World) -> dict[Value, Subject]:
    return {flag.get("written"): flag for flag in world.of("flag")}


def written(text: str, place: Place | None) -> str:
    assert place is not None
    return text[place.span.start : place.span.end]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["extra_args: --swap-space 16 --port 1"], "--swap-space 16"),
        (["extra_args: '--port 1 --swap-space=16'"], "--swap-space=16"),
        (['extra_args: "--port 1\\t--swap-space 16"'], "--swap-space 16"),
        (["extra_args: >-", "  --port 1", "  --swap-space 16"], "--swap-space 16"),
        (["extra_args: |-", "  --port 1 \\", "  --swap-space 16"], "--swap-space 16"),
        (["extra_args: '--hf-overrides ''{\"a\": 1}'' --swap-space 16'"], "--swap-space 16"),
        (["command: vllm serve /checkpoint --swap-space 16 --port ${deployment.port}"], "--swap-space 16"),
        (["command: bash -c 'vllm serve /checkpoint --swap-space 16'"], "--swap-space 16"),
    ],
)
def test_a_flag_stands_exactly_where_it_is_written(lines: list[str], expected: str) -> None:
    text = config(f"image: {VLLM}", *lines)
    flag = flags(world_of(text))["--swap-space"]
    assert written(text, flag.place) == expected
    assert written(text, flag.place_of("value")) == "16"
    assert flag.place.path[-1] == "--swap-space"


def test_a_flag_from_another_key_stands_there() -> None:
    text = config("extra_args: --port 1 ${mine}") + "mine: --swap-space 16\n"
    flag = flags(world_of(text))["--swap-space"]
    assert written(text, flag.place) == "--swap-space 16"
    assert flag.place.path == ("mine", "--swap-space")


def test_a_flag_of_another_file_stands_at_the_nearest_key() -> None:
    text = (
        "defaults:\n  - execution: slurm/default\n  - deployment: vllm\n  - _args\n  - _self_\ndeployment:\n  port: 1\n"
    )
    flag = flags(world_of(text, {"_args": "deployment:\n  extra_args: --swap-space 16\n"}))["--swap-space"]
    assert written(text, flag.place) == "deployment"


def test_flags_of_the_shipped_command_are_nobodys() -> None:
    assert list(world_of(config(f"image: {VLLM}")).of("flag")) == []


@pytest.mark.parametrize(
    ("image", "group", "flag", "status"),
    [
        (VLLM, "vllm", "--max-model-len", "known"),
        (VLLM, "vllm", "--max_model_len", "known"),
        (VLLM, "vllm", "--no-such-flag", "unknown"),
        (VLLM, "vllm", "--rope-scaling", "removed"),
        (VLLM, "vllm", "--reasoning-config", "not-yet"),
        (VLLM, "vllm", "--max-num", "ambiguous"),
        (SGLANG, "sglang", "--context-length", "known"),
        (SGLANG, "sglang", "--context_length", "unknown"),
        ("vllm/vllm-openai:latest", "vllm", "--no-such-flag", "unchecked"),
        ("vllm/vllm-openai@sha256:" + "a" * 64, "vllm", "--no-such-flag", "unchecked"),
        ("registry.lab/vllm:2026-05", "vllm", "--no-such-flag", "unchecked"),
        ("nvcr.io/nvidia/vllm:25.09-py3", "vllm", "--no-such-flag", "unchecked"),
        ("/images/server.sqsh", "vllm", "--no-such-flag", "unchecked"),
        ("vllm/vllm-openai:v0.99.0", "vllm", "--no-such-flag", "unchecked"),
        (SGLANG, "vllm", "--no-such-flag", "unchecked"),
    ],
)
def test_the_pinned_version_decides(image: str, group: str, flag: str, status: str) -> None:
    world = world_of(config(f"image: {image}", f"extra_args: {flag} 1", group=group))
    assert flags(world)[flag].get("status") == status
    assert any(what == "serve flags" for what, _ in world.unchecked) == (status == "unchecked")


def test_what_neighbours_disagree_on_is_said_to_be_unchecked() -> None:
    world = world_of(config("image: vllm/vllm-openai:v0.15.0", "extra_args: --mamba-cache-mode align --swap-space 4"))
    assert flags(world)["--mamba-cache-mode"].get("status") == "unchecked"
    assert flags(world)["--swap-space"].get("status") == "known"
    assert [what for what, _ in world.unchecked] == ["--mamba-cache-mode"]


def test_a_program_that_is_not_known_is_no_server_for_sure() -> None:
    world = world_of(config(f"image: {VLLM}", "command: my-wrapper vllm serve /checkpoint --no-such-flag"))
    assert isinstance(flags(world)["--no-such-flag"].get("status"), Unknown)


def test_without_a_server_there_is_nothing() -> None:
    world = world_of(config("command: vllm serve /checkpoint --no-such-flag", group="none"))
    assert not [subject for subject in world.subjects if subject.kind in ("command", "flag", "server_variable")]
    assert not world.unchecked


def test_lepton_takes_only_extra_args() -> None:
    text = config(
        f"image: {VLLM}",
        "command: vllm serve /x --no-such-flag",
        "extra_args: --swap-space 1",
        execution="lepton/default",
    )
    assert list(flags(world_of(text))) == ["--swap-space"]


@pytest.mark.parametrize(
    ("lines", "name", "expected"),
    [
        ([], "tensor_parallel", 8),
        (["tensor_parallel_size: 2"], "tensor_parallel", 2),
        (["tensor_parallel_size: 2", "extra_args: -tp 4"], "tensor_parallel", 4),
        (["command: vllm serve /checkpoint"], "tensor_parallel", 1),
        (["command: vllm serve /checkpoint -tp $GPUS"], "tensor_parallel", None),
        (["command: vllm serve /checkpoint $ARGS"], "tensor_parallel", None),
        (["command: start-my-server"], "tensor_parallel", None),
        (["extra_args: --max-model-len 32k"], "context_length", 32_000),
        (["extra_args: --max-model-len 32K"], "context_length", 32_768),
        (["extra_args: --max-model-len 1.5m"], "context_length", 1_500_000),
        (["extra_args: --max-model-len auto"], "context_length", None),
        (["extra_args: --max-model-len=40960"], "context_length", 40_960),
        (["command: vllm serve /checkpoint --port 9000"], "ports", [9000]),
        (["command: python3 -m sglang.launch_server --model-path /checkpoint"], "ports", [30000]),
        (["port: 8123", "command: vllm serve /checkpoint --port ${deployment.port}"], "ports", [8123]),
        (["command: python3 -m sglang.launch_server --model-path /checkpoint"], "host", "127.0.0.1"),
        (["command: vllm serve /checkpoint"], "host", ABSENT),
        (["command: vllm serve org/model"], "model", "org/model"),
        (["command: vllm serve --model org/model"], "model", "org/model"),
    ],
)
def test_what_the_command_adds_up_to(lines: list[str], name: str, expected: Value) -> None:
    value = world_of(config(f"image: {VLLM}", *lines)).singles["command"].get(name)
    if expected is None:
        assert isinstance(value, Unknown)
    else:
        assert value == expected


@pytest.mark.parametrize(
    ("written_flag", "successor", "dropped"),
    [
        ("--cuda-graph-sizes 512", "--cudagraph-capture-sizes", False),
        ("--enable-multimodal-encoder-data-parallel", "--mm-encoder-tp-mode data", False),
        ("--enable-reasoning", ABSENT, True),
        ("--rope-scaling '{}'", ABSENT, False),
        ("--task generate", ABSENT, False),
    ],
)
def test_what_replaces_a_removed_flag(written_flag: str, successor: Value, dropped: bool) -> None:
    (flag,) = world_of(config(f"image: {VLLM}", f"extra_args: {json.dumps(written_flag)}")).of("flag")
    assert (flag.get("status"), flag.get("successor"), flag.get("is_dropped")) == ("removed", successor, dropped)


@pytest.mark.parametrize(
    ("value", "status"), [("modelopt_fp4", "known"), ("modelopt_fp8", "unknown"), ("marlin", "removed")]
)
def test_values_of_a_list(value: str, status: str) -> None:
    (flag,) = world_of(config(f"image: {VLLM}", f"extra_args: --quantization {value}")).of("flag")
    assert flag.get("value_status") == status


@pytest.mark.parametrize("value", ["'<QUANT>'", "$QUANT", "${oc.env:QUANT}"])
def test_values_that_are_filled_in_later(value: str) -> None:
    (flag,) = world_of(config(f"image: {VLLM}", f"extra_args: --quantization {value}")).of("flag")
    assert not isinstance(flag.get("value_status"), str)


def test_a_plugin_may_add_parsers() -> None:
    world = world_of(config(f"image: {VLLM}", "extra_args: --reasoning-parser-plugin /x.py --reasoning-parser mine"))
    assert isinstance(flags(world)["--reasoning-parser"].get("value_status"), Unknown)


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["env_vars: {VLLM_ATTENTION_BACKEND: 'lit:X'}"], ["VLLM_ATTENTION_BACKEND"]),
        (["command: VLLM_ATTENTION_BACKEND=X vllm serve /checkpoint"], ["VLLM_ATTENTION_BACKEND"]),
        (["env_vars: {HF_TOKEN: 'host:HF_TOKEN', VLLM_LOGGING_LEVEL: 'lit:DEBUG'}"], []),
    ],
)
def test_variables_that_the_engine_does_not_read_any_more(lines: list[str], names: list[str]) -> None:
    world = world_of(config("image: vllm/vllm-openai:v0.20.2", *lines))
    assert [one.get("name") for one in world.of("server_variable") if one.get("status") == "removed"] == names


_WORDS = st.lists(
    st.sampled_from(
        ["--max-model-len", "--port=1", "-tp", "8", "'a b'", '"x y"', "--", "-O3", "$X", "${deployment.port}", "--a.b",
         "\\", "|", "&&", "\n", "'{\"a\": 1}'", "<X>", "é", "--swap-space 4"]
    ),
    max_size=8,
).map(" ".join)  # fmt: skip


@given(words=_WORDS, as_command=st.booleans(), image=st.sampled_from([VLLM, "", "x", "vllm/vllm-openai:latest"]))
@settings(max_examples=150, deadline=None)
def test_every_place_lies_in_the_text(words: str, as_command: bool, image: str) -> None:
    line = (
        f"command: {json.dumps('vllm serve /checkpoint ' + words)}"
        if as_command
        else f"extra_args: {json.dumps(words)}"
    )
    text = config(f"image: {json.dumps(image)}", line)
    world = world_of(text)
    for subject in world.subjects:
        told = (subject.told_place(name) for name in (*subject.attributes, "written", "tensor_parallel_flag"))
        for place in (subject.place, *subject.places.values(), *(one for one in told if one is not None)):
            assert 0 <= place.span.start <= place.span.end <= len(text)
        for name in list(subject.attributes):
            subject.get(name)


@given(
    text=st.text(max_size=60),
    key=st.sampled_from(["image", "command", "extra_args", "checkpoint_path", "hf_model_handle"]),
)
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_it(text: str, key: str) -> None:
    world = world_of(config(f"{key}: {json.dumps(text)}"))
    for subject in world.subjects:
        for name in list(subject.attributes):
            subject.get(name)
