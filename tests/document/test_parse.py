"""Text to tree: values as NEL's loader has them, exact spans, and problems in place of exceptions."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omegaconf._utils import get_yaml_loader

from advisor.document.nodes import Mapping, Node, Scalar, Sequence, Span, plain
from advisor.document.parse import MAX_DEPTH, parse_document
from advisor.document.reading import MAX_BYTES, decode_document, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from advisor.document.document import Document

LOADER = get_yaml_loader()


def kinds(document: Document) -> list[str]:
    return [problem.kind for problem in document.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("k: yes", True),
        ("k: Off", False),
        ("k: 'yes'", "yes"),
        ("k: y", "y"),
        ("k:", None),
        ("k: ~", None),
        ("k: 12:00:00", 43200),
        ("k: 04:00:00", "04:00:00"),
        ("k: 12:90:00", "12:90:00"),
        ("k: 1-00:00:00", "1-00:00:00"),
        ("k: 017", 15),
        ("k: 0o17", "0o17"),
        ("k: 0x1F", 31),
        ("k: 1_000", 1000),
        ("k: 1e4", 10000.0),
        ("k: .5", 0.5),
        ("k: 2001-01-01", "2001-01-01"),
        ("k: ???", "???"),
        ("k: {a: '???'}", {"a": "???"}),
        ('k: !!int "12"', 12),
        ("k: !!str 12", "12"),
        ('k: ! "12"', 12),
        ("k: !!null x", None),
        ("k: |\n  a\n  b\n", "a\nb\n"),
        ("k: >-\n  a\n  b\n\n  c\n", "a b\nc"),
        ("k: a\n  b\n", "a b"),
        ('k: "a \\\n  b\\n"', "a b\n"),
        ("k: 'it''s'", "it's"),
        ("k: |\n    \ta\n", "\ta\n"),
        ("k: é😀", "é😀"),
        ("k: [a, {b: c}]", ["a", {"b": "c"}]),
        ("k: {<<: {a: 1, b: 1}, b: 2}", {"a": 1, "b": 2}),
        ("k: {<<: [{a: 1}, {a: 2, b: 2}]}", {"a": 1, "b": 2}),
        ("k: {1: a, 1: b}", {"1": "b"}),
    ],
)
def test_a_value_is_what_nel_reads(text: str, value: object) -> None:
    document = parse_document("t.yaml", text)
    assert document.problems == ()
    assert document.root is not None
    assert plain(document.root) == {"k": value}


@pytest.mark.parametrize(
    ("text", "kind", "at"),
    [
        ("a: 1\n\tb: 2\n", "syntax", "\t"),
        ("a: b: c\n", "syntax", ":"),
        ("a: {b: ???}\n", "syntax", "?"),
        ("a: {b: x?y}\n", "syntax", "?"),
        ("a: *nope\n", "syntax", "*nope"),
        ("a: &x 1\nb: &x 2\n", "syntax", "&x 2"),
        ("? [a]\n: b\n", "syntax", "[a]"),
        ("~: 1\n", "syntax", "~"),
        ("a: =\n", "syntax", "="),
        ("a: [<<]\n", "syntax", "<<"),
        ("<<: 1\n", "syntax", "1"),
        ("a: !foo 1\n", "tag", "!foo 1"),
        ("a: !!python/name:os.system x\n", "tag", "!!python/name:os.system x"),
        ("a: !!set {b}\n", "tag", "!"),
        ("a: !!int b\n", "tag", "!!int b"),
        ("a: 1\n---\nb: 2\n", "several-documents", "---"),
        ("a: &a [*a]\n", "recursive-alias", "*a"),
        ("a: &a {b: *a}\n", "recursive-alias", "*a"),
        ("a: b\x07\n", "unprintable", "\x07"),
        ("a: b\x9fc\n", "unprintable", "\x9f"),
        ("a: \ud800\n", "unprintable", "\ud800"),
        ("a: 1\n'a': 2\n", "duplicate-key", "'a'"),
        ("k: {a: 1, a: 2}\n", "duplicate-key", "a"),
    ],
)
def test_what_nel_refuses_is_a_problem_with_its_place(text: str, kind: str, at: str) -> None:
    document = parse_document("t.yaml", text)
    assert kinds(document) == [kind]
    span = document.problems[0].span
    assert document.text[span.start : span.end] == at


def test_a_duplicate_knows_the_first_and_the_last_wins() -> None:
    document = parse_document("t.yaml", "a: 1\nb: 0\na: 2\na: 3\n")
    assert [(p.span.start, p.other.start if p.other else None) for p in document.problems] == [(10, 0), (15, 10)]
    assert document.root is not None
    assert plain(document.root) == {"b": 0, "a": 3}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "---\n...\n"])
def test_an_empty_text_has_no_values(text: str) -> None:
    document = parse_document("t.yaml", text)
    assert document.problems == ()
    assert document.root is None or plain(document.root) is None


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_lines_and_columns_count_code_points_without_the_byte_order_mark(newline: str, bom: str) -> None:
    document = parse_document("t.yaml", bom + newline.join(["# é😀", "k: {é😀: x}", ""]))
    assert document.bom == bool(bom)
    node = document.at(("k", "é😀"))
    assert node is not None
    assert document.text[node.span.start : node.span.end] == "x"
    position = document.position(node.span.start)
    assert (position.line, position.column) == (2, 9)
    assert document.line(2) == "k: {é😀: x}"


def test_an_alias_stands_where_it_is_written() -> None:
    text = "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n"
    document = parse_document("t.yaml", text)
    root = document.root
    assert isinstance(root, Mapping)
    alias = root.entries["c"].alias
    assert alias is not None
    assert text[alias.start : alias.end] == "*x"
    merged = root.entries["d"].value
    assert isinstance(merged, Mapping)
    assert merged.entries["b"].merged
    assert merged.entries["b"].alias == Span(28, 30)


# Small data that people write, as YAML writers write it in any of their styles.
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False) | TEXTS
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)


@given(
    data=st.dictionaries(TEXTS, DATA, min_size=1, max_size=4),
    flow=st.sampled_from([None, True, False]),
    style=st.sampled_from([None, "'", '"', "|", ">"]),
    width=st.sampled_from([10, 80]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_values_and_spans_of_written_data(data: Any, flow: Any, style: Any, width: int, newline: Any) -> None:
    text = yaml.safe_dump(
        data, default_flow_style=flow, default_style=style, width=width, allow_unicode=True, line_break=newline
    )
    document = parse_document("t.yaml", text)
    assert document.problems == ()
    assert document.root is not None
    loaded = yaml.load(text, Loader=LOADER)
    if all(isinstance(key, str) for key in keys_of(loaded)):
        assert comparable(plain(document.root)) == comparable(loaded)
    for node in nodes(document.root):
        source = document.text[node.span.start : node.span.end]
        if isinstance(node, Scalar) and node.style not in ("|", ">") and source:
            again = parse_document("t.yaml", f"- {source}")
            assert again.problems == ()
            assert again.root is not None
            assert plain(again.root) == [node.value]


def nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            yield entry.key
            yield from nodes(entry.value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from nodes(item.value)


def comparable(value: Any) -> Any:
    """Tuples as lists, and a NaN that equals itself."""
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [comparable(item) for item in value]
    return "nan" if value != value else value


# Pieces of YAML put together at random: mostly nonsense, which both must refuse.
PIECES = [
    "a", "b: ", "c:\n  ", "- ", "\n", "  ", "{", "}", "[", "]", ",", "'", '"', "1", "12:00", "017", "yes", "~", "??",
    "? ", "???", "a?b", "http://x?y=1", ":", "::", ": ", "#", " # c\n", "|\n", ">-\n", "&a ", "*a", "<<: *a", "!",
    "!!str ", "!!int ", "! ", "!!bool ", "\t", "---\n", "...\n", "%", "@", "`", "\r\n",
    "\x85", "\u2028", "é", "${x}", ".inf", "-1", "0x1F", "'it''s'",
    "\x7f", "\\", "k: v\n", "k2: {a: 1, b: [x, y]}\n",
]  # fmt: skip
# Where the loader alone takes what NEL refuses a step later, or a value that we do not read.
LENIENT = ("a key cannot be null",)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
@example("|\n    \t-1")
@example("{a: x?y}")
@example("&a x: 1\n&a y: 2")
def test_what_the_loader_takes_is_taken(text: str) -> None:
    document = parse_document("t.yaml", text)
    try:
        loaded = yaml.load(text, Loader=LOADER)
    except (yaml.YAMLError, ValueError, KeyError, IndexError, RecursionError):
        assert document.problems
        return
    if any(problem.message in LENIENT for problem in document.problems):
        return
    if "<<: *a" in text and [problem.kind for problem in document.problems] == ["recursive-alias"]:
        return  # a mapping merged into itself: the loader takes it as if nothing were merged, we refuse to guess
    assert document.problems == ()
    ours = plain(document.root) if document.root is not None else None
    if all(isinstance(key, str) for key in keys_of(loaded)):
        assert comparable(ours) == comparable(loaded)


def keys_of(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from keys_of(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from keys_of(item)


@given(st.text())
@example("\ufeff\ufeff")
@example("\ud800")
@example("a: !!python/object/apply:os.system [x]")
@example("%YAML 9.9\n---\na: 1\n")
def test_no_text_raises_and_every_problem_has_a_place(text: str) -> None:
    document = parse_document("t.yaml", text)
    for problem in document.problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(document.text)
        assert document.position(problem.span.start).line >= 1


@given(st.binary())
def test_no_bytes_raise(data: bytes) -> None:
    document = decode_document("t.yaml", data)
    assert document.path == "t.yaml"
    assert all(problem.message for problem in document.problems)


@pytest.mark.parametrize(
    "text", ["[" * 10_000, "{a: " * 10_000, "- " * 10_000, "a:\n" + "".join(" " * n + "b:\n" for n in range(1, 400))]
)
def test_deep_nesting_is_a_problem(text: str) -> None:
    assert kinds(parse_document("t.yaml", text)) == ["too-deep"]


def test_a_depth_that_nel_takes_is_taken() -> None:
    levels = MAX_DEPTH - 1
    assert parse_document("t.yaml", f"a: {'[' * levels}{']' * levels}").problems == ()


def test_a_bomb_of_aliases_is_a_problem() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert kinds(parse_document("t.yaml", "\n".join(lines))) == ["too-many-nodes"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"a: \xff\n", "encoding"),
        (b"a: b\0\n", "binary"),
        (b"\x7fELF\x02\x01\x01\0", "binary"),
        ("a: 1\n".encode("utf-16"), "binary"),
        (b"x" * (MAX_BYTES + 1), "too-large"),
    ],
)
def test_bytes_that_are_no_config(data: bytes, kind: str) -> None:
    assert kinds(decode_document("t.yaml", data)) == [kind]


def test_a_bad_byte_is_found_after_a_byte_order_mark() -> None:
    document = decode_document("t.yaml", b"\xef\xbb\xbfa: \xc3\xa9\n  \xff\n")
    assert document.problems[0].span.start == len("a: é\n  ")


def test_a_file_of_50_mb_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert kinds(read_document(str(path))) == ["too-large"]


def test_what_is_no_file_is_unreadable(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe.yaml"
    os.mkfifo(fifo)
    for path in (tmp_path, tmp_path / "absent.yaml", fifo):
        assert kinds(read_document(str(path))) == ["unreadable"]


@pytest.mark.parametrize(
    "text", ["a: [1\nb: 2\n", "a: 1\n\tb: 2\n", "a: &x 1\nb: *y\n", "--- 1\n--- 2\n", "a: {b: ???}\n"]
)
def test_a_text_leaves_nothing_to_the_garbage_collector(text: str) -> None:
    """An editor's process collects seldom: what a text that does not parse left in a circle would pile up."""
    parse_document("x.yaml", text)
    gc.collect()
    gc.disable()
    try:
        parse_document("x.yaml", text)
        assert gc.collect() == 0
    finally:
        gc.enable()
