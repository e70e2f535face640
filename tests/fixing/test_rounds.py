"""Rounds of fixes: overlaps wait, fixes without effect are given up, and two that undo each other are found out."""

from __future__ import annotations

from collections import Counter

import pytest

from advisor.advise import Advice, advise_document
from advisor.document.document import Document
from advisor.document.nodes import Data, Path, Span, plain
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.engine.findings import Edit, Finding, Fix
from advisor.fixing.rounds import Fixed, Wanted, fix_document
from advisor.nel.context import Context
from advisor.nel.redaction import Redactor
from advisor.subjects.subject import Place

ALL = Wanted(unsafe=True)


class Rules:
    """Stands in for the rules: a finding for each (name, key, value that is wrong, edit, safety)."""

    def __init__(self, *rules: tuple[str, str, Data, Edit, str]) -> None:
        self.rules = rules

    def __call__(self, document: Document) -> Advice:
        data = plain(document.root) if document.root is not None else None
        assert isinstance(data, dict)
        found = tuple(
            Finding(name, name, "error", "", "", Place((key,), Span(0, 1)), Fix(name, safety, (edit,)), (), ())
            for name, key, wrong, edit, safety in self.rules
            if key in data and data[key] == wrong
        )
        return Advice(document.path, "launcher", found, (), document, Redactor())


def setting(
    key: str, old: Data, new: Data, safety: str = "auto", at: Path | None = None
) -> tuple[str, str, Data, Edit, str]:
    return f"{key}-{old}", key, old, Edit("set", at or (key,), new), safety


def fix(rules: Rules, text: str, wanted: Wanted = ALL) -> Fixed:
    return fix_document(parse_document("eval.yaml", text), rules, wanted)


def test_one_fix_leads_to_the_next() -> None:
    fixed = fix(Rules(setting("a", 1, 2), setting("a", 2, 3)), "a: 1\n")
    assert (fixed.document.text, [finding.name for finding in fixed.applied]) == ("a: 3\n", ["a-1", "a-2"])
    assert fixed.advice.findings == ()


def test_two_new_keys_in_the_same_new_place() -> None:
    rules = Rules(setting("a", 1, 1, at=("x", "a")), setting("b", 1, 1, at=("x", "b")))
    silent = lambda document: Rules(*[r for r in rules.rules if document.at(("x", r[1])) is None])(document)  # noqa: E731
    fixed = fix_document(parse_document("eval.yaml", "a: 1\nb: 1\n"), silent, ALL)
    assert fixed.document.text == "a: 1\nb: 1\nx:\n  a: 1\n  b: 1\n"


def test_fixes_that_undo_each_other_change_nothing_and_are_named() -> None:
    fixed = fix(Rules(setting("a", 1, 2), setting("a", 2, 1)), "a: 1\n")
    assert (fixed.document.text, fixed.undoing, fixed.applied) == ("a: 1\n", ("a-1", "a-2"), ())


def test_fixes_without_end_change_nothing_and_are_named() -> None:
    class Growing(Rules):
        def __call__(self, document: Document) -> Advice:
            data = plain(document.root) if document.root is not None else None
            assert isinstance(data, dict)
            value = data["a"]
            self.rules = (setting("a", value, f"{value}x"),)
            return super().__call__(document)

    fixed = fix(Growing(), "a: x\n")
    assert fixed.document.text == "a: x\n"
    assert fixed.undoing


def test_a_fix_after_which_the_finding_stays_is_not_made() -> None:
    fixed = fix(Rules(setting("a", 1, 5, at=("b",)), setting("c", 1, 2)), "a: 1\nc: 1\n")
    assert fixed.document.text == "a: 1\nc: 2\n"
    assert [(finding.name, reason) for finding, reason in fixed.refused] == [("a-1", "the finding would stay")]


def test_a_fix_is_not_given_up_for_findings_that_another_brings(base: RuleBase) -> None:
    text = """\
defaults: [{execution: slurm/default}, {deployment: none}, _self_]
execution:
  env_vars:
    export:
      A_KEY: A_KEY
      B_KEY: B_KEY
env_vars:
  C_KEY: C_KEY
"""
    fixed = fix_document(parse_document("e.yaml", text), lambda one: advise_document(one, base, Context()), Wanted())
    data = plain(fixed.document.root) if fixed.document.root else {}
    assert data == {
        "defaults": [{"execution": "slurm/default"}, {"deployment": "none"}, "_self_"],
        "env_vars": {"C_KEY": "host:C_KEY"},
        "export": {"env_vars": {"A_KEY": "host:A_KEY", "B_KEY": "host:B_KEY"}},
    }
    assert fixed.refused == ()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), "a: 2\nb: 1\n"),
        (Wanted(unsafe=True), "a: 2\nb: 2\n"),
        (Wanted(unsafe=True, only=frozenset({"b-1"})), "a: 1\nb: 2\n"),
        (Wanted(only=frozenset({"b-1"})), "a: 1\nb: 1\n"),
    ],
)
def test_only_what_is_wanted_is_fixed(wanted: Wanted, expected: str) -> None:
    assert fix(Rules(setting("a", 1, 2), setting("b", 1, 2, "ask")), "a: 1\nb: 1\n", wanted).document.text == expected


def test_what_would_show_elsewhere_is_not_safe() -> None:
    text = "m: &m {x: 1}\na: 1\nn: *m\n"
    rules = Rules(("a-1", "a", 1, Edit("set", ("m", "x"), 2), "auto"))
    fixed = fix(rules, text, Wanted())
    assert fixed.document.text == text
    assert [reason for _, reason in fixed.refused] == ["the change would show at n.x too"]


def test_a_file_with_problems_is_left_alone(base: RuleBase) -> None:
    text = "evaluation: {tasks: [{name: a}]}\nevaluation: {}\nenv_vars: {A: B}\n"
    fixed = fix_document(parse_document("e.yaml", text), lambda one: advise_document(one, base, Context()), ALL)
    assert fixed.document.text == text
    assert all("problems of its own" in reason for _, reason in fixed.refused)
    assert Counter(finding.name for finding in fixed.advice.findings)["yaml-dup-key"] == 1
