"""What editors do differently: texts that are no files, names and line ends of all kinds, settings in a wrong form."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls", reason="the extra lsp is not installed")
from advisor.engine.bundle import load_rules
from advisor.lsp.actions import code_actions
from advisor.lsp.completion import complete
from advisor.lsp.hover import hover
from advisor.lsp.pages import page_file
from advisor.lsp.session import Client
from tests.lsp.places import NEXT, session
from tests.lsp.raw import Raw
from tests.lsp.test_robust import names
from tests.lsp.texts import MISTAKEN, applied, position_of

WITH_BASE = MISTAKEN.replace("  - _self_", "  - base é\n  - _self_")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Raw]:
    raw = Raw("--debounce", "0", cwd=tmp_path)
    yield raw
    raw.process.kill()


def ask(server: Raw, method: str, uri: str, **more: Any) -> Any:
    return server.request(f"textDocument/{method}", {"textDocument": {"uri": uri}, **more})["result"]


def test_a_text_that_is_no_file_yet(server: Raw, tmp_path: Path) -> None:
    """It has no neighbours: those of the folder that the server was started in are none of its."""
    (tmp_path / "base é.yaml").write_text("execution: [\n")
    server.start()
    uri = "untitled:Untitled-1"
    server.open(uri, WITH_BASE)
    found = names(server.diagnostics(uri, 1))
    assert "walltime-unquoted" in found
    assert "defaults-sibling-broken" not in found
    assert ask(server, "hover", uri, position=position_of(WITH_BASE, "walltime", 1)) is not None
    assert ask(server, "completion", uri, position=position_of(WITH_BASE, "gsm8k", 2))["items"]
    explained = {"command": "nel-advisor.explain", "arguments": [uri, "NEL640"]}
    assert "fires" in server.request("workspace/executeCommand", explained)["result"]["text"]


@pytest.mark.parametrize("encode", [lambda uri: uri, lambda uri: uri.replace("%C3%A9", "é").replace("%20", " ")])
def test_names_with_blanks_and_other_letters(server: Raw, tmp_path: Path, encode: Any) -> None:
    """However the client writes the address: it gets its own back, and a neighbour counts as it is in the editor."""
    (tmp_path / "base é.yaml").write_text("execution:\n  partition: batch\n")
    uri, base = encode((tmp_path / "eval é.yaml").as_uri()), (tmp_path / "base é.yaml").as_uri()
    server.start()
    server.open(uri, WITH_BASE)
    assert "defaults-sibling-broken" not in names(server.diagnostics(uri, 1))
    server.open(base, "execution:\n  partition: [\n")
    server.change(base, 2, {"text": "execution: [\n"})
    while "defaults-sibling-broken" not in names(server.diagnostics(uri, 1)):
        pass


def test_windows_line_ends_stay(server: Raw, tmp_path: Path) -> None:
    text = MISTAKEN.replace("\n", "\r\n")
    uri = (tmp_path / "eval.yaml").as_uri()
    server.start()
    server.open(uri, text)
    assert "walltime-unquoted" in names(server.diagnostics(uri, 1))
    place = position_of(text, "12:00:00")
    actions = ask(server, "codeAction", uri, range={"start": place, "end": place}, context={"diagnostics": []})
    edits = {one["title"]: one["edit"]["changes"][uri] for one in actions if "edit" in one}
    assert applied(text, edits["Put it in quotes"]) == text.replace("12:00:00", '"12:00:00"')
    ignored = applied(text, edits["Ignore walltime-unquoted here"])
    assert ignored == text.replace("12:00:00", "12:00:00  # nel-advisor: ignore[walltime-unquoted]")


def test_a_neighbour_that_is_deleted_is_missed(server: Raw, tmp_path: Path) -> None:
    base, uri = tmp_path / "base é.yaml", (tmp_path / "eval.yaml").as_uri()
    base.write_text("execution:\n  partition: batch\n")
    server.start({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    server.open(uri, WITH_BASE)
    before = names(server.diagnostics(uri, 1))
    base.unlink()
    server.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": base.as_uri(), "type": 3}]})
    assert {name for name in names(server.diagnostics(uri, 1)) - before if name.startswith("defaults-")}


def test_a_folder_above_a_checkpoint_that_is_deleted(server: Raw, tmp_path: Path) -> None:
    """Editors tell of the folder that went, not of what was in it."""
    folder = tmp_path / "models" / "cut"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
    (folder / "model.safetensors").write_bytes(b"cut")
    uri = (tmp_path / "eval.yaml").as_uri()
    server.start({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}})
    server.open(uri, NEXT.replace("model: org/model", f"model: {folder}"))
    before = server.diagnostics(uri, 1)
    assert any(one["relatedInformation"] for one in before)
    (tmp_path / "models").rename(tmp_path / "gone")
    server.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": (tmp_path / "models").as_uri(), "type": 3}]})
    assert names(server.diagnostics(uri, 1)) < names(before)


def test_a_file_that_is_deleted_while_it_is_open(server: Raw, tmp_path: Path) -> None:
    file = tmp_path / "eval.yaml"
    file.write_text(MISTAKEN)
    server.start()
    server.open(file.as_uri(), MISTAKEN)
    server.diagnostics(file.as_uri(), 1)
    file.unlink()
    server.notify("textDocument/didSave", {"textDocument": {"uri": file.as_uri()}})
    assert "walltime-unquoted" in names(server.diagnostics(file.as_uri(), 1))


def test_a_text_with_a_key_twice_has_actions(tmp_path: Path) -> None:
    """It is a text with a problem that is a text all the same: no comment can be proven to do no harm in it."""
    text = MISTAKEN + "evaluation:\n  tasks: []\n"
    analysis = session(Client(), None, text, tmp_path / "eval.yaml")
    titles = [one["title"] for one in code_actions(analysis, text.rindex("evaluation"), len(text), (), versioned=True)]
    assert "Explain yaml-dup-key (NEL002)" in titles
    assert not [title for title in titles if title.startswith("Ignore")]


OPTIONS: list[Any] = [
    None, [], "x", 7, {"select": "x"}, {"ignore": [1, None]}, {"nelVersion": 2}, {"environment": "yes"},
    {"select": None, "showsFindings": 1},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=repr)
def test_settings_of_the_wrong_form_count_for_nothing(server: Raw, tmp_path: Path, options: Any) -> None:
    uri = (tmp_path / "eval.yaml").as_uri()
    server.start(initializationOptions=options, workspaceFolders=None)
    server.notify("workspace/didChangeConfiguration", {"settings": options})
    server.notify("workspace/didChangeConfiguration", {"settings": {"nelAdvisor": options}})
    server.open(uri, MISTAKEN)
    found = server.diagnostics(uri, 1)
    if options != {"ignore": [1, None]}:
        assert "walltime-unquoted" in names(found)
    assert found


def test_a_client_without_configuration_is_not_asked_for_it(server: Raw, tmp_path: Path) -> None:
    server.start()
    server.open((tmp_path / "eval.yaml").as_uri(), MISTAKEN)
    server.diagnostics((tmp_path / "eval.yaml").as_uri(), 1)
    assert {one["method"] for one in server.seen if "id" in one and "method" in one} == set()


def test_a_page_is_that_of_its_own_rule_as_it_is_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shipped = next(rule for rule in load_rules() if rule.id == "NEL640")
    own = []
    for name in ("a", "b"):
        file = tmp_path / name / "own.yaml"
        file.parent.mkdir()
        file.write_text(Path(shipped.file).read_text().replace("defaults:", f"# {name}\n      defaults:", 1))
        own.append(shipped._replace(id="SITE001", file=str(file)))
    pages = [Path(page_file(rule)) for rule in (*own, shipped)]
    assert [page.name for page in pages] == ["SITE001.md", "SITE001.md", "NEL640.md"]
    assert [f"# {name}" in page.read_text() for name, page in zip("ab", pages, strict=False)] == [True, True]
    Path(own[0].file).write_text(Path(own[0].file).read_text().replace("# a", "# changed"))
    os.utime(own[0].file, ns=(1, 1))
    assert "# changed" in Path(page_file(own[0])).read_text()
    assert page_file(own[0]._replace(file=str(tmp_path / "gone.yaml"))) == ""


def test_without_a_home_the_rule_itself_is_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nowhere to write a page: the file that the rule is in is still there to be read."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    server = Raw("--debounce", "0", cwd=tmp_path)
    try:
        server.start()
        server.open((tmp_path / "eval.yaml").as_uri(), MISTAKEN)
        links = {one["codeDescription"]["href"] for one in server.diagnostics((tmp_path / "eval.yaml").as_uri(), 1)}
        assert links
        assert all(link.endswith(".yaml") and Path(link.removeprefix("file://")).is_file() for link in links)
    finally:
        server.process.kill()


@pytest.mark.parametrize(
    "text", [MISTAKEN, NEXT, NEXT.replace("\n", "\r\n")], ids=["launcher", "next", "next, Windows"]
)
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut off"])
def test_every_place_of_a_config_can_be_asked_about(text: str, cut: bool, tmp_path: Path) -> None:
    for offset in range(0, len(text), 7):
        analysis = session(Client(snippets=True), text, text[:offset] if cut else text, tmp_path / "eval.yaml")
        complete(analysis, offset, (), "markdown")
        hover(analysis, offset, "markdown")
        code_actions(analysis, offset, offset, (), versioned=True)
