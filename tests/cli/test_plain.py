"""A call that needs no parser of options means what the parser makes of it."""

from __future__ import annotations

import click
from hypothesis import given
from hypothesis import strategies as st

from advisor.__main__ import _plain
from advisor.cli.advise import command
from advisor.cli.advising import Options

WORDS = [
    "a.yaml", "-", ".", "", "--format", "--format=json", "--format=text", "--format=xml", "json", "text", "--jobs",
    "--jobs=2", "--jobs=0", "2", "64", "65", "-j", "-j2", "--", "--fix", "--form", "--format=", "--color=never",
]  # fmt: skip


def by_click(words: list[str]) -> Options | None:
    try:
        return Options(**command.make_context("advise", list(words)).params)
    except (click.ClickException, click.exceptions.Exit):
        return None


@given(st.lists(st.sampled_from(WORDS), max_size=5))
def test_both_read_the_same(words: list[str]) -> None:
    plain = _plain(words)
    if plain is not None:
        targets, options = plain
        assert Options(targets, **options) == by_click(words)


def test_what_is_plain() -> None:
    assert _plain(["a", "--format", "json", "-", "--jobs=3"]) == (("a", "-"), {"output": "json", "jobs": 3})
    assert _plain([]) == ((), {})
    for words in (["--fix"], ["a", "--"], ["--format"], ["--format", "xml"], ["--jobs", "0"], ["-j", "2"]):
        assert _plain(words) is None
