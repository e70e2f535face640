"""Findings on a whole file: fragments, standard input, places, and nothing said twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from advisor.advise import advise_document
from advisor.document.parse import parse_document
from advisor.nel.context import Context

if TYPE_CHECKING:
    from advisor.engine.base import RuleBase
    from advisor.engine.findings import Finding


def findings(base: RuleBase, text: str, path: str = "eval.yaml") -> list[Finding]:
    advice = advise_document(parse_document(path, text), base, Context(), lambda name: None)
    return [finding for finding in advice.findings if finding.rule.startswith("NEL0")]


def said(base: RuleBase, text: str, path: str = "eval.yaml") -> list[tuple[str, str]]:
    """The findings' names and the text that each points at."""
    return [
        (f.name, parse_document(path, text).text[f.place.span.start : f.place.span.end])
        for f in findings(base, text, path)
    ]


FRAGMENT = "execution: {output_dir: '???'}\ndeployment: {port: 1}\n"


def test_a_fragment_lacks_nothing(base: RuleBase) -> None:
    assert [name for name, _ in said(base, FRAGMENT)] == ["defaults-missing", "evaluation-missing", "missing-value"]
    assert said(base, FRAGMENT, "_endpoints.yaml") == []


def test_standard_input_has_no_files_beside_it(base: RuleBase) -> None:
    text = "defaults: [{execution: local}, {deployment: vlm}, _base, _self_]\n"
    assert [name for name, _ in said(base, text, "<stdin>")] == ["defaults-unknown-group"]
    assert [name for name, _ in said(base, text)] == ["defaults-unknown-group", "defaults-unknown-group"]


HEAD = "defaults: [{execution: slurm/default}, {deployment: none}, _self_]\n"
REST = "evaluation: {tasks: [{name: gsm8k}]}\n"
SITE = "execution: {hostname: h, account: a, output_dir: /o}\n"
SLIP = HEAD.replace("{execution: slurm/default}", "execution/slurm/default")
ALIAS = HEAD + "x-u: &u '???'\nexecution: {hostname: *u, account: a, output_dir: /o}\n" + REST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + SITE + REST, []),
        ("\ufeff" + (HEAD + SITE + REST).replace("\n", "\r\n"), []),
        # A lacking group is one mistake, whatever follows from it.
        (REST + "notes: ${deployment.port}\nx-a: ${notes}\n", [("defaults-missing", "evaluation")]),
        (SLIP + REST, [("defaults-malformed", "execution/slurm/default")]),
        (HEAD.replace("_self_", "self") + SITE + REST, [("defaults-unknown-group", "self")]),
        (HEAD.replace("_self_", "_self_, _self_") + SITE + REST, [("defaults-malformed", "_self_")]),
        (HEAD + SITE + "evaluation:\n", [("section-wrong-type", "evaluation")]),
        (HEAD + SITE + "evaluation: {tasks: [{task: gsm8k}]}\n", [("task-no-name", "{task: gsm8k}")]),
        (HEAD + SITE + REST + "services: {}\n", [("dialect-mismatch", "services")]),
        ("services: {}\nbenchmarks: []\nevaluation: {}\n", [("dialect-mismatch", "evaluation")]),
        (ALIAS, [("missing-value", "&u '???'"), ("missing-value", "*u")]),
        (HEAD + SITE + REST + "export: {mlflow: {a: 'é ${b}'}}\n", [("interp-unresolved", "${b}")]),
    ],
)
def test_one_mistake_is_said_once_and_where_it_is(base: RuleBase, text: str, expected: list[tuple[str, str]]) -> None:
    assert said(base, text) == expected
