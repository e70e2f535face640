"""A part that parses alone means in the whole what it means alone, whatever is written into it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.document.document import Document
from advisor.document.edits import TextEdit, apply_edits
from advisor.document.nodes import Data, plain
from advisor.document.parse import parse_document
from advisor.document.proof import same_data
from advisor.document.section import parsed_alone, sections_around
from tests.document.generated import texts

PIECES = [
    "x", " ", "  ", "\n", "\r\n", "\n  ", "\n    ", ":", ": ", "- ", "\n- ", "\n  - ", "#", " # c", '"', "'", "{", "}",
    "[", "]", ",", "|", ">", "|+\n", ">-\n  ", "&a ", "*a", "!!str ", "? ", "?", "\t", "---\n", "\n---\n", "...\n",
    "\n...\n", "%", "key: 1", "\nkey: 1\n", "<<: ", "=", "~", "\ufeff", "\x85", "\u2028", "@", "`",
]  # fmt: skip


def whole(text: str) -> Data:
    document = parse_document("a.yaml", text)
    assert not document.problems, document.problems
    assert document.root is not None
    return plain(document.root)


def put(data: Data, path: tuple[str | int, ...], value: Data) -> Data:
    if not path:
        return value
    part, rest = path[0], path[1:]
    if isinstance(data, dict):
        return {name: put(one, rest, value) if name == part else one for name, one in data.items()}
    assert isinstance(data, list)
    return [put(one, rest, value) if index == part else one for index, one in enumerate(data)]


def holds(document: Document, edit: TextEdit) -> int:
    """How many parts spoke for themselves; each must be right."""
    spoken = 0
    for section in sections_around(document, [edit]):
        alone = parsed_alone(document, section, [edit])
        if alone is not None:
            spoken += 1
            meant = put(whole(document.text), section.path, plain(alone))
            assert same_data(whole(apply_edits(document.text, [edit])), meant)
    return spoken


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data(), texts())
def test_a_part_alone_means_what_it_means_in_the_whole(data: st.DataObject, text: str) -> None:
    document = parse_document("a.yaml", text)
    if document.problems or not document.text:
        return
    start = data.draw(st.integers(0, len(document.text)))
    end = data.draw(st.integers(start, min(len(document.text), start + 12)))
    new = data.draw(st.lists(st.sampled_from(PIECES), max_size=4).map("".join))
    holds(document, TextEdit(start, end, new))


TEXT = "# top\na:\n  b: 1\n  c:\n  - x: 1\n    y: 2\n  # between\n  - z\nd: {e: 1, f: 2}\ng: last"


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("b: 1", "b: 2", [("a",), ("a", "b")]),
        ("y: 2", "y: 3", [("a",), ("a", "c"), ("a", "c", 0), ("a", "c", 0, "y")]),
        ("x: 1", "x: 3", [("a",), ("a", "c"), ("a", "c", 0)]),
        ("# between", "w: 1", []),
        ("f: 2", "f: 3", [("d",)]),
        ("last", "end", [("g",)]),
        ("a:", "h:", []),
    ],
)
def test_which_parts_hold_an_edit(old: str, new: str, parts: list[tuple[str | int, ...]]) -> None:
    document = parse_document("a.yaml", TEXT)
    at = TEXT.index(old)
    common = next(i for i, (one, other) in enumerate(zip(old, new, strict=False)) if one != other)
    edit = TextEdit(at + common, at + len(old), new[common:])
    found = [one.path for one in sections_around(document, [edit]) if parsed_alone(document, one, [edit]) is not None]
    assert found == parts
    assert holds(document, edit) == len(parts)


@pytest.mark.parametrize("text", ["a: &x 1\nb: *x\n", "a: 1 #\tc\n", "a: 1\n...\n"])
def test_a_tangled_text_has_no_parts(text: str) -> None:
    document = parse_document("a.yaml", text)
    at = text.index("1")
    assert document.tangled
    assert sections_around(document, [TextEdit(at, at + 1, "2")]) == []
