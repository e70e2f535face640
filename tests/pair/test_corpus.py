"""Every config of the corpus beside itself, and beside itself with one value changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from advisor.compare import NotComparable, compare_documents
from advisor.document.changes import Set
from advisor.document.document import Document
from advisor.document.edits import CannotEdit
from advisor.document.nodes import Mapping, Node, Scalar, Sequence
from advisor.document.nodes import Path as KeyPath
from advisor.document.proof import prove
from advisor.document.reading import read_document
from advisor.engine.base import RuleBase
from advisor.nel.context import Context
from tests.shared import CORPUS, corpus_files, needs_corpus

pytestmark = needs_corpus

# Key: another value (None for the opposite), and what may be said of it ('' for nothing).
CHANGES: dict[str, tuple[object, str]] = {
    "temperature": (0.123, "pair-params"),
    "top_p": (0.456, "pair-params"),
    "max_new_tokens": (777, "pair-params"),
    "limit_samples": (7, "pair-repeats"),
    "num_repeats": (3, "pair-repeats"),
    "n_samples": (3, "pair-repeats"),
    "max_problems": (3, "pair-repeats"),
    "container": ("nvcr.io/nvidia/eval-factory/other:1.0", "pair-tasks"),
    "enable_thinking": (None, "pair-reasoning"),
    "process_reasoning_traces": (None, "pair-reasoning"),
    "parallelism": (3, ""),
    "request_timeout": (11, ""),
    "max_retries": (3, ""),
    "walltime": ("00:11:00", ""),
    "output_dir": ("/out/other", ""),
    "served_model_name": ("other", ""),
    "tensor_parallel_size": (3, ""),
    "use_caching": (None, ""),
    "experiment_name": ("other", ""),
}
# A judge's own temperature is a matter of judges.
ALSO = {"temperature": {"pair-judge"}}


def names(base: RuleBase, one: Document, two: Document) -> set[str]:
    return {finding.name for finding in compare_documents(one, two, base, Context()).findings}


@pytest.mark.parametrize("folder", sorted(path.name for path in CORPUS.glob("*/") if path.is_dir()))
def test_a_config_beside_itself_has_nothing_but_the_same_model(base: RuleBase, folder: str) -> None:
    for path in (CORPUS / folder).glob("*.yaml"):
        document = read_document(str(path))
        try:
            found = names(base, document, read_document(str(path)))
        except NotComparable:
            continue
        assert found <= {"pair-same-model"}, path.name


def changed(document: Document) -> Iterator[tuple[str, Document]]:
    """The document with one value changed: for each key of the table that stands in it, the first."""
    seen: set[str] = set()
    for path, node in values(document.root) if document.root is not None else ():
        key = str(path[-1]) if path else ""
        if key not in CHANGES or key in seen or "export" in path or node.value is None:
            continue
        seen.add(key)
        value, _ = CHANGES[key]
        try:
            yield key, prove(document, [Set(path, not node.value if value is None else value)]).document  # type: ignore[arg-type]
        except CannotEdit:
            continue


def values(node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Scalar]]:
    if isinstance(node, Mapping):
        for name, entry in node.entries.items():
            yield from values(entry.value, (*path, name))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from values(item.value, (*path, index))
    else:
        yield path, node


def test_one_changed_value_is_that_finding_and_no_other(base: RuleBase) -> None:
    """Now and then a value has no effect, since every task sets its own, or none reads it; then nothing is said."""
    tried: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for path in corpus_files()[::9]:
        document = read_document(str(path))
        try:
            alone = compare_documents(document, document, base, Context())
        except NotComparable:
            continue
        if alone.pair is None or not alone.pair.tasks:
            continue
        before = {finding.name for finding in alone.findings}
        for key, other in changed(document):
            said = names(base, document, other) - before
            _, expected = CHANGES[key]
            assert said <= {expected} | ALSO.get(key, set()), f"{path.name}: {key}"
            tried[key] += 1
            found[key] += bool(said)
    assert len(tried) > 15
    telling = [key for key in tried if CHANGES[key][1]]
    assert sum(found[key] for key in telling) >= 0.9 * sum(tried[key] for key in telling), found
    assert all(found[key] for key in telling if tried[key] > 3), found
