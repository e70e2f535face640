"""Every rule's examples: the bad one fires the rule, the good one does not, and the fix leads from one to the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from advisor.advise import Advice, advise_checkpoint, advise_document
from advisor.compare import compare_documents
from advisor.document.document import Document
from advisor.document.parse import parse_document
from advisor.document.proof import data_of, same_data
from advisor.document.reading import read_document
from advisor.engine.base import RuleBase
from advisor.engine.findings import Finding
from advisor.engine.rule import Rule
from advisor.engine.rulefile import ExampleFile, load_rule
from advisor.fixing.rounds import Fixed, Wanted, fix_document
from advisor.knowledge import RULES
from advisor.nel.context import Context
from tests.checkpoint.flaws import PLACEHOLDER, filled

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


def advising(base: RuleBase, case: Case) -> Callable[[Document], Advice]:
    """Advises as the example says: its siblings are there, and its variables are set."""
    example = case.example
    siblings = {path: parse_document(path, content) for path, content in example.siblings.items()}
    context = Context(
        env_names=frozenset(example.environment),
        check_environment=example.check_environment,
        walltime_limit=example.site_walltime,
        partitions=tuple(example.site_partitions),
        gpu_count=example.site_gpus,
    )
    if example.baseline is not None:
        baseline = document_of(case, example.baseline, "baseline.yaml")
        return lambda document: compare_documents(baseline, document, base, context, lambda path: siblings.get(path))
    return lambda document: advise_document(document, base, context, lambda path: siblings.get(path))


def document_of(case: Case, text: str, file: str = "") -> Document:
    return parse_document(file or case.example.file, filled(text))


def findings(base: RuleBase, case: Case, text: str) -> list[Finding]:
    """What this rule says of a text, or of the checkpoint that a text is nothing else but the name of."""
    if PLACEHOLDER.fullmatch(text.strip()):
        advice = advise_checkpoint(filled(text.strip()), base, Context())
    else:
        advice = advising(base, case)(document_of(case, text))
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


@pytest.mark.parametrize("case", [case for case in cases() if case.rule.reports and case.rule.fix], ids=name)
def test_the_fix_of_bad_gives_good(base: RuleBase, case: Case) -> None:
    """The text that the fix leaves holds the data of `fixed`, else of `good`; where `good` says more than a fix can
    know, the rule is silent on it at least, and no other one has come."""
    example, advise = case.example, advising(base, case)
    bad = document_of(case, example.bad)
    fixed = fix_document(bad, advise, Wanted(unsafe=True, only=frozenset({case.rule.id})))
    assert fixed.applied, f"not applied: {[reason for _, reason in fixed.refused]}"
    assert fixed.undoing == ()
    assert case.rule.id not in [finding.rule for finding in fixed.advice.findings], fixed.document.text
    wanted = document_of(case, example.good if example.fixed is None else example.fixed)
    if same_data(data_of(fixed.document), data_of(wanted)):
        return
    assert example.fixed is None, f"the fix gives\n{fixed.document.text}"
    new = brought(fixed)
    assert not new, f"new findings {new} in\n{fixed.document.text}"


def brought(fixed: Fixed) -> list[str]:
    """The rules that have more to say after the fixes than before."""
    before, after = (Counter(finding.rule for finding in one.findings) for one in (fixed.before, fixed.advice))
    return sorted((after - before).keys())


@pytest.mark.parametrize("case", [case for case in cases() if case.rule.reports], ids=name)
def test_no_two_fixes_undo_each_other(base: RuleBase, case: Case) -> None:
    """All fixes together come to rest on every example of every rule, and nothing is left that a fix would change."""
    advise = advising(base, case)
    for text in (case.example.bad, case.example.good):
        fixed = fix_document(document_of(case, text), advise, Wanted(unsafe=True))
        assert fixed.undoing == ()
        again = fix_document(fixed.document, advise, Wanted(unsafe=True))
        assert again.applied == ()


def test_every_rule_file_has_the_name_of_its_rule() -> None:
    for path in FILES:
        rule, _ = load_rule(read_document(str(path)), path.parent.name)
        assert path.stem.startswith(rule.name), f"{path} holds the rule {rule.name}"
