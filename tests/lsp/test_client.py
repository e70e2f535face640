"""The server as a well-behaved client meets it: every feature, over a real connection."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

pytest_lsp = pytest.importorskip("pytest_lsp", reason="the extra for development is not installed")
from lsprotocol import types  # noqa: E402
from lsprotocol.converters import get_converter  # noqa: E402
from pytest_lsp import LanguageClient  # noqa: E402

from advisor.engine.base import RuleBase  # noqa: E402
from tests.lsp.texts import MISTAKEN, OTHER, applied, position_of  # noqa: E402

pytestmark = pytest.mark.asyncio(loop_scope="module")
COMMAND = [sys.executable, "-m", "advisor", "lsp", "--debounce", "0.01"]
plain = get_converter().unstructure


@pytest_lsp.fixture(config=pytest_lsp.ClientServerConfig(server_command=COMMAND), scope="module")
async def client(lsp_client: LanguageClient, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    folder = tmp_path_factory.mktemp("workspace")
    abilities = types.ClientCapabilities(
        workspace=types.WorkspaceClientCapabilities(
            apply_edit=True,
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True),
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(
                dynamic_registration=True, relative_pattern_support=True
            ),
        ),
        text_document=types.TextDocumentClientCapabilities(
            hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
            completion=types.CompletionClientCapabilities(
                completion_item=types.ClientCompletionItemOptions(documentation_format=[types.MarkupKind.Markdown])
            ),
        ),
        window=types.WindowClientCapabilities(show_document=types.ShowDocumentClientCapabilities(support=True)),
    )
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=abilities,
            workspace_folders=[types.WorkspaceFolder(folder.as_uri(), "workspace")],
            initialization_options={"showsExplanations": True},
        )
    )
    lsp_client.folder = folder  # type: ignore[attr-defined]
    note_versions(lsp_client)
    yield
    await lsp_client.shutdown_session()


def note_versions(client: Any) -> None:
    """Keep the version that diagnostics are about, which the client itself drops."""
    client.versions = {}
    keep = client.protocol.fm.features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS]

    def note(params: types.PublishDiagnosticsParams) -> None:
        client.versions[params.uri] = params.version
        keep(params)

    client.protocol.fm.features[types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS] = note
    client.registered = []

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(params: types.RegistrationParams) -> None:
        client.registered += params.registrations

    @client.feature(types.CLIENT_UNREGISTER_CAPABILITY)
    def unregister(params: types.UnregistrationParams) -> None:
        gone = {one.id for one in params.unregisterations}
        client.registered = [one for one in client.registered if one.id not in gone]

    @client.feature(types.WORKSPACE_APPLY_EDIT)
    def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        client.applied = params.edit
        return types.ApplyWorkspaceEditResult(applied=True)


class Editor:
    """One open text."""

    def __init__(self, client: Any, name: str, text: str) -> None:
        self.client, self.text, self.version = client, text, 1
        self.path: Path = client.folder / name
        self.uri = self.path.as_uri()
        self.id = types.TextDocumentIdentifier(self.uri)
        item = types.TextDocumentItem(self.uri, "yaml", 1, text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    async def diagnostics(self) -> list[types.Diagnostic]:
        """What is said of the present version."""
        while True:
            await self.client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
            found = self.client.diagnostics.get(self.uri)
            if found is not None and self.seen == self.version:
                return list(found)

    @property
    def seen(self) -> int | None:
        return self.client.versions.get(self.uri)

    def type(self, text: str) -> None:
        """Replace the whole text."""
        self.version += 1
        self.text = text
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.version, self.uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def at(self, word: str, shift: int = 0) -> types.Position:
        return types.Position(**position_of(self.text, word, shift))

    async def hover(self, word: str) -> str:
        found = await self.client.text_document_hover_async(types.HoverParams(self.id, self.at(word, 1)))
        return "" if found is None else found.contents.value

    async def completions(self, word: str) -> list[types.CompletionItem]:
        position = self.at(word, len(word))
        found = await self.client.text_document_completion_async(types.CompletionParams(self.id, position))
        return [] if found is None else list(found.items)

    async def actions(self, word: str, only: list[str] | None = None) -> list[types.CodeAction]:
        place = types.Range(self.at(word), self.at(word))
        context = types.CodeActionContext([], only)  # type: ignore[arg-type]
        found = await self.client.text_document_code_action_async(types.CodeActionParams(self.id, place, context))
        # lsprotocol takes an action with a command for a bare command.
        return [one for one in found or () if isinstance(one, types.CodeAction)]

    def close(self) -> None:
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(self.id))


@pytest.fixture
def edit(client: Any) -> Any:
    """Opens texts, and closes them again."""
    opened: list[Editor] = []

    def start(text: str = MISTAKEN, name: str = "eval.yaml") -> Editor:
        opened.append(Editor(client, name, text))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def by_name(found: list[types.Diagnostic]) -> dict[str, types.Diagnostic]:
    return {one.data["name"]: one for one in found}


async def test_diagnostics_say_rule_place_severity_and_where_it_is_explained(edit: Any, client: Any) -> None:
    editor = edit()
    one = by_name(await editor.diagnostics())["walltime-unquoted"]
    assert (one.code, one.source, one.severity) == ("NEL640", "nel-advisor", types.DiagnosticSeverity.Error)
    assert one.range == types.Range(editor.at("12:00:00"), editor.at("12:00:00", 8))
    assert one.code_description is not None
    page = Path(one.code_description.href.removeprefix("file://"))
    assert page.read_text().startswith("# NEL640 walltime-unquoted\n")
    assert client.folder not in page.parents


async def test_an_edit_replaces_what_was_said(edit: Any) -> None:
    editor = edit()
    assert "walltime-unquoted" in by_name(await editor.diagnostics())
    editor.type(MISTAKEN.replace("12:00:00", '"12:00:00"'))
    assert "walltime-unquoted" not in by_name(await editor.diagnostics())


async def test_of_many_edits_the_last_one_is_told(edit: Any) -> None:
    editor = edit()
    await editor.diagnostics()
    for number in range(20):
        editor.type(MISTAKEN.replace("12:00:00", str(number)))
    editor.type(MISTAKEN.replace("12:00:00", '"12:00:00"'))
    assert "walltime-unquoted" not in by_name(await editor.diagnostics())


@pytest.mark.parametrize("text", [OTHER, "", "- 1\n- 2\n", "a: [\n"], ids=["other", "empty", "list", "broken"])
async def test_other_yaml_is_left_alone(edit: Any, text: str) -> None:
    editor = edit(text, "other.yaml")
    assert await editor.diagnostics() == []
    assert await editor.hover(text[:1]) == ""
    assert await editor.actions(text[:1]) == []


async def test_broken_yaml_keeps_what_stands_and_says_where_it_broke(edit: Any) -> None:
    editor = edit()
    before = by_name(await editor.diagnostics())
    editor.type(MISTAKEN.replace("deployment:\n  image", "deployment:\n  extra: [1,\n  image"))
    after = by_name(await editor.diagnostics())
    assert "yaml-syntax" in after
    assert after["walltime-unquoted"].range == before["walltime-unquoted"].range
    flag, moved = before["flag-unknown"].range, after["flag-unknown"].range
    assert (moved.start.line, moved.start.character) == (flag.start.line + 1, flag.start.character)


async def test_a_text_that_was_never_whole_has_only_its_syntax_error(edit: Any) -> None:
    editor = edit(MISTAKEN + "x: [\n", "new.yaml")
    assert set(by_name(await editor.diagnostics())) == {"yaml-syntax"}


async def test_closing_takes_diagnostics_away(edit: Any, client: Any) -> None:
    editor = edit()
    assert await editor.diagnostics()
    editor.close()
    await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    assert list(client.diagnostics[editor.uri]) == []


async def test_a_safe_fix_is_preferred_and_mends(edit: Any) -> None:
    editor = edit()
    await editor.diagnostics()
    action = next(one for one in await editor.actions("12:00:00") if one.is_preferred)
    (change,) = action.edit.document_changes
    assert change.text_document.version == 1
    editor.type(applied(MISTAKEN, plain(change.edits)))
    assert editor.text == MISTAKEN.replace("12:00:00", '"12:00:00"')
    assert "walltime-unquoted" not in by_name(await editor.diagnostics())


async def test_a_fix_that_may_change_the_meaning_is_offered_and_not_preferred(edit: Any) -> None:
    editor = edit()
    await editor.diagnostics()
    titles = {one.title: one for one in await editor.actions("--swap-spce")}
    fix = next(one for title, one in titles.items() if "--swap-space" in title)
    assert not fix.is_preferred
    assert "your choice" in fix.title


async def test_a_finding_can_be_ignored_where_it_is(edit: Any) -> None:
    editor = edit()
    await editor.diagnostics()
    action = next(one for one in await editor.actions("12:00:00") if one.title == "Ignore walltime-unquoted here")
    editor.type(applied(MISTAKEN, plain(action.edit.document_changes[0].edits)))
    assert editor.text == MISTAKEN.replace("12:00:00", "12:00:00  # nel-advisor: ignore[walltime-unquoted]")
    assert "walltime-unquoted" not in by_name(await editor.diagnostics())


@pytest.mark.parametrize("only", ["source.fixAll", "source.fixAll.nel-advisor"])
async def test_fix_all_makes_every_safe_fix(edit: Any, only: str) -> None:
    editor = edit()
    await editor.diagnostics()
    (action,) = await editor.actions("defaults", [only])
    text = applied(MISTAKEN, plain(action.edit.document_changes[0].edits))
    assert '"12:00:00"' in text
    assert "--swap-spce" in text


async def test_no_source_action_where_none_was_asked_for(edit: Any) -> None:
    editor = edit()
    await editor.diagnostics()
    kinds = {one.kind for one in await editor.actions("12:00:00")}
    assert kinds == {"quickfix"}


async def test_the_fix_all_command_edits(edit: Any, client: Any) -> None:
    editor = edit()
    await editor.diagnostics()
    command = types.ExecuteCommandParams("nel-advisor.fixAll", [editor.uri])
    assert await client.workspace_execute_command_async(command) is True
    (change,) = client.applied.document_changes
    assert '"12:00:00"' in applied(MISTAKEN, plain(change.edits))


async def test_explaining_says_why_and_why_not(edit: Any, client: Any) -> None:
    editor = edit()
    for rule, verdict in (("NEL640", "fires"), ("walltime-format", "does not fire")):
        command = types.ExecuteCommandParams("nel-advisor.explain", [editor.uri, rule])
        found = await client.workspace_execute_command_async(command)
        assert verdict in found["text"]


async def test_opening_the_advised_file(edit: Any, client: Any) -> None:
    editor = edit(name="watched.yaml")
    command = types.ExecuteCommandParams("nel-advisor.openAdvised", [editor.uri])
    assert await client.workspace_execute_command_async(command) is None
    assert "no advised file" in client.messages[-1].message
    advised = client.folder / "watched.advised.yaml"
    advised.write_text(MISTAKEN)
    assert await client.workspace_execute_command_async(command) == advised.as_uri()
    assert client.shown_documents[-1].uri == advised.as_uri()


HOVERS = [
    ("walltime", "HH:MM:SS", "a key's meaning"),
    ("port", "", "what is not in the text has no hover"),
    ("served_model_name", "Effective value: `model`", "a key's value"),
    ("--max-model-len", "vLLM 0.11.0 has it", "a flag that is there"),
    ("--swap-spce", "No version of vLLM", "a flag that never was"),
    ("gsm8k", "lm-evaluation-harness", "a task's harness"),
    ("gsm8k", "endpoint: completions", "a task's endpoint"),
    ("gsm8k", "quantization hardly shows in it (low): school maths", "a task's sensitivity and why"),
    ("12:00:00", "sbatch", "why a finding is one"),
]


@pytest.mark.parametrize(("word", "expected"), [case[:2] for case in HOVERS], ids=[case[2] for case in HOVERS])
async def test_hover(edit: Any, word: str, expected: str) -> None:
    editor = edit(MISTAKEN if word in MISTAKEN else MISTAKEN + f"# {word}\n")
    found = await editor.hover(word)
    assert expected in found if expected else not found


async def test_hover_tells_how_to_compare_by_a_task_and_which_sets_have_it(edit: Any) -> None:
    found = await edit(MISTAKEN.replace("gsm8k", "ns_gpqa")).hover("ns_gpqa")
    assert "quantization shows in it (high): multiple choice, but" in found
    assert "compare with 16 repeats; in the sets `quick`, `standard`, `reasoning`" in found
    next_text = (
        "services: {m: {type: api, url: u}}\nbenchmarks: [{playbook: swebench_verified, name: lm-eval://aime25}]\n"
    )
    editor = edit(next_text, "next.yaml")
    assert "compare with 5 repeats; in the set `agentic`" in await editor.hover("swebench_verified")
    assert "compare with 64 repeats; in the set `reasoning`" in await editor.hover("lm-eval")


async def test_hover_tells_removed_flags_and_what_replaced_them(edit: Any) -> None:
    editor = edit(MISTAKEN.replace("v0.11.0", "v0.20.0").replace("--swap-spce 4", "--guided-decoding-backend x"))
    assert "has it no more" in await editor.hover("--guided-decoding-backend")


async def test_hover_tells_where_a_default_comes_from(edit: Any) -> None:
    editor = edit(MISTAKEN.replace("  account: me", "  account: me\n  partition: ???"))
    assert "the default of execution slurm/default" in await editor.hover("partition")


async def test_hover_never_shows_a_secret(edit: Any) -> None:
    secret = "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYz012345"
    editor = edit(MISTAKEN + f"env_vars:\n  HF_TOKEN: lit:{secret}\n")
    assert secret not in json.dumps(plain(await editor.diagnostics()))
    assert secret not in await editor.hover("lit:")
    assert secret not in await editor.hover("HF_TOKEN")


async def test_while_a_line_is_half_typed_the_others_keep_their_hover_and_fixes(edit: Any) -> None:
    editor = edit()
    await editor.diagnostics()
    for half_typed in ("  - _self_\ndepl0y", "    - name: gsm8k\n  nam3"):
        line = half_typed.split("\n")[0]
        editor.type(MISTAKEN.replace(line, half_typed))
        assert "HH:MM:SS" in await editor.hover("walltime")
        assert await editor.hover(half_typed.split("\n")[1]) == ""
        (action,) = [one for one in await editor.actions("12:00:00") if one.is_preferred]
        left = applied(editor.text, plain(action.edit.document_changes[0].edits))
        assert left == editor.text.replace("12:00:00", '"12:00:00"')


async def test_hover_and_symbols_of_a_broken_text_do_no_harm(edit: Any, client: Any) -> None:
    editor = edit(MISTAKEN + "x: [\n", "never-whole.yaml")
    assert await editor.hover("walltime") == ""
    found = await client.text_document_document_symbol_async(types.DocumentSymbolParams(editor.id))
    assert list(found) == []


# Each is (what is put in the place of a word, that word, a label that must be there, one that must not).
COMPLETIONS = {
    "a key of a section": ("  walltime: 12:00:00", "  part", "partition", "image"),
    "no key that is there": ("  walltime: 12:00:00", "  wal", "walltime", "account"),
    "a key of a deployment": ("  served_model_name: model", "  ten", "tensor_parallel_size", "walltime"),
    "a top-level key": ("evaluation:", "exp", "export", "walltime"),
    "a group": ("deployment: vllm", "deployment: sg", "sglang", "slurm/default"),
    "another group": ("execution: slurm/default", "execution: ", "lepton/default", "vllm"),
    "an entry of defaults": ("- _self_", "- ", "_self_", "image"),
    "a task": ("gsm8k", "gsm", "gsm8k", "mmlu"),
    "a key of a task": ("    - name: gsm8k", "    - name: gsm8k\n      nemo", "nemo_evaluator_config", "image"),
    "a flag": ("--swap-spce 4", "--enf", "--enforce-eager", "--swap-spce"),
    "a value of a flag": ("--quantization modelopt", "--quantization mo", "modelopt_fp4", "modelopt_mixed"),
    "a parser": ("--quantization modelopt", "--reasoning-parser ", "deepseek_r1", "modelopt"),
    "a tool parser": ("--quantization modelopt", "--tool-call-parser=h", "hermes", "modelopt"),
    "a prefix": ("evaluation:", "env_vars:\n  HF_TOKEN: ", "host:", "image"),
    "a parameter": (
        "    - name: gsm8k",
        "    - name: gsm8k\n      nemo_evaluator_config:\n        config:\n          params:\n            tem",
        "temperature", "name",
    ),
    "an adapter's switch": (
        "    - name: gsm8k",
        "    - name: gsm8k\n      nemo_evaluator_config:\n        target:\n          api_endpoint:\n"
        "            adapter_config:\n              use_c",
        "use_caching", "temperature",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", COMPLETIONS.values(), ids=COMPLETIONS)
async def test_completion(edit: Any, case: tuple[str, str, str, str]) -> None:
    word, typed, wanted, unwanted = case
    editor = edit()
    await editor.diagnostics()
    editor.type(MISTAKEN.replace(word, typed))
    labels = {
        item.label.strip(": ") if item.label != "host:" else item.label for item in await editor.completions(typed)
    }
    assert wanted in labels
    assert unwanted not in labels


async def test_completion_replaces_what_was_typed(edit: Any) -> None:
    editor = edit()
    await editor.diagnostics()
    editor.type(MISTAKEN.replace("--swap-spce 4", "--enf"))
    item = next(one for one in await editor.completions("--enf") if one.label == "--enforce-eager")
    assert item.text_edit.range == types.Range(editor.at("--enf"), editor.at("--enf", 5))


async def test_no_completion_in_a_comment(edit: Any) -> None:
    editor = edit(MISTAKEN + "# wall")
    assert await editor.completions("# wall") == []


def make_checkpoint(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text('{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
    (folder / "model.safetensors").write_bytes((8).to_bytes(8, "little") + b"{}      ")
    return folder


SERVED = MISTAKEN.replace("checkpoint_path: null\n  hf_model_handle: org/model", "checkpoint_path: PATH")


async def test_checkpoints_of_the_workspace_are_completed_linked_and_told(edit: Any, client: Any) -> None:
    folder = make_checkpoint(client.folder / "ckpt")
    editor = edit(SERVED.replace("PATH", str(folder)))
    await editor.diagnostics()
    found = await client.text_document_document_link_async(types.DocumentLinkParams(editor.id))
    assert [link.target for link in found] == [(folder / "config.json").as_uri()]
    assert "not quantized" in await editor.hover("checkpoint_path")
    editor.type(SERVED.replace("PATH", "/"))
    assert str(folder) in [item.label for item in await editor.completions("checkpoint_path: /")]


async def test_a_checkpoint_that_changes_is_looked_at_again(edit: Any, client: Any) -> None:
    folder = make_checkpoint(client.folder / "changing")
    editor = edit(SERVED.replace("PATH", str(folder)))
    before = by_name(await editor.diagnostics())
    watched = [one for one in client.registered if one.id == "nel-advisor-checkpoints"]
    assert str(folder) in json.dumps(plain(watched))
    (folder / "model.safetensors").write_bytes(b"cut")
    change = types.FileEvent((folder / "model.safetensors").as_uri(), types.FileChangeType.Changed)
    client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
    await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    after = by_name(client.diagnostics[editor.uri])
    new = [one for name, one in after.items() if name not in before]
    assert new
    places = {info.location.uri for one in new for info in one.related_information or ()}
    assert (folder / "model.safetensors").as_uri() in places


async def test_a_sibling_in_the_editor_counts_as_it_is_there(edit: Any, client: Any) -> None:
    base = edit("execution:\n  walltime: '01:00:00'\n", "base.yaml")
    editor = edit(
        MISTAKEN.replace("  - _self_", "  - base\n  - _self_").replace("  walltime: 12:00:00\n", ""), "top.yaml"
    )
    await editor.diagnostics()
    editor_said = set(by_name(client.diagnostics[editor.uri]))
    assert not any(name.startswith("defaults-unknown") or name == "defaults-missing" for name in editor_said)
    base.type("execution: [\n")
    await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    while "defaults-sibling-broken" not in by_name(client.diagnostics[editor.uri]):
        await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)


async def test_settings_files_count_and_are_read_again(edit: Any, client: Any) -> None:
    settings = client.folder / ".nel-advisor.yaml"
    settings.write_text("ignore: [walltime-unquoted]\n")
    change = types.FileEvent(settings.as_uri(), types.FileChangeType.Created)
    editor = edit()
    try:
        client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        while "walltime-unquoted" in by_name(await editor.diagnostics()):
            pass
        settings.write_text("ignore: [no-such-rule]\n")
        client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        assert "no-such-rule" in client.diagnostics[editor.uri][0].message
    finally:
        settings.unlink()
        client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
    await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    assert "walltime-unquoted" in by_name(client.diagnostics[editor.uri])


async def test_the_clients_own_checks(edit: Any, client: Any) -> None:
    editor = edit()
    await editor.diagnostics()
    for settings, there in (({"ignore": ["environment"]}, False), ({"ignore": []}, True)):
        about = types.DidChangeConfigurationParams({"nelAdvisor": settings})
        client.workspace_did_change_configuration(about)
        await client.wait_for_notification(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        assert ("walltime-unquoted" in by_name(client.diagnostics[editor.uri])) is there


async def test_symbols_call_tasks_by_their_names(edit: Any, client: Any) -> None:
    editor = edit()
    found = await client.text_document_document_symbol_async(types.DocumentSymbolParams(editor.id))
    assert [one.name for one in found] == ["defaults", "execution", "deployment", "evaluation"]
    (tasks,) = found[3].children
    assert [one.name for one in tasks.children] == ["gsm8k"]


async def test_every_rule_links_to_its_file(base: RuleBase) -> None:
    assert all(Path(rule.file).is_file() for rule in base.rules)
