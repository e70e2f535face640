"""Exports: what each destination lacks, and which values cannot be resolved alone."""

from __future__ import annotations

import pytest

from advisor.document.parse import parse_document
from advisor.nel.context import Context
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.launcher import launcher_world
from advisor.subjects.subject import Subject

DEFAULTS = "defaults: [{{execution: {}}}, {{deployment: vllm}}, _self_]\n"


def subjects(kind: str, text: str, executor: str = "slurm/default", context: Context | None = None) -> list[Subject]:
    document = parse_document("eval.yaml", DEFAULTS.format(executor) + text)
    assert not document.problems
    return list(launcher_world(document, context or Context(), lambda _: None).of(kind))


@pytest.mark.parametrize(
    ("name", "rest", "missing"),
    [
        ("mlflow", "export: {mlflow: {}}", "tracking_uri"),
        ("mlflow", "export: {mlflow: {tracking_uri: ''}}", "tracking_uri"),
        ("mlflow", "export: {mlflow: {tracking_uri: 'http://x'}}", ""),
        ("mlflow", "export: {mlflow: {}, env_vars: {MLFLOW_TRACKING_URI: 'host:X'}}", ""),
        ("mlflow", "env_vars: {MLFLOW_TRACKING_URI: 'host:X'}\nexport: {mlflow: {}}", ""),
        ("mlflow", "evaluation: {env_vars: {MLFLOW_TRACKING_URI: 'host:X'}}\nexport: {mlflow: {}}", "tracking_uri"),
        ("wandb", "export: {wandb: {}}", "entity and project"),
        ("local", "export: {local: {}}", ""),
        ("gsheets", "export: {gsheets: {}}", ""),
    ],
)
def test_what_an_exporter_lacks(name: str, rest: str, missing: str) -> None:
    text = f"execution: {{auto_export: {{destinations: [{name}]}}}}\n{rest}"
    (destination,) = subjects("destination", text)
    assert destination.get("missing") == missing


def test_on_local_execution_the_shell_may_have_the_address() -> None:
    text = "execution: {auto_export: {destinations: [mlflow]}}\nexport: {mlflow: {}}"
    told = Context(env_names=frozenset({"MLFLOW_TRACKING_URI"}))
    assert isinstance(subjects("destination", text, "local")[0].get("missing"), Unknown)
    assert subjects("destination", text, "local", told)[0].get("missing") == ""
    assert subjects("destination", text, "local", Context(check_environment=True))[0].get("missing") == "tracking_uri"


@pytest.mark.parametrize(
    ("executor", "destinations", "value", "literal"),
    [
        ("local", "", "out/${deployment.port}", "out/8000"),
        ("slurm/default", "", "out/${deployment.port}", None),
        ("slurm/default", "auto_export: {destinations: [local]}", "${deployment.port}", "8000"),
        ("local", "", "${export.name}", None),
        ("local", "", "${oc.env:X}/${nowhere}", None),
        ("local", "", "${execution.output_dir}", ABSENT),
    ],
)
def test_values_that_ask_for_another_section(executor: str, destinations: str, value: str, literal: Value) -> None:
    text = f"execution: {{{destinations}}}\nexport:\n  name: x\n  local:\n    output_dir: {value}\n"
    found = [one for one in subjects("export_key", text, executor) if one.get("foreign") is not ABSENT]
    assert [one.get("literal") for one in found] == ([] if literal is None else [literal])


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("mlflow", ["mlflow"]),
        ("mlflow, wandb", ["mlflow", "wandb"]),
        ("[wandb]", ["wandb"]),
        ("true", ABSENT),
        ("mlfow", ABSENT),
    ],
)
def test_auto_export_in_another_form_as_a_list_of_exporters(value: str, names: Value) -> None:
    (execution,) = subjects("execution", f"execution:\n  auto_export: {value}\n")
    assert execution.get("auto_export_names") == names


def test_only_tags_that_are_no_text_are_told() -> None:
    text = "export: {mlflow: {tracking_uri: x, tags: {a: '1', b: 1, c: 1.0, d: yes, e: null}}}"
    found = [(one.get("key"), one.get("text")) for one in subjects("export_key", text) if one.get("is_bad_tag") is True]
    assert found == [("b", "1"), ("c", "1.0"), ("d", "yes"), ("e", "null")]
