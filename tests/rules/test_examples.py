"""Every rule's examples: the bad one fires the rule, the good one does not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from advisor.advise import advise_document
from advisor.document.parse import parse_document
from advisor.document.reading import read_document
from advisor.engine.base import RuleBase
from advisor.engine.findings import Finding
from advisor.engine.rule import Rule
from advisor.engine.rulefile import ExampleFile, load_rule
from advisor.knowledge import RULES
from advisor.nel.context import Context

FILES = sorted(path for path in Path(RULES).glob("*/*.yaml") if path.parent.name != "knowledge")


@dataclass(frozen=True)
class Case:
    rule: Rule
    example: ExampleFile


def cases() -> list[Case]:
    loaded = [load_rule(read_document(str(path)), path.parent.name) for path in FILES]
    return [Case(rule, example) for rule, examples in loaded for example in examples]


def name(case: Case) -> str:
    return f"{case.rule.family}/{Path(case.rule.file).stem}"


def findings(base: RuleBase, case: Case, text: str) -> list[Finding]:
    """What this rule says of a text."""
    example = case.example
    siblings = {path: parse_document(path, content) for path, content in example.siblings.items()}
    context = Context(env_names=frozenset(example.environment), check_environment=example.check_environment)
    document = parse_document(example.file, text)
    advice = advise_document(document, base, context, lambda path: siblings.get(path))
    return [finding for finding in advice.findings if finding.rule == case.rule.id]


@pytest.mark.parametrize("case", [case for case in cases() if case.rule.reports], ids=name)
def test_bad_fires_and_good_does_not(base: RuleBase, case: Case) -> None:
    fired = findings(base, case, case.example.bad)
    assert fired, "the rule does not fire on its bad example"
    if case.example.counts is not None:
        assert len(fired) == case.example.counts
    for finding in fired:
        assert finding.name in case.rule.names
        assert "absent" not in finding.message.split(), f"an empty field in the message: {finding.message}"
        assert finding.fix is not None or case.rule.fix is None, "the rule has a fix, but not for its bad example"
    assert findings(base, case, case.example.good) == [], "the rule fires on its good example"


def test_every_rule_file_has_the_name_of_its_rule() -> None:
    for path in FILES:
        rule, _ = load_rule(read_document(str(path)), path.parent.name)
        assert path.stem.startswith(rule.name), f"{path} holds the rule {rule.name}"
