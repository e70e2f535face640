"""A part that parses alone means in the whole what it means alone, whatever is written into it."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor.document.document import Document
from advisor.document.edits import TextEdit, apply_edits
from advisor.document.nodes import Data, Path, plain
from advisor.document.parse import parse_document
from advisor.document.proof import same_data
from advisor.document.section import Section, parsed_alone, sections_around
from tests.document.generated import texts

PIECES = [
    "x", " ", "  ", "\n", "\r\n", "\n  ", "\n    ", ":", ": ", "- ", "\n- ", "\n  - ", "#", " # c", '"', "'", "{", "}",
    "[", "]", ",", "|", ">", "|+\n", ">-\n  ", "&a ", "*a", "!!str ", "? ", "?", "\t", "---\n", "\n---\n", "...\n",
    "\n...\n", "%", "key: 1", "\nkey: 1\n", "key: 1\n", "  key: 1\n", "    key: 1\n", "- 1\n", "  - 1\n", "# c\n",
    "<<: ", "=", "~", "\ufeff", "\x85", "\u2028", "@", "`",
]  # fmt: skip


def whole(text: str) -> Data:
    document = parse_document("a.yaml", text)
    assert not document.problems, document.problems
    assert document.root is not None
    return plain(document.root)


def put(data: Data, path: Path, section: Section, new: Data) -> Data:
    """The data with the section's parts replaced, in the collection at the path."""
    if path:
        part, rest = path[0], path[1:]
        if isinstance(data, dict):
            return {name: put(one, rest, section, new) if name == part else one for name, one in data.items()}
        assert isinstance(data, list)
        return [put(one, rest, section, new) if index == part else one for index, one in enumerate(data)]
    names = section.names
    if isinstance(data, dict):
        assert isinstance(new, dict)
        return {**{name: one for name, one in data.items() if name not in names}, **new}
    assert isinstance(data, list)
    assert isinstance(new, list)
    first = int(names[0])
    return [*data[:first], *new, *data[first + len(names) :]]


def holds(document: Document, edit: TextEdit) -> list[Path]:
    """The paths of the sections that spoke for themselves; each must be right."""
    spoken = []
    for section in reversed(list(sections_around(document, [edit]))):
        alone = parsed_alone(document, section, [edit])
        if alone is not None:
            spoken.append((*section.path, *section.names))
            meant = put(whole(document.text), section.path, section, alone)
            assert same_data(whole(apply_edits(document.text, [edit])), meant), section
    return spoken


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data(), texts())
def test_a_part_alone_means_what_it_means_in_the_whole(data: st.DataObject, text: str) -> None:
    document = parse_document("a.yaml", text)
    if document.problems or not document.text:
        return
    lines = document.line_starts
    places = st.integers(0, len(document.text)) | st.sampled_from(lines)
    start = data.draw(places)
    end = data.draw(st.just(start) | st.integers(start, min(len(document.text), start + 12)) | places)
    new = data.draw(st.lists(st.sampled_from(PIECES), max_size=4).map("".join))
    holds(document, TextEdit(min(start, end), max(start, end), new))


TEXT = "# top\na:\n  b: 1\n  c:\n  - x: 1\n    y: 2\n  # between\n  - z\nd: {e: 1, f: 2}\ng: last\n"


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("b: 1", "b: 2", [("a",), ("a", "b")]),
        ("  b: 1\n", "", [("a",), ("a", "b")]),
        ("b: 1", "h: 1", [("a",), ("a", "b")]),
        ("y: 2", "y: 3", [("a",), ("a", "c"), ("a", "c", 0), ("a", "c", 0, "y")]),
        ("x: 1", "x: 3", [("a",), ("a", "c"), ("a", "c", 0)]),
        ("  - z\n", "", [("a",), ("a", "c"), ("a", "c", 1)]),
        ("d: {", "  - new: 1\nd: {", [("a",), ("a", "c"), ("a", "c", 1)]),
        ("d: {", "  new: 1\nd: {", [("a",), ("a", "c"), ("a",)]),
        ("d: {", "new: 1\nd: {", [("a",), ()]),
        ("f: 2", "f: 3", [("d",)]),
        ("last", "end", [("g",)]),
        ("a:\n", "h:\n", [("a",)]),
    ],
)
def test_which_parts_hold_an_edit(old: str, new: str, parts: list[Path]) -> None:
    document = parse_document("a.yaml", TEXT)
    at = TEXT.index(old)
    same = len(old) if new.endswith(old) else 0
    assert holds(document, TextEdit(at, at + len(old) - same, new[: len(new) - same])) == parts


@pytest.mark.parametrize("text", ["a: &x 1\nb: *x\n", "a: 1 #\tc\n", "a: 1\n...\n"])
def test_a_tangled_text_has_no_parts(text: str) -> None:
    document = parse_document("a.yaml", text)
    at = text.index("1")
    assert document.tangled
    assert not list(sections_around(document, [TextEdit(at, at + 1, "2")]))


@pytest.mark.parametrize("scalar", ["|+\n  text\n\n", "|\n  text\n\n", ">-\n  text\n\n"])
def test_nothing_is_put_alone_behind_lines_that_may_belong_to_a_scalar(scalar: str) -> None:
    text = f"a: {scalar}b: 1\n"
    document = parse_document("a.yaml", text)
    at = text.index("\n\n") + 1
    assert holds(document, TextEdit(at, at, "c: 1\n")) == [("a",)]
