"""Edits of flags inside commands and extra_args, through the whole way from a rule's finding."""

from __future__ import annotations

import pytest

from advisor.document.edits import CannotEdit
from advisor.document.nodes import Path, Scalar, Span
from advisor.document.offsets import offsets
from advisor.document.parse import parse_document
from advisor.document.proof import prove
from advisor.engine.findings import Edit, Fix
from advisor.fixing.meaning import changes_of

ARGS: Path = ("deployment", "extra_args")


def fixed(scalar: str, edit: Edit, whole: str | None = None) -> str:
    """The scalar's text after an edit; `whole` is the part of its content that the subject found to be the flag."""
    text = f"deployment:\n  extra_args: {scalar}\nb: 1 # c\n"
    document = parse_document("eval.yaml", text)
    assert document.problems == ()
    if whole is not None:
        node = document.at(ARGS)
        assert isinstance(node, Scalar)
        start = node.text.index(whole)
        where = offsets(document.text, node).span(start, start + len(whole))
        edit = Edit(edit.op, edit.path, edit.argument, where)
    new = prove(document, changes_of(document, Fix("", "ask", (edit,)))).document.text
    assert new.startswith("deployment:\n  extra_args: ")
    assert new.endswith("\nb: 1 # c\n")
    return new.removeprefix("deployment:\n  extra_args: ").removesuffix("\nb: 1 # c\n")


def flag(op: str, written: str, argument: str | None = None) -> Edit:
    return Edit(op, (*ARGS, written), argument)


CASES: dict[str, tuple[str, Edit, str | None, str]] = {
    "remove the first": ("--a 1 --b", flag("remove_flag", "--a"), "--a 1", "--b"),
    "remove the last": ("--a 1 --b", flag("remove_flag", "--b"), "--b", "--a 1"),
    "remove between": ('"--a 1 --b x --c"', flag("remove_flag", "--b"), "--b x", '"--a 1 --c"'),
    "remove the only one": ('"--a 1"', flag("remove_flag", "--a"), "--a 1", '""'),
    "remove from a folded text": (
        ">-\n    --a 1\n    --b\n    --c 2", flag("remove_flag", "--b"), "--b", ">-\n    --a 1\n    --c 2",
    ),
    "remove with the line that goes on": (
        "|\n    --a 1 \\\n    --b 2 \\\n    --c", flag("remove_flag", "--b"), "--b 2", "|\n    --a 1 \\\n    --c",
    ),
    "remove with quotes in the value": (
        "'--a ''{\"x\": 1}'' --b'", flag("remove_flag", "--a"), "--a '{\"x\": 1}'", "'--b'",
    ),
    "remove with a value that NEL fills in": ("--a ${x.y} --b", flag("remove_flag", "--a"), "--a ", "--b"),
    "remove with a value filled in in part": ("--a=n-${x.y}.z --b", flag("remove_flag", "--a"), "--a=n-", "--b"),
    "remove the one meant of two": ("--a 1 --b --a 2", flag("remove_flag", "--a"), "--a 2", "--a 1 --b"),
    "rename": ("--max_len 4 --b", flag("rename_flag", "--max_len", "--max-len"), "--max_len 4", "--max-len 4 --b"),
    "rename with an equals sign": ("--o=4", flag("rename_flag", "--o", "--new"), "--o=4", "--new=4"),
    "rename to two words": ("--o --b", flag("rename_flag", "--o", "--new on"), "--o", "--new on --b"),
    "set": ("--a 1 --b", flag("set_flag", "--a", "2"), "--a 1", "--a 2 --b"),
    "set with an equals sign": ("--a=1 --b", flag("set_flag", "--a", "2"), "--a=1", "--a=2 --b"),
    "set what had no value": ("--a --b", flag("set_flag", "--a", "2"), "--a", "--a 2 --b"),
    "set to an interpolation": ("--a 1", flag("set_flag", "--a", "${d.port}"), "--a 1", "--a ${d.port}"),
    "set to what a shell must quote": (
        '"--a 1"', flag("set_flag", "--a", '{"x": 1}'), "--a 1", "\"--a '{\\\"x\\\": 1}'\"",
    ),
    "set where only the name tells": ("--a 1 --b", flag("set_flag", "--a", "2"), None, "--a 2 --b"),
    "add": ("--a 1", Edit("add_flag", ARGS, "--b 2"), None, "--a 1 --b 2"),
    "add to nothing": ('""', Edit("add_flag", ARGS, "--b 2"), None, '"--b 2"'),
    "add to null": ("null", Edit("add_flag", ARGS, "--b 2"), None, '"--b 2"'),
    "add to a literal text": (
        "|\n    --a \\\n      1", Edit("add_flag", ARGS, "--b"), None, "|\n    --a \\\n      1 --b",
    ),
    "reword": (
        "serve /checkpoint --b '/checkpoint x'", Edit("replace_text", ARGS, "serve ${h} --b '${h} x'"), None,
        "serve ${h} --b '${h} x'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_flag_is_edited_and_all_else_stays(name: str) -> None:
    scalar, edit, whole, expected = CASES[name]
    assert fixed(scalar, edit, whole) == expected


REFUSED: dict[str, tuple[str, Edit, str | None]] = {
    "one that may have a value": ("--a 1 --b", flag("remove_flag", "--a"), None),
    "a flag that is not there": ("--a 1", flag("remove_flag", "--b"), None),
    "one of two, not told which": ("--a 1 --a 2", flag("remove_flag", "--a"), None),
    "a list that NEL fills in in part": ("--a ${x.y} z --b", flag("remove_flag", "--a"), "--a "),
    "quotes inside quotes": ("bash -c 'serve --a 1'", flag("set_flag", "--a", "x y"), "--a 1"),
    "an end that is no argument": ("'serve --a 1; wait #'", Edit("add_flag", ARGS, "--b"), None),
    "a list": ("[--a]", flag("remove_flag", "--a"), None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_flag_in_doubt_is_left_alone(name: str) -> None:
    scalar, edit, whole = REFUSED[name]
    with pytest.raises(CannotEdit):
        fixed(scalar, edit, whole)


def test_a_span_of_another_place_does_not_mislead() -> None:
    document = parse_document("eval.yaml", "deployment:\n  extra_args: --a 1\n  port: 80\n")
    port = document.at(("deployment", "port"))
    assert port is not None
    edit = Edit("set_flag", (*ARGS, "--a"), "2", Span(port.span.start, port.span.end))
    assert (
        prove(document, changes_of(document, Fix("", "ask", (edit,)))).document.text.splitlines()[1]
        == "  extra_args: --a 2"
    )
