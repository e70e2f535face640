"""Random edits at random places, of generated texts and of real configs."""

from __future__ import annotations

import copy
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from advisor.document.changes import Append, Change, Delete, Move, Quote, Rename, Set, Splice
from advisor.document.document import Document
from advisor.document.edits import CannotEdit, TextEdit, apply_edits
from advisor.document.nodes import Data, Path, plain
from advisor.document.parse import parse_document
from advisor.document.proof import Proven, prove, same_data
from advisor.document.reading import read_document
from tests.document.generated import changes, texts
from tests.shared import corpus_files, needs_corpus

COMMENT = re.compile(r"#c\d+\.")


def data_of(text: str) -> Data:
    document = parse_document("eval.yaml", text)
    assert document.problems == ()
    return plain(document.root) if document.root is not None else None


def expected(data: Any, change: Change, document: Document) -> Any:
    """The data with the change, worked out without the code that is tested."""
    holder = data = copy.deepcopy(data)
    path: Path = change.path
    for part in path[:-1]:
        if isinstance(holder, dict) and holder.get(part) is None:
            holder[part] = {}
        holder = holder[part]
    last = path[-1]
    match change:
        case Set(_, value):
            holder[last] = value
        case Delete():
            del holder[last]
        case Rename(_, name):
            holder[name] = holder.pop(last)
        case Quote():
            holder[last] = document.at(path).text  # type: ignore[union-attr]
        case Append(_, value):
            holder[last] = [*(holder[last] or []), value]
        case Splice(_, start, end, text):
            holder[last] = holder[last][:start] + text + holder[last][end:]
        case Move(_, to):
            value = holder.pop(last)
            place = data
            for part in to[:-1]:
                place = place[part] if isinstance(part, int) else place.setdefault(part, {})
            place[to[-1]] = value
    return data


def is_beside(change: Change) -> bool:
    """Whether it only gives a key another name: that is done in place."""
    return isinstance(change, Move) and change.path[:-1] == change.to[:-1]


def inverse(old: str, edits: tuple[TextEdit, ...]) -> list[TextEdit]:
    """The edits that lead back."""
    out, shift = [], 0
    for edit in sorted(edits):
        start = edit.start + shift
        out.append(TextEdit(start, start + len(edit.text), old[edit.start : edit.end]))
        shift += len(edit.text) - (edit.end - edit.start)
    return out


def check(document: Document, change: Change) -> Proven:
    """Everything that holds of any proven edit."""
    before = data_of(document.text)
    proven = prove(document, [change])
    new = apply_edits(document.text, proven.edits)
    assert new == proven.document.text
    assert same_data(data_of(new), expected(before, change, document))
    assert apply_edits(new, inverse(document.text, proven.edits)) == document.text
    ends = {end for end in ("\r\n", "\n") if end in document.text}
    assert len(ends) == 0 or ("\r\n" in ends) == ("\r\n" in new) or "\n" not in new
    return proven


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data(), texts())
def test_any_edit_of_any_text_is_exact_or_refused(data: st.DataObject, text: str) -> None:
    document = parse_document("eval.yaml", text)
    assume(not document.problems)
    change = data.draw(changes(document))
    try:
        proven = check(document, change)
    except CannotEdit:
        # What is refused is never a plain thing: a rename onto a fresh name and a new key can always be written.
        assert not (isinstance(change, Rename) and change.name == "renamed")
        assert not is_beside(change)
        return
    brings_in = isinstance(change, Set) and document.at(change.path) is None
    if brings_in or is_beside(change) or isinstance(change, Rename | Quote | Append | Splice):
        assert COMMENT.findall(proven.document.text) == COMMENT.findall(text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data(), texts())
def test_a_rename_and_its_inverse_restore_the_text(data: st.DataObject, text: str) -> None:
    document = parse_document("eval.yaml", text)
    assume(not document.problems)
    change = data.draw(changes(document).filter(lambda one: isinstance(one, Rename)))
    assert isinstance(change, Rename)
    there = prove(document, [change]).document
    back = prove(there, [Rename((*change.path[:-1], change.name), str(change.path[-1]))]).document
    assert re.sub(r"['\"]", "", back.text) == re.sub(r"['\"]", "", text)


@needs_corpus
def test_any_edit_of_real_configs_is_exact_or_refused(capsys: pytest.CaptureFixture[str]) -> None:
    documents = [document for path in corpus_files() if not (document := read_document(str(path))).problems]
    documents = [document for document in documents if document.root is not None]
    done: Counter[str] = Counter()

    @settings(max_examples=600, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def run(data: st.DataObject) -> None:
        document = data.draw(st.sampled_from(documents))
        change = data.draw(changes(document))
        try:
            check(document, change)
            done[type(change).__name__] += 1
        except CannotEdit:
            done["refused"] += 1

    run()
    with capsys.disabled():
        print(f"\nrandom edits of {len(documents)} real configs, all exact: {dict(sorted(done.items()))}")
    assert done["refused"] < done.total() / 10
