"""Offsets and positions in every unit, and edits as clients make them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("pygls", reason="the extra lsp is not installed")
from advisor.lsp.addresses import path_of, uri_of
from advisor.lsp.buffers import Buffer
from advisor.lsp.cursor import Cursor, cursor_at, keys_beside
from advisor.lsp.positions import UTF8, UTF16, UTF32, Positions, line_starts
from tests.lsp.raw import Raw
from tests.lsp.texts import MISTAKEN

TEXTS = st.text(st.sampled_from("ab:é→𝄞\u2028\u0085\n\r \t"), max_size=60)
ENCODINGS = st.sampled_from([UTF8, UTF16, UTF32])


@given(TEXTS, ENCODINGS, st.data())
def test_an_offset_survives_the_way_there_and_back(text: str, encoding: str, data: st.DataObject) -> None:
    positions = Positions(text, encoding)
    offset = data.draw(st.integers(0, len(text)))
    back = positions.offset(positions.position(offset))
    # Between CR and LF there is no position of its own.
    assert back == offset or text[offset - 1 : offset + 1] == "\r\n"


@given(TEXTS, ENCODINGS, st.data())
def test_an_edit_replaces_just_its_range(text: str, encoding: str, data: st.DataObject) -> None:
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    if "\r\n" in (text[start - 1 : start + 1], text[end - 1 : end + 1]):
        return
    buffer, positions = Buffer("u", 1, text, encoding), Positions(text, encoding)
    buffer.change(2, [{"range": positions.range(start, end), "text": "NEW"}])
    assert buffer.text == text[:start] + "NEW" + text[end:]


@pytest.mark.parametrize(
    ("encoding", "character"), [(UTF8, 5), (UTF16, 3), (UTF32, 2)], ids=["utf-8", "utf-16", "utf-32"]
)
def test_units(encoding: str, character: int) -> None:
    assert Positions("x\n𝄞=1", encoding).position(4) == {"line": 1, "character": character}


def test_a_byte_order_mark_is_a_character_of_the_editor_and_not_of_the_document() -> None:
    positions = Positions("\ufeffab", UTF16)
    assert positions.position(0) == {"line": 0, "character": 1}
    assert positions.offset({"line": 0, "character": 2}) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    assert line_starts(f"a{end}b{end}") == [0, 1 + len(end), 2 + 2 * len(end)]


@pytest.mark.parametrize("path", ["/a/b.yaml", "/with space/ü%20.yaml", "/a:b/#c?.yaml", "/a+b@c"])
def test_paths_and_uris(path: str) -> None:
    assert path_of(uri_of(path)) == path == path_of(Path(path).as_uri())


def test_a_text_that_is_no_file_stands_for_itself() -> None:
    assert path_of("untitled:Untitled-1") == "untitled:Untitled-1"


NEGOTIATED = [([UTF8], UTF8), ([UTF16], UTF16), ([UTF32], UTF32), (None, UTF16)]


@pytest.mark.parametrize(("offered", "agreed"), NEGOTIATED, ids=["utf-8", "utf-16", "utf-32", "not said"])
def test_positions_are_in_the_units_that_were_agreed_on(offered: list[str] | None, agreed: str) -> None:
    text = MISTAKEN.replace("hostname: login", "hostname: 𝄞é").replace("  walltime: ", "  # 𝄞é\n  walltime: ")
    text = text.replace("  extra_args: --max", "  extra_args: --seed '𝄞é' --max")
    client = Raw("--debounce", "0")
    found = client.start({"general": {"positionEncodings": offered}} if offered else {})
    assert found["capabilities"].get("positionEncoding", UTF16) == agreed
    client.open("file:///x/e.yaml", text)
    said = {one["data"]["name"]: one["range"] for one in client.diagnostics("file:///x/e.yaml")}
    client.process.kill()
    at = text.index("--swap-spce")
    assert said["flag-unknown"]["start"] == Positions(text, agreed).position(at)
    line = text[text.rindex("\n", 0, at) + 1 : at]
    assert (
        said["flag-unknown"]["start"]["character"]
        == len(line.encode(f"{agreed}-le" if agreed != UTF8 else agreed)) // ({UTF8: 1, UTF16: 2, UTF32: 4}[agreed])
    )


CURSORS: dict[str, tuple[str, Any]] = {
    "a key": ("deployment:\n  type: vllm\n  po|\n", ("key", ("deployment",), "po")),
    "a value": ("deployment:\n  type: vl|\n", ("value", ("deployment", "type"), "vl")),
    "the top": ("|", ("key", (), "")),
    "an entry": ("defaults:\n  - execution: sl|\n", ("value", ("defaults", 0, "execution"), "sl")),
    "a new entry": ("defaults:\n  - a: b\n  - |", ("key", ("defaults", 1), "")),
    "an entry that is not indented": ("a:\n- b: c\n- |", ("key", ("a", 1), "")),
    "a key of an element": ("a:\n  - b: c\n    |", ("key", ("a", 0), "")),
    "below an element": ("a:\n  - b:\n      c: d\n  - b:\n      e|", ("key", ("a", 1, "b"), "e")),
    "a block text": ("a:\n  b: |-\n    x\n    --y|\n".replace("|-", "\x00-"), ("text", ("a", "b"), "--y")),
    "a text of several lines": ("a:\n  b: x\n    --y |\n", ("text", ("a", "b"), "--y ")),
    "after comments": ("a:\n  # b:\n\n  |", ("key", ("a",), "")),
    "quoted keys": ("'a':\n  \"b\": |", ("value", ("a", "b"), "")),
    "a comment": ("a: b # |", None),
    "lists in lists": ("a:\n  - - b: |", ("value", ("a", 0, 0, "b"), "")),
}


@pytest.mark.parametrize(("text", "expected"), CURSORS.values(), ids=CURSORS)
def test_cursor(text: str, expected: Any) -> None:
    at = text.index("|")
    found = cursor_at((text[:at] + text[at + 1 :]).replace("\x00", "|"), at)
    assert (found and (found.kind, found.path, found.typed)) == expected


def test_keys_beside() -> None:
    text = "a:\n  - x: 1\n    y: 2\n    \n    z:\n      w: 1\n  - v: 3\n"
    at = text.index("    \n") + 4
    assert keys_beside(text, Cursor("key", ("a", 0), "", at)) == {"x", "y", "z"}


@given(st.integers(0, 2**32))
def test_a_cursor_anywhere_in_a_cut_up_text_does_no_harm(seed: int) -> None:
    chance = random.Random(seed)
    lines = MISTAKEN.split("\n")
    text = "\n".join(line[: chance.randint(0, len(line) + 3)] for line in lines if chance.random() < 0.8)
    cursor = cursor_at(text, chance.randint(0, len(text)))
    assert cursor is None or text[cursor.start :].startswith(cursor.typed.split("\n")[0][:1])
