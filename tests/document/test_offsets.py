"""Every character of a scalar leads back to the source that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from advisor.document.nodes import Scalar
from advisor.document.offsets import offsets
from advisor.document.parse import parse_document

if TYPE_CHECKING:
    from advisor.document.document import Document

BREAKS = "\n\r\x85\u2028\u2029"


def scalar_of(text: str) -> tuple[Document, Scalar]:
    document = parse_document("t.yaml", text)
    assert document.root is not None, document.problems
    node = document.at(("k",))
    assert isinstance(node, Scalar)
    return document, node


@pytest.mark.parametrize(
    ("text", "piece", "source"),
    [
        ("k: a --tp 8\n", "--tp", "--tp"),
        ("k: a\n  --tp\n  8\nz: 1\n", "--tp 8", "--tp\n  8"),
        ("k: 'it''s --tp 8'\n", "--tp", "--tp"),
        ("k: 'it''s'\n", "'s", "''s"),
        ('k: "a\\t\\"x\\" --tp 8"\n', "--tp", "--tp"),
        ('k: "\\u00e9\\x41 --tp"\n', "éA", "\\u00e9\\x41"),
        ('k: "a \\\n    --tp 8"\n', "--tp", "--tp"),
        ("k: |\n  a\n  --tp 8\n", "--tp 8\n", "--tp 8\n"),
        ("k: |2-\n    a\n   --tp 8\n\n", " --tp 8", " --tp 8"),
        ("k: >-\n  vllm serve\n  --tp 8\n  --port 1\nz: 2\n", "serve --tp", "serve\n  --tp"),
        ("k: >-  # why\r\n  vllm serve\r\n  --tp 8\r\n", "--tp 8", "--tp 8"),
        ("k: >+\n  a\n\n  b\n\n\nz: 1\n", "b\n\n\n", "b\n\n\n"),
        ("k: &anchor !!str |\n  a --tp\n", "--tp", "--tp"),
        ("k: !<tag:yaml.org,2002:str> 'a b'\n", "b", "b"),
        ("\ufeffk: é 日本 --tp\n", "--tp", "--tp"),
        ("{k: a --tp, z: 1}", "--tp", "--tp"),
    ],
)
def test_piece_of_a_scalar_leads_to_its_source(text: str, piece: str, source: str) -> None:
    document, scalar = scalar_of(text)
    start = scalar.text.index(piece)
    span = offsets(document.text, scalar).span(start, start + len(piece))
    assert document.text[span.start : span.end] == source


@pytest.mark.parametrize(("text", "at"), [("k:\n", 2), ("k: ''\n", 4), ('k: ""\n', 4), ("k: |\n\n", 3)])
def test_empty_scalar_has_a_place(text: str, at: int) -> None:
    document, scalar = scalar_of(text)
    found = offsets(document.text, scalar)
    assert found.exact
    assert found.span(0, 0).start == at


CONTENT = st.text(st.sampled_from("ab-=\\'\"#:{}$ \t\né日\u2028\x85\r") | st.characters(codec="utf-8"), max_size=40)
LINES = st.text(st.sampled_from("ab-'\\\"nt \t\n\r"), max_size=40)


@given(CONTENT, st.sampled_from([None, "'", '"', "|", ">"]), st.integers(10, 60), st.sampled_from(["\n", "\r\n"]))
@example("a  b\n\n c\n", ">", 10, "\n")
def test_emitted_scalars_are_followed(content: str, style: str | None, width: int, line_break: str) -> None:
    text = yaml.dump({"k": content}, default_style=style, width=width, allow_unicode=True, line_break=line_break)
    follow(text)


@given(
    LINES,
    st.sampled_from(["k: {}", "k: '{}'", 'k: "{}"', "k: |{}\n  {}", "k: >{}\n  {}", "- k: >{}\n    {}"]),
    st.sampled_from(["", "-", "+", "1", "2", "2-", "+2", "- # c"]),
    st.sampled_from(["\n", "\n  ", "\n    ", "\r\n  "]),
)
@example("a\n\n b\n\nc", "k: >{}\n  {}", "+", "\n  ")
def test_written_scalars_are_followed(lines: str, form: str, header: str, newline: str) -> None:
    body = lines.replace("\n", newline)
    text = form.format(header, body) if form.count("{}") == 2 else form.format(body)
    follow(text + "\n")


def follow(text: str) -> None:
    document = parse_document("t.yaml", text)
    node = document.at(("k",)) or document.at((0, "k"))
    assume(isinstance(node, Scalar))
    assert isinstance(node, Scalar)
    found = offsets(document.text, node)
    assert found.exact
    assert len(found.starts) == len(found.ends) == len(node.text)
    assert list(found.starts) == sorted(set(found.starts))
    previous = node.span.start
    for char, start, end in zip(node.text, found.starts, found.ends, strict=True):
        source = document.text[start:end]
        assert previous <= start < end
        previous = end
        if source == char:
            continue
        if char in BREAKS or (char == " " and source[0] != "\\"):
            assert source.strip(" \t" + BREAKS) == "" or source[0] == "\\"
        else:
            assert (node.style == '"' and source[0] == "\\") or (node.style == "'" and source == "''")
    assert found.span(0, len(node.text)).end <= len(document.text)
