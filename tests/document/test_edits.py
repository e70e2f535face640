"""Edits of a text: where they go, and what they leave alone."""

from __future__ import annotations

import pytest

from advisor.document.changes import Append, Change, Delete, Move, Quote, Rename, Set, Splice
from advisor.document.edits import CannotEdit, TextEdit, apply_edits, edits_between
from advisor.document.nodes import Path
from advisor.document.parse import parse_document
from advisor.document.proof import prove


def edited(text: str, *changes: Change) -> str:
    document = parse_document("eval.yaml", text)
    assert document.problems == ()
    proven = prove(document, changes)
    assert apply_edits(text, proven.edits) == proven.document.text
    return proven.document.text


def p(dotted: str) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in dotted.split("."))


CASES: dict[str, tuple[str, Change, str]] = {
    # set
    "a plain scalar keeps its comment": ("a: 1  # one\nb: 2\n", Set(p("a"), 3), "a: 3  # one\nb: 2\n"),
    "single quotes stay": ("a: 'x'\n", Set(p("a"), "it's"), "a: 'it''s'\n"),
    "double quotes stay": ('a: "x"\n', Set(p("a"), 'say "y"'), 'a: "say \\"y\\""\n'),
    "a string that looks like a number is quoted": ("a: x\n", Set(p("a"), "12:00:00"), 'a: "12:00:00"\n'),
    "null where nothing was written": ("a:\nb: 2\n", Set(p("a"), 1), "a: 1\nb: 2\n"),
    "an anchor stays": ("a: &n x\nb: y\n", Set(p("a"), "z"), "a: &n z\nb: y\n"),
    "a list becomes a string": ("a:\n  - x\n  - y\nb: 2\n", Set(p("a"), "x y"), "a: x y\nb: 2\n"),
    "an element of a list": (
        "a:\n  - name: x\n    b: 1\n  - y\n", Set(p("a.0"), {"name": "z"}), "a:\n  - name: z\n  - y\n",
    ),
    "an alias is replaced alone": ("a: &n x\nb: *n\n", Set(p("b"), "z"), "a: &n x\nb: z\n"),
    # insert
    "after its siblings": ("a:\n  b: 1 # b\n\nc: 2\n", Set(p("a.d"), True), "a:\n  b: 1 # b\n  d: true\n\nc: 2\n"),
    "with its parents": ("a:\n    b: 1\n", Set(p("x.y.z"), "v"), "a:\n    b: 1\nx:\n    y:\n        z: v\n"),
    "below an empty key": ("a:\n  b:\nc: 1\n", Set(p("a.b.d"), 1), "a:\n  b:\n    d: 1\nc: 1\n"),
    "into a flow mapping": ("a: {b: 1}\n", Set(p("a.c"), "x, y"), 'a: {b: 1, c: "x, y"}\n'),
    "into an empty flow mapping": ("a: {}\n", Set(p("a.c.d"), 1), "a: {c: {d: 1}}\n"),
    "where there is no last line end": ("a: 1", Set(p("b"), 2), "a: 1\nb: 2"),
    "with the file's line ends": ("a: 1\r\n", Set(p("b.c"), 2), "a: 1\r\nb:\r\n  c: 2\r\n"),
    "into an empty file": ("", Set(p("a.b"), 1), "a:\n  b: 1\n"),
    "the comment behind a key stays": (
        "a:  # why\n  - n: x\nb: 2\n",
        Set(p("a"), {"t": [{"n": "x"}]}),
        "a:  # why\n  t:\n    - n: x\nb: 2\n",
    ),
    "into a file of comments": ("# only this\n", Set(p("a"), 1), "# only this\na: 1\n"),
    "defaults come first": ("# head\n\na: 1\n", Set(("defaults",), ["_self_"]), "# head\n\ndefaults: [_self_]\na: 1\n"),
    "behind a block scalar": ("a:\n  b: |\n    x\n\nc: 1\n", Set(p("a.d"), 1), "a:\n  b: |\n    x\n  d: 1\n\nc: 1\n"),
    "over a merged key": (
        "m: &m {x: 1}\na:\n  <<: *m\n  y: 2\n", Set(p("a.x"), 3), "m: &m {x: 1}\na:\n  <<: *m\n  y: 2\n  x: 3\n",
    ),
    # delete
    "with the comment on its line": ("a: 1\nb: 2  # gone\nc: 3\n", Delete(p("b")), "a: 1\nc: 3\n"),
    "with the comment above": ("a: 1\n# of b\nb: 2\n# of c\nc: 3\n", Delete(p("b")), "a: 1\n# of c\nc: 3\n"),
    "the comment above the first stays": ("# of all\na: 1\nb: 2\n", Delete(p("a")), "# of all\nb: 2\n"),
    "a block": ("a:\n  b:\n    c: 1\n    d: |\n      x\n  e: 2\n", Delete(p("a.b")), "a:\n  e: 2\n"),
    "the only key": ("a:\n  b: 1\nc: 2\n", Delete(p("a.b")), "a: {}\nc: 2\n"),
    "the last key of a file": ("a: 1\nb: 2", Delete(p("b")), "a: 1"),
    "the key behind the dash": ("a:\n  - b: 1 # x\n    c: 2\n", Delete(p("a.0.b")), "a:\n  - c: 2\n"),
    "an element": ("a:\n- x\n- y\n- z\n", Delete(p("a.1")), "a:\n- x\n- z\n"),
    "an element in flow": ("a: [x, y, z]\n", Delete(p("a.2")), "a: [x, y]\n"),
    "the only element in flow": ("a: [ x ]\n", Delete(p("a.0")), "a: [  ]\n"),
    "a key in flow": ("a: {x: 1, y: 2}\n", Delete(p("a.x")), "a: {y: 2}\n"),
    # rename
    "a key": ("a:\n  b: 1 # c\n", Rename(p("a.b"), "d"), "a:\n  d: 1 # c\n"),
    "a quoted key": ("'a': 1\n", Rename(p("a"), "b"), "'b': 1\n"),
    # move
    "to a sibling's place": (
        "t:\n  e: 2\n  # why\n  c: {x: 1}  # y\n", Move(p("t.c"), p("t.a.c")),
        "t:\n  e: 2\n  a:\n    # why\n    c: {x: 1}  # y\n",
    ),
    "the last key of the file": (
        "a:\n  b: 1\nc:\n  d: |\n    x\n\n    y\n", Move(p("c"), p("a.c")),
        "a:\n  b: 1\n  c:\n    d: |\n      x\n\n      y\n",
    ),
    "to another name beside": (
        "t:\n  # why\n  e: 2  # first\n  # more\n  c: 3\n", Move(p("t.e"), p("t.f")),
        "t:\n  # why\n  f: 2  # first\n  # more\n  c: 3\n",
    ),
    "to another name in flow": ("a: {b: 1, c: 2} # x\n", Move(p("a.b"), p("a.d")), "a: {d: 1, c: 2} # x\n"),
    "under its own name": ("a:\n  b: 1\n", Move(p("a"), p("a.a")), "a:\n  a:\n    b: 1\n"),
    "out of flow": ("a: {b: 1, c: [2]}\n", Move(p("a.c"), p("d.e")), "a: {b: 1}\nd:\n  e: [2]\n"),
    # quote, append, splice
    "base sixty": ("a: 12:00:00 # h\n", Quote(p("a")), 'a: "12:00:00" # h\n'),
    "to a block list": (
        "a:\n  - x\n  # tail\nb: 1\n", Append(p("a"), {"n": 1, "m": 2}),
        "a:\n  - x\n  - n: 1\n    m: 2\n  # tail\nb: 1\n",
    ),
    "to a flow list": ("a: [x] # c\n", Append(p("a"), "y"), "a: [x, y] # c\n"),
    "to an empty list": ("a: []\n", Append(p("a"), "y"), "a: [y]\n"),
    "to no list yet": ("a: 1\n", Append(p("b"), "y"), "a: 1\nb: [y]\n"),
    "in a plain scalar": ("a: one two three\n", Splice(p("a"), 4, 7, "2"), "a: one 2 three\n"),
    "in a single-quoted one": ("a: 'it''s two'\n", Splice(p("a"), 5, 8, "2'"), "a: 'it''s 2'''\n"),
    "in a double-quoted one": ('a: "x\\ty two"\n', Splice(p("a"), 4, 7, '"2"'), 'a: "x\\ty \\"2\\""\n'),
    "in a folded one": ("a: >-\n  one\n  two\n  three\n", Splice(p("a"), 3, 7, ""), "a: >-\n  one\n  three\n"),
    "in a literal one": (
        "a: |\n  one \\\n    two\n", Splice(p("a"), 11, 11, " --x 1"), "a: |\n  one \\\n    two --x 1\n",
    ),
    "what plain text cannot hold is quoted": ("a: one two\n", Splice(p("a"), 3, 4, ": "), 'a: "one: two"\n'),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_edit_changes_what_it_must(name: str) -> None:
    text, change, expected = CASES[name]
    assert edited(text, change) == expected


REFUSED: dict[str, tuple[str, Change]] = {
    "what is not there": ("a: 1\n", Delete(p("b"))),
    "a rename onto another key": ("a: 1\nb: 2\n", Rename(p("a"), "b")),
    "a move onto another key": ("a: {b: 1}\nb: 2\n", Move(p("b"), p("a.b"))),
    "a move onto another key beside": ("a: 1\nb: 2\n", Move(p("b"), p("a"))),
    "a move below a scalar": ("a: 1\nb: 2\n", Move(p("b"), p("a.b"))),
    "an element of no list": ("a: 1\n", Append(p("a"), 1)),
    "a comment that would be lost below one that would stay": (
        "a:  # why\n  - n: x  # and this\n  - n: y\n",
        Set(p("a"), {"t": [{"n": "x"}]}),
    ),
    "a comment that would be lost": ("a:\n  b: 1  # why\n  c: 2\n", Set(p("a"), "x")),
    "an anchor that others name": ("a: &n {x: 1}\nb: *n\n", Delete(p("a"))),
    "a merged key that cannot be taken away": ("m: &m {x: 1}\na:\n  <<: *m\n", Delete(p("a.x"))),
    "a missing element": ("a: [1]\n", Set(p("a.3.b"), 1)),
    "a file with problems": ("a: 1\na: 2\n", Set(p("a"), 3)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_change_that_cannot_be_proven_is_refused(name: str) -> None:
    text, change = REFUSED[name]
    with pytest.raises(CannotEdit):
        prove(parse_document("eval.yaml", text), [change])


SHARED = "a: &n\n  x: 1\nb: *n\nc:\n  - *n\n"


@pytest.mark.parametrize(
    ("text", "change", "elsewhere", "expected"),
    [
        (SHARED, Set(p("a.x"), 2), {p("b.x"), p("c.0.x")}, SHARED.replace("x: 1", "x: 2")),
        (SHARED, Set(p("c.0.x"), 2), {p("a.x"), p("b.x")}, SHARED.replace("x: 1", "x: 2")),
        (SHARED, Rename(p("b.x"), "y"), {p("a.y"), p("c.0.y")}, SHARED.replace("x: 1", "y: 1")),
        (SHARED, Set(p("a.y"), 2), {p("b.y"), p("c.0.y")}, SHARED.replace("x: 1\n", "x: 1\n  y: 2\n")),
        ("a: &n 1\nb: *n\n", Set(p("a"), 2), {p("b")}, "a: &n 2\nb: *n\n"),
        ("m: &m {x: 1}\na: {<<: *m}\n", Set(p("m.x"), 2), {p("a.x")}, "m: &m {x: 2}\na: {<<: *m}\n"),
        ("a: &n 1\nb: 2\n", Set(p("a"), 2), set(), "a: &n 2\nb: 2\n"),
    ],
)
def test_what_shows_in_other_places_says_so(text: str, change: Change, elsewhere: set[Path], expected: str) -> None:
    proven = prove(parse_document("eval.yaml", text), [change])
    assert proven.document.text == expected
    if isinstance(change, Rename):
        elsewhere = {(*path[:-1], "x") for path in elsewhere}
    assert set(proven.elsewhere) == elsewhere


def test_several_changes_are_one_edit_of_the_old_text() -> None:
    text = "a: 1  # a\nb: {c: 2}\nd:\n  - x\n"
    assert edited(text, Set(p("b.e"), 3), Delete(p("a")), Append(p("d"), "y")) == "b: {c: 2, e: 3}\nd:\n  - x\n  - y\n"


def test_overlapping_edits_are_refused() -> None:
    with pytest.raises(CannotEdit):
        apply_edits("abcdef", [TextEdit(0, 3, "x"), TextEdit(2, 4, "y")])


@pytest.mark.parametrize(
    ("old", "new"),
    [("", "a\n"), ("a\n", ""), ("a\nb\nc\n", "a\nx\nc\n"), ("a\nb\n", "b\na\n"), ("a", "a\nb"), ("", "")],
)
def test_edits_between_two_texts_lead_from_one_to_the_other(old: str, new: str) -> None:
    assert apply_edits(old, edits_between(old, new)) == new


@pytest.mark.parametrize("text", ["a: &n 1\nb: *n\n", "a: 1 #\tc\n", "a: 1\n...\n"])
def test_what_is_tangled_stays_so(text: str) -> None:
    document = parse_document("a.yaml", text)
    assert prove(document, [Set(p("a"), 2)]).document.tangled


def test_a_mapping_that_is_emptied_and_filled_again_keeps_its_place() -> None:
    document = parse_document("a.yaml", "a:\n  b: 1\nc: 2\n")
    proven = prove(document, [Set(p("a.d"), 3), Delete(p("a.b"))])
    assert proven.document.text == "a:\n  d: 3\nc: 2\n"
