"""All fixes on every real config: what comes out parses, says nothing new, and is at rest."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from advisor.advise import Advice, advise_document
from advisor.document.document import Document
from advisor.document.reading import read_document
from advisor.engine.base import RuleBase
from advisor.fixing.rounds import Fixed, Wanted, fix_document
from advisor.nel.context import Context
from tests.shared import corpus_files, needs_corpus

_ENVIRONMENT_NAME = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b")
# With the list of groups in place a fragment is a config, and everything that it lacks comes to light.
REVEALING = "defaults-missing"
# The values of a block that NEL refuses as a whole are looked at once they stand in the right place; what a deployment
# needs from the Hub, once it is plain that it loads from there.
LOOKED_AT_LATER = {
    ("env-exec-env-vars", "env-no-prefix"),
    ("env-exec-env-vars", "hf-token-both-stages"),
    ("ckpt-is-handle", "hf-token-both-stages"),
    ("auto-export-configs", "export-unknown-key"),
    ("auto-export-configs", "export-trigger-without-block"),
}


def fixed_corpus(base: RuleBase, wanted: Wanted) -> list[Fixed]:
    """Every config as its fixes leave it, where every variable that one of them names is set."""
    documents = [read_document(str(path)) for path in corpus_files()]
    names = frozenset(name for document in documents for name in _ENVIRONMENT_NAME.findall(document.text))

    def advise(one: Document) -> Advice:
        return advise_document(one, base, Context(env_names=names))

    return [fix_document(document, advise, wanted) for document in documents]


def counts(advice: Advice) -> Counter[str]:
    return Counter(finding.rule for finding in advice.findings)


@needs_corpus
def test_all_fixes_on_every_real_config(base: RuleBase, capsys: pytest.CaptureFixture[str]) -> None:
    mending = frozenset(rule.id for rule in base.rules if rule.fix and rule.name != REVEALING)
    every = fixed_corpus(base, Wanted(unsafe=True, only=mending))
    names = {rule.id: rule.name for rule in base.rules}
    said: Counter[str] = Counter()
    new = []
    for fixed in every:
        assert fixed.undoing == ()
        assert not fixed.document.problems or not fixed.applied
        before, after = counts(fixed.before), counts(fixed.advice)
        done = {finding.name for finding in fixed.applied}
        later = {name for mended, name in LOOKED_AT_LATER if mended in done}
        new += [(fixed.document.path, rule, done) for rule in after - before if names[rule] not in later]
        for rule in {finding.rule for finding in fixed.applied}:
            assert after[rule] < before[rule] or rule not in before, (fixed.document.path, rule)
        said["findings before"] += before.total()
        said["findings after"] += after.total()
        said["files changed"] += bool(fixed.applied)
        said["fixes applied"] += len(fixed.applied)
        said["of them safe"] += sum(
            finding.fix is not None and finding.fix.safety == "auto" for finding in fixed.applied
        )
        said["fixes not offered"] += len(fixed.refused)
    with capsys.disabled():
        print(f"\nall fixes on {len(every)} real configs: {dict(said)}; new findings: {len(new)}")
    assert new == []


@needs_corpus
def test_a_defaults_list_brings_to_light_only_what_it_completes(
    base: RuleBase, capsys: pytest.CaptureFixture[str]
) -> None:
    adding = frozenset(rule.id for rule in base.rules if rule.fix and rule.name == REVEALING)
    every = [fixed for fixed in fixed_corpus(base, Wanted(unsafe=True, only=adding)) if fixed.applied]
    names = {rule.id: rule.name for rule in base.rules}
    revealed = Counter(names[rule] for fixed in every for rule in counts(fixed.advice) - counts(fixed.before))
    with capsys.disabled():
        print(f"\n{REVEALING} fixed in {len(every)} fragments; brought to light: {dict(revealed.most_common())}")
    assert all(adding & counts(fixed.before).keys() and not adding & counts(fixed.advice).keys() for fixed in every)
