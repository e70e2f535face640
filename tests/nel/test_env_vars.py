from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.nel.env_vars import PREFIXES, EnvValue, Kind, Migration, is_block, is_checked, migrate, read_value

if TYPE_CHECKING:
    from advisor.document.nodes import Data


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("host:HF_TOKEN", EnvValue(Kind.HOST, "HF_TOKEN")),
        ("host:", EnvValue(Kind.HOST, "")),
        ("host: HF_TOKEN", EnvValue(Kind.HOST, " HF_TOKEN")),
        ("lit:a:b", EnvValue(Kind.LITERAL, "a:b")),
        ("lit:", EnvValue(Kind.LITERAL, "")),
        ("lit:${oc.env:X}", EnvValue(Kind.LITERAL, "${oc.env:X}")),
        ("runtime:NGC_API_TOKEN", EnvValue(Kind.RUNTIME, "NGC_API_TOKEN")),
        ("Host:X", EnvValue(Kind.UNPREFIXED)),
        (" host:X", EnvValue(Kind.UNPREFIXED)),
        ("env:X", EnvValue(Kind.UNPREFIXED)),
        ("$host:X", EnvValue(Kind.UNPREFIXED)),
        ("HF_TOKEN", EnvValue(Kind.UNPREFIXED)),
        ("", EnvValue(Kind.UNPREFIXED)),
        ("${oc.env:HF_TOKEN}", EnvValue(Kind.RESOLVER)),
        ("a-${oc.decode:x}", EnvValue(Kind.RESOLVER)),
        (1, EnvValue(Kind.NOT_TEXT)),
        (True, EnvValue(Kind.NOT_TEXT)),
        (None, EnvValue(Kind.NOT_TEXT)),
        ({"a": "b"}, EnvValue(Kind.NOT_TEXT)),
    ],
)
def test_a_value_as_the_launcher_reads_it(value: Data, read: EnvValue) -> None:
    assert read_value(value) == read


@pytest.mark.parametrize(
    ("value", "text", "migrated"),
    [
        ("HF_TOKEN", "HF_TOKEN", Migration("host:HF_TOKEN", certain=True)),
        ("$HF_TOKEN", "$HF_TOKEN", Migration("host:HF_TOKEN", certain=True)),
        ("$hf_token", "$hf_token", Migration("host:hf_token", certain=True)),
        ("${oc.env:HF_TOKEN}", "${oc.env:HF_TOKEN}", Migration("host:HF_TOKEN", certain=True)),
        ("${oc.env:HF_TOKEN,x}", "${oc.env:HF_TOKEN,x}", Migration("host:HF_TOKEN", certain=False)),
        ("${oc.decode:${oc.env:X}}", "${oc.decode:${oc.env:X}}", None),
        ("spawn", "spawn", Migration("host:spawn", certain=False)),
        ("/cache/hf", "/cache/hf", Migration("lit:/cache/hf", certain=True)),
        ("https://a/b", "https://a/b", Migration("lit:https://a/b", certain=True)),
        ("two words", "two words", Migration("lit:two words", certain=True)),
        ("0", "0", Migration("lit:0", certain=True)),
        ("${deployment.port}", "${deployment.port}", Migration("lit:${deployment.port}", certain=False)),
        ("$host:HF_TOKEN", "$host:HF_TOKEN", Migration("host:HF_TOKEN", certain=False)),
        (" host:X", " host:X", Migration("host:X", certain=False)),
        (1, "1", Migration("lit:1", certain=True)),
        (True, "true", Migration("lit:true", certain=True)),
        (16, "0x10", Migration("lit:0x10", certain=True)),
        ("host:X", "host:X", None),
        ("lit:", "lit:", None),
        (None, "", None),
        ({"a": 1}, "", None),
    ],
)
def test_migration(value: Data, text: str, migrated: Migration | None) -> None:
    assert migrate(value, text) == migrated


TOP, SERVER, TASK = ("env_vars",), ("deployment", "env_vars"), ("evaluation", "tasks", 0, "env_vars")


@pytest.mark.parametrize(
    ("block", "name", "value", "migrated"),
    [
        (TASK, "A", "OTHER", Migration("host:OTHER", certain=True)),
        (TASK, "A", "other", Migration("host:other", certain=False)),
        (TASK, "A", "/cache", Migration("lit:/cache", certain=True)),
        (("export", "env_vars"), "A", "OTHER", Migration("host:OTHER", certain=True)),
        (SERVER, "VLLM_ATTENTION_BACKEND", "FLASHINFER", Migration("lit:FLASHINFER", certain=True)),
        (SERVER, "A", "spawn", Migration("lit:spawn", certain=True)),
        (SERVER, "HF_HOME", "HF_HOME", Migration("host:HF_HOME", certain=True)),
        (SERVER, "HF_TOKEN", "MINE", Migration("host:MINE", certain=True)),
        (SERVER, "A", "MY_HF_TOKEN", Migration("host:MY_HF_TOKEN", certain=True)),
        (SERVER, "A", "$B", Migration("host:B", certain=True)),
        (TOP, "A", "A", Migration("host:A", certain=True)),
        (TOP, "A", "DEBUG", Migration("host:DEBUG", certain=False)),
        (TOP, "A", "JUDGE_API_KEY", Migration("host:JUDGE_API_KEY", certain=True)),
    ],
)
def test_what_a_word_was_depends_on_the_block(
    block: tuple[str | int, ...], name: str, value: str, migrated: Migration
) -> None:
    assert migrate(value, value, block, name) == migrated


@given(st.text(max_size=20) | st.integers() | st.booleans() | st.floats())
def test_a_migrated_value_is_right_and_stays(value: Data) -> None:
    migrated = migrate(value, str(value))
    if migrated is not None:
        assert migrated.value.startswith(PREFIXES)
        assert migrate(migrated.value, migrated.value) is None
        assert read_value(value).kind in (Kind.UNPREFIXED, Kind.RESOLVER, Kind.NOT_TEXT)


@pytest.mark.parametrize(
    ("path", "block"),
    [
        (("env_vars",), True),
        (("evaluation", "env_vars"), True),
        (("evaluation", "tasks", 0, "env_vars"), True),
        (("deployment", "env_vars"), True),
        (("export", "env_vars"), True),
        (("auxiliary_deployments", "judge", "env_vars"), True),
        (("execution", "env_vars"), False),
        (("execution", "lepton_platform", "tasks", "env_vars"), False),
        (("evaluation", "tasks", 0, "nemo_evaluator_config", "env_vars"), False),
        (("env_vars", "HF_TOKEN"), False),
        ((), False),
    ],
)
def test_blocks(path: tuple[str | int, ...], block: bool) -> None:
    assert is_block(path) is block


@pytest.mark.parametrize(
    ("path", "execution", "deployment", "checked"),
    [
        (("env_vars",), "local", "none", True),
        (("export", "env_vars"), "local", "none", True),
        (("evaluation", "tasks", 1, "env_vars"), "slurm", "vllm", True),
        (("deployment", "env_vars"), "local", "none", False),
        (("deployment", "env_vars"), "local", "vllm", True),
        (("deployment", "env_vars"), "slurm", "none", True),
        (("auxiliary_deployments", "judge", "env_vars"), "slurm", "vllm", True),
        (("auxiliary_deployments", "judge", "env_vars"), "local", "vllm", False),
        (("env_vars",), "lepton", "vllm", False),
        (("env_vars",), None, "vllm", False),
        (("execution", "env_vars"), "slurm", "vllm", False),
    ],
)
def test_where_a_wrong_value_stops_the_submission(
    path: tuple[str | int, ...], execution: str | None, deployment: str | None, checked: bool
) -> None:
    assert is_checked(path, execution, deployment) is checked
