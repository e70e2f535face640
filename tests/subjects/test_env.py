"""Variables, hooks, mounts and execution: what rule examples do not show."""

from __future__ import annotations

from textwrap import dedent

import pytest

from advisor.document.parse import parse_document
from advisor.nel.context import Context
from advisor.nel.env_vars import TELEMETRY
from advisor.nel.values import ABSENT, Value
from advisor.subjects.execution import sbatch_flags
from advisor.subjects.hooks import uses_wget, with_curl, without_pip_cache
from advisor.subjects.launcher import launcher_world
from advisor.subjects.mounts import kind_of_source
from advisor.subjects.subject import Subject

LOCAL = "defaults: [{execution: local}, {deployment: DEPLOYMENT}, _self_]\n"


def subjects(kind: str, text: str, context: Context | None = None) -> list[Subject]:
    document = parse_document("eval.yaml", dedent(text))
    assert not document.problems
    return list(launcher_world(document, context or Context(), lambda _: None).of(kind))


@pytest.mark.parametrize(
    ("deployment", "rest", "stops"),
    [
        ("vllm", "evaluation: {tasks: [{name: a}]}", True),
        ("vllm", "evaluation: {tasks: [{name: a}, {name: b, env_vars: {X: lit:1}}]}", True),
        ("vllm", "evaluation: {tasks: [{name: a, env_vars: {X: lit:1}}, {name: b}]}", False),
        ("vllm", "evaluation: {env_vars: {X: runtime:X}, tasks: [{name: a}]}", False),
        ("vllm", "export: {env_vars: {X: lit:1}}\nevaluation: {tasks: [{name: a}]}", False),
        ("vllm", "deployment: {env_vars: {X: lit:1}}\nevaluation: {tasks: [{name: a}]}", False),
        ("none", "deployment: {env_vars: {X: lit:1}}\nevaluation: {tasks: [{name: a}]}", True),
        ("vllm_ray", "evaluation: {tasks: [{name: a}]}", False),
        ("none", "target: {api_endpoint: {api_key_name: K}}\nevaluation: {tasks: [{name: a}]}", False),
        ("none", "target: {api_endpoint: {api_key_name: null}}\nevaluation: {tasks: [{name: a}]}", True),
        ("vllm", "evaluation: {tasks: []}", False),
    ],
)
def test_a_local_run_stops_where_the_first_task_has_no_variable(deployment: str, rest: str, stops: bool) -> None:
    text = LOCAL.replace("DEPLOYMENT", deployment) + rest
    assert subjects("execution", text)[0].get("stops_without_variables") is stops
    told = Context(env_names=frozenset({TELEMETRY[0]}))
    assert subjects("execution", text, told)[0].get("stops_without_variables") is False


def test_a_config_that_is_not_here_may_bring_variables() -> None:
    text = "defaults: [{execution: local}, {deployment: vllm}, _base, _self_]\nevaluation: {tasks: [{name: a}]}"
    assert subjects("execution", text)[0].get("stops_without_variables") is not True


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("lit:hf_Zq3XbT81mNcW0yRk5LsA7vPd", "hf_Z…"),
        ("aB3dE5fG7hJ9kL1mN3pQ5rS7", "aB3d…"),
        ("mytoken", "m…"),
        ("MY_TOKEN", "MY_TOKEN"),
        ("$MY_TOKEN", "$MY_TOKEN"),
    ],
)
def test_what_may_be_a_secret_is_shown_in_part(value: str, shown: str) -> None:
    (variable,) = subjects("env_var", f"execution: {{type: slurm}}\nenv_vars: {{HF_TOKEN: {value}}}")
    assert variable.get("shown") == shown


def test_what_may_be_a_secret_is_written_nowhere_else() -> None:
    (variable,) = subjects("env_var", "execution: {type: slurm}\nenv_vars: {HF_TOKEN: mytoken}")
    assert variable.get("migrated") is ABSENT


def test_blocks_that_nobody_reads_are_not_checked() -> None:
    text = "execution: {type: lepton}\nenv_vars: {A: B}\ndeployment: {type: none, env_vars: {A: B}}"
    assert [one.get("is_checked") for one in subjects("env_var", text)] == [False, False]


@pytest.mark.parametrize(
    ("script", "curl"),
    [
        ("wget https://a/b", "curl -L -O https://a/b"),
        ("cd /x && wget -q 'https://a/b c' && ls", "cd /x && curl -L -O 'https://a/b c' && ls"),
        ("wget -qO- https://a | bash", "curl -L -o - https://a | bash"),
        ("wget https://a -O $HOME/x", "curl -L -o $HOME/x https://a"),
        ("wget -r https://a", ABSENT),
        ("wget https://a https://b", ABSENT),
        ("wget https://a\nwget -c https://b", ABSENT),
    ],
)
def test_simple_calls_of_wget_become_curl(script: str, curl: Value) -> None:
    assert with_curl(script) == curl


@pytest.mark.parametrize(
    ("script", "uses"),
    [
        ("apt-get install -y wget && wget https://a", False),
        ("echo wget https://a", False),
        ("# wget https://a\nls", False),
        ("which wget || exit 1\nwget https://a", False),
        ("if true; then wget https://a; fi", True),
    ],
)
def test_wget_is_a_command_that_was_not_installed(script: str, uses: bool) -> None:
    assert uses_wget(script) is uses


@pytest.mark.parametrize(
    ("script", "mended"),
    [
        ("pip install x", "pip install --no-cache-dir x"),
        ("python3 -m pip install 'x>1' &&\npip3 install -r r.txt", "python3 -m pip install --no-cache-dir 'x>1' &&\n"
         "pip3 install --no-cache-dir -r r.txt"),
        ("uv pip install x", ABSENT),
        ("export PIP_NO_CACHE_DIR=1\npip install x", ABSENT),
        ("PIP_NO_CACHE_DIR=1 pip install x", ABSENT),
        ("pip install --no-cache-dir x", ABSENT),
        ("pip list", ABSENT),
    ],
)  # fmt: skip
def test_every_pip_install_gets_its_flag(script: str, mended: Value) -> None:
    assert without_pip_cache(script) == mended


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("/a", "absolute"),
        ("~/a", "home"),
        ("$HOME/a", "shell"),
        ("${HOME}/a", "shell"),
        ("a/b", "relative"),
        ("./a", "dotted"),
        ("../a", "dotted"),
        ("<X>", "placeholder"),
    ],
)
def test_sources_of_mounts(source: str, kind: str) -> None:
    assert kind_of_source(source) == kind


@pytest.mark.parametrize(
    ("flags", "as_map"),
    [
        (["--exclusive", "--qos=high", "--switches 1"], {"exclusive": True, "qos": "high", "switches": "1"}),
        ([{"exclusive": True}, "nodelist=a,b"], {"exclusive": True, "nodelist": "a,b"}),
        ("--exclusive --comment=a b --qos high", {"exclusive": True, "comment": "a b", "qos": "high"}),
        (["-p gpu"], ABSENT),
        ([], ABSENT),
    ],
)
def test_sbatch_flags_as_the_map_that_is_wanted(flags: Value, as_map: Value) -> None:
    assert sbatch_flags(flags) == as_map


@pytest.mark.parametrize(
    ("walltime", "problem"),
    [
        ("1-00:00:00", False),
        ("0:30:00", False),
        ('"120:00:00"', False),
        ("4h", True),
        ("240", True),
        ("04:00", True),
        ("???", False),
        ("null", False),
    ],
)
def test_walltimes_that_the_launcher_reads(walltime: str, problem: bool) -> None:
    text = (
        f"defaults: [{{execution: slurm/default}}, {{deployment: vllm}}, _self_]\nexecution: {{walltime: {walltime}}}"
    )
    if walltime == "???":
        text = text.replace("{walltime: ???}", "\n  walltime: ???")
    (execution,) = subjects("execution", text)
    assert (execution.get("walltime_problem") is not ABSENT) is problem


def test_minutes_do_where_nobody_waits_for_a_server() -> None:
    text = "defaults: [{execution: slurm/default}, {deployment: none}, _self_]\nexecution: {walltime: 240}"
    assert subjects("execution", text)[0].get("walltime_problem") is ABSENT
