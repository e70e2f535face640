"""Composition as Hydra does it: which config each entry brings, in which order, and what Hydra refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.document.parse import parse_document
from advisor.nel.compose import INTERNAL, NOT_FOUND, NOTHING, SHIPPED, SIBLING, Composition, compose, siblings_of
from advisor.nel.effective import leaves

if TYPE_CHECKING:
    from pathlib import Path

SIBLINGS = {
    "_base": "defaults: [{execution: local}, {deployment: vllm}, _self_]\ndeployment: {port: 9000}\n",
    "_here": "port: 1\n",
    "_globally": "# @package _global_\nport: 2\n",
    "_placed": "# @package a.b\nport: 3\n",
    "_commented": "# for everyone\n# @package a.b\nport: 4\n",
    "_broken": "a: b: c\n",
    "_lost": "defaults: [{deployment: vlm}]\n",
    "_self_loop": "defaults: [_self_loop]\n",
    "deployment/sglang": "type: mine\n",
    "sub/x": "defaults: [y, /_here@z]\nport: 5\n",
    "sub/y": "other: 6\n",
}


def composed(text: str) -> Composition:
    return compose(
        parse_document("eval.yaml", text),
        lambda name: parse_document(f"{name}.yaml", SIBLINGS[name]) if name in SIBLINGS else None,
    )


def at(composition: Composition, path: str) -> Any:
    node = composition.tree.at(tuple(path.split(".")))
    return node.plain() if node is not None else None


def entries(*lines: str, rest: str = "") -> str:
    return "defaults:\n" + "".join(f"  - {line}\n" for line in lines) + rest


@pytest.mark.parametrize(
    ("entry", "found", "path", "value"),
    [
        ("deployment: vllm", SHIPPED, "deployment.type", "vllm"),
        ("deployment: vllm.yaml", SHIPPED, "deployment.type", "vllm"),
        ("/deployment: vllm", SHIPPED, "deployment.type", "vllm"),
        ("deployment/vllm", SHIPPED, "deployment.type", "vllm"),
        ("deployment: vllm_ray", SHIPPED, "deployment.type", "vllm"),
        ("deployment: [vllm]", SHIPPED, "deployment.type", "vllm"),
        ("deployment@aux.judge: vllm", SHIPPED, "aux.judge.type", "vllm"),
        ("deployment/vllm@aux.judge", SHIPPED, "aux.judge.type", "vllm"),
        ("deployment@_global_: vllm", SHIPPED, "type", "vllm"),
        ("deployment@_here_: vllm", SHIPPED, "type", "vllm"),
        ("deployment@_group_: vllm", SHIPPED, "deployment.type", "vllm"),
        ("execution/slurm/default", SHIPPED, "execution.slurm.type", "slurm"),
        ("execution/slurm/default@execution", SHIPPED, "execution.type", "slurm"),
        ("deployment: sglang", SIBLING, "deployment.type", "mine"),
        ("_here", SIBLING, "port", 1),
        ("_here.yaml", SIBLING, "port", 1),
        ("_here@a.b", SIBLING, "a.b.port", 1),
        ("_globally", SIBLING, "port", 2),
        ("_placed", SIBLING, "a.b.port", 3),
        ("_placed@c", SIBLING, "c.port", 3),
        ("_commented", SIBLING, "port", 4),
        ("sub/x", SIBLING, "sub.port", 5),
        ("sub/x", SIBLING, "sub.other", 6),
        ("sub/x", SIBLING, "sub.z.port", 1),
        ("deployment: null", NOTHING, "deployment", None),
        ("_self_: null", NOTHING, "deployment", None),
        ("optional deployment: vlm", NOTHING, "deployment", None),
        ("deployment: vlm", NOT_FOUND, "deployment", None),
        ("Deployment: vllm", NOT_FOUND, "deployment", None),
        ("optional deployment/vllm", NOT_FOUND, "deployment", None),
        ("execution: internal/slurm/site", INTERNAL, "execution", None),
    ],
)
def test_what_an_entry_brings(entry: str, found: str, path: str, value: object) -> None:
    composition = composed(entries(entry))
    assert [(one.found, one.mistake) for one in composition.loaded] == [(found, "")]
    assert at(composition, path) == value


@pytest.mark.parametrize(
    ("lines", "refused"),
    [
        (["execution: local", "_self_", "_self_"], "_self_"),
        (["_self_@x"], "package"),
        (["", "_self_"], "empty"),
        (["deployment: 5"], "no name"),
        (["deployment: no"], "no name"),
        (["deployment: {a: b}"], "one name or a list"),
        (["deployment: [null]"], "no name"),
        (["{execution: local, deployment: none}"], "2 groups"),
        (["5"], "an item"),
        (["deployment: '???'"], "must be chosen"),
        (["deployment: ${other.key}"], "names no other entry"),
        (["override deployment: vllm", "deployment: none"], "after every other"),
        (["execution: local", "override deployment: vllm"], "no other entry names"),
    ],
)
def test_what_hydra_refuses(lines: list[str], refused: str) -> None:
    mistakes = [one.mistake for one in composed(entries(*lines)).loaded if one.mistake]
    assert len(mistakes) == 1
    assert refused in mistakes[0]


@pytest.mark.parametrize(
    ("lines", "again"),
    [
        (["deployment: vllm", "deployment: vllm"], True),
        (["deployment: vllm", "deployment: none"], True),
        (["deployment: null", "deployment: none"], True),
        (["optional deployment: vlm", "deployment: none"], True),
        (["_base", "deployment: none"], True),
        (["deployment: vllm", "deployment@deployment: none"], True),
        (["deployment: vllm", "deployment@aux.judge: vllm"], False),
        (["deployment: vllm", "deployment/none"], False),
        (["deployment: [vllm]", "deployment: none"], False),
        (["_base", "override deployment: none"], False),
        (["deployment: null", "deployment: null"], False),
    ],
)
def test_two_choices_of_one_group(lines: list[str], again: bool) -> None:
    assert any(one.again for one in composed(entries(*lines)).loaded) is again


@pytest.mark.parametrize(
    ("lines", "port"),
    [
        (["deployment: vllm", "_self_"], 1),
        (["_self_", "deployment: vllm"], 8000),
        (["deployment: vllm"], 1),
        (["_base", "_self_"], 1),
        (["_self_", "_base"], 9000),
        (["_base", "_self_", "override deployment: generic"], 1),
    ],
)
def test_later_entries_win(lines: list[str], port: int) -> None:
    composition = composed(entries(*lines, rest="deployment: {port: 1}\n"))
    assert at(composition, "deployment.port") == port


def test_an_override_and_another_choice_replace_the_option() -> None:
    assert at(composed(entries("_base", "override deployment: none")), "deployment.type") == "none"
    assert at(composed(entries("deployment: vllm", "deployment@spare: ${deployment}")), "spare.type") == "vllm"


def test_what_is_wrong_with_a_sibling_is_said_of_its_entry() -> None:
    (broken,) = composed(entries("_broken")).loaded
    assert broken.broken.startswith("_broken.yaml: ")
    (lost,) = composed(entries("_lost")).loaded
    assert lost.lacking == "deployment/vlm, which _lost.yaml names"


def test_missing_values_do_not_override() -> None:
    own = "deployment: {image: '???', checkpoint_path: '???', port: null}\n"
    text = entries("deployment: vllm", "_self_", rest=own)
    composition = composed(text)
    image = composition.tree.at(("deployment", "image"))
    assert image is not None
    assert image.data == "vllm/vllm-openai:latest"
    assert image.masked is not None
    assert image.origin.source == "the default of deployment vllm in NEL 0.2.6"
    assert at(composition, "deployment.checkpoint_path") == "???"
    assert at(composition, "deployment.port") is None


def test_lists_are_replaced_and_mappings_merged() -> None:
    text = entries("execution: slurm/default", "_self_", rest="execution: {mounts: {mount_home: false}, proxy: [1]}\n")
    composition = composed(text)
    assert at(composition, "execution.mounts") == {
        "deployment": {},
        "evaluation": {},
        "auxiliary": {},
        "mount_home": False,
    }
    assert at(composition, "execution.proxy") == [1]


@pytest.mark.parametrize(
    ("text", "header", "mistake"),
    [
        ("a: 1\n", "", False),
        ("# @package x\na: 1\n", "x", False),
        ("\n  #@package x.y\n# @other z\na: 1\n", "x.y", False),
        ("# words\n# @package x\na: 1\n", "", False),
        ("# @package _global_\na: 1\n", "", False),
        ("# @package _global_.x\na: 1\n", "x", False),
        ("# @todo fix this\na: 1\n", "", True),
        ("# @todo\na: 1\n", "", True),
        ("# me@lab.org\na: 1\n", "", False),
    ],
)
def test_a_header_moves_the_file(text: str, header: str, mistake: bool) -> None:
    composition = composed(text)
    assert (composition.header, bool(composition.header_mistake)) == (header, mistake)
    assert at(composition, f"{header}.a" if header else "a") == 1


@pytest.mark.parametrize(
    ("line", "path", "is_open"),
    [
        ("deployment: vlm", ("deployment", "x"), True),
        ("deployment: vlm", ("execution", "x"), False),
        ("_absent", ("anything",), True),
        ("execution: internal/slurm/site", ("execution",), True),
        ("execution/slurm/default", ("execution", "type"), True),
        ("deployment: vllm", ("deployment", "x"), False),
    ],
)
def test_where_a_config_that_is_not_here_may_set_more(line: str, path: tuple[str, ...], is_open: bool) -> None:
    assert composed(entries(line)).is_open(path) is is_open


def test_files_that_name_each_other_end() -> None:
    assert composed(entries("_self_loop")).loaded[0].found == SIBLING


def test_siblings_stay_below_their_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text("a: 1\n")
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "_base.yaml").write_text("b: 1\n")
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    read = siblings_of(str(folder / "eval.yaml"))
    assert read("_base") is not None
    assert [read(name) for name in ("../secret", "link", str(tmp_path / "secret"), "absent", ".")] == [None] * 5


LINES = st.sampled_from(
    [
        "execution: local", "execution: slurm/default", "deployment: vllm", "deployment: [vllm, none]",
        "deployment/none", "override deployment: nim", "_self_", "_base", "_lost", "_broken", "sub/x",
        "deployment@a: vllm", "deployment: ${execution}",
        "'???'", "''", "null", "a b c", "'@'",
        "/", "//", "a@b@c", "_global_", "x: _self_", "{}", "[]",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=6))
def test_any_list_composes(lines: list[str]) -> None:
    composition = composed(entries(*lines, rest="deployment: {port: 1}\n"))
    assert all(path for path, _ in leaves(composition.tree))
    assert at(composition, "deployment.port") is not None
