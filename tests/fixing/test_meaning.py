"""What a rule's edits mean: blocks that join others, and values that are merged."""

from __future__ import annotations

import pytest

from advisor.document.edits import CannotEdit
from advisor.document.nodes import Data, plain
from advisor.document.parse import parse_document
from advisor.document.proof import prove
from advisor.engine.findings import Edit, Fix
from advisor.fixing.meaning import changes_of


def edited(text: str, *edits: Edit) -> str:
    document = parse_document("eval.yaml", text)
    return prove(document, changes_of(document, Fix("", "auto", edits))).document.text


def data(text: str) -> Data:
    root = parse_document("eval.yaml", text).root
    return plain(root) if root is not None else None


MOVE = Edit("move", ("old", "env"), "env")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("old:\n  env:\n    A: 1  # why\n", "env:\n  A: 1  # why\n"),
        ("old:\n  env:\n    A: 1  # why\nenv:\n  B: 2\n", "env:\n  B: 2\n  A: 1  # why\n"),
        ("old:\n  env:\n    A: 1\n  else: 3\nenv: {}\n", "old:\n  else: 3\nenv: {A: 1}\n"),
        ("old:\n  env:\n    A: 1\nenv:\n", "env:\n  A: 1\n"),
        ("old:\n  env: {}\nenv:\n  B: 2\n", "env:\n  B: 2\n"),
        ("old:\n  env:\n    m: {A: 1}\nenv:\n  m: {B: 2}\n", "env:\n  m: {B: 2, A: 1}\n"),
    ],
)
def test_a_moved_block_joins_the_one_that_is_there(text: str, expected: str) -> None:
    assert data(edited(text, MOVE)) == data(expected)
    assert text.count("# why") == edited(text, MOVE).count("# why")


@pytest.mark.parametrize("there", ["env: {A: 2}", "env: text", "env: [1]", "env: {A: {b: 1}}"])
def test_nothing_that_is_there_is_overwritten_by_a_move(there: str) -> None:
    with pytest.raises(CannotEdit):
        edited(f"old:\n  env:\n    A: 1\n{there}\n", MOVE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b: 1\n", "b: 1\nto: {p: {x: 1, y: 2}}\n"),
        ("to:\n  p:\n    x: 5  # why\n    z: 3\n", "to:\n  p:\n    x: 1  # why\n    z: 3\n    y: 2\n"),
        ("to:\n", "to: {p: {x: 1, y: 2}}\n"),
        ("to: {p: text}\n", "to: {p: {x: 1, y: 2}}\n"),
    ],
)
def test_merged_values_are_set_beside_the_others(text: str, expected: str) -> None:
    merged = edited(text, Edit("merge", ("to",), {"p": {"x": 1, "y": 2}}))
    assert data(merged) == data(expected)
    assert text.count("# why") == merged.count("# why")
