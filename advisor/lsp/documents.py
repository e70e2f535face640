"""The open texts, and their diagnostics: when they are asked for, and when they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from advisor.lsp.addresses import concerns, path_of
from advisor.lsp.buffers import Buffer
from advisor.lsp.process import Engine, EngineFailed, EngineLost

if TYPE_CHECKING:
    from advisor.lsp.server import Server

_LATER = 5
# Of the debounce: a short rest before the engine is asked, so that it is idle for what a keystroke itself asks for.
_REST = 0.3
_SECTION = "nelAdvisor"
_CHECKS = {"select": "select", "ignore": "ignore", "nelVersion": "nel_version", "environment": "environment"}


class Documents:
    """Each edit restarts its text's clock. The engine is asked when a part of it has run out, so that the answer is
    there, and shown, when all of it has. One that is no longer about the text as it stands is thrown away."""

    def __init__(self, server: Server, engine: Engine, debounce: float) -> None:
        self.server, self.engine, self.debounce = server, engine, debounce
        self.buffers: dict[str, Buffer] = {}
        self.depends: dict[str, tuple[str, ...]] = {}
        self._encoding = "utf-16"
        self._pulls = self._refreshes = False
        self._timers: dict[str, asyncio.Task[None]] = {}
        self._blamed: dict[str, tuple[int, str]] = {}
        self._said = ""
        self.shows_explanations = False
        self._client: dict[str, Any] = {}
        self.on_depends: Callable[[], None] = lambda: None
        engine.texts = self._texts
        engine.on_lost = lambda why: server.say(f"nel-advisor: the engine process {why}; another one has taken over")

    def start(self, params: types.InitializeParams) -> None:
        """Agree with the client on what it can do and wants."""
        abilities = params.capabilities
        texts, workspace = abilities.text_document, abilities.workspace
        agreed = self.server.workspace.position_encoding
        self._encoding = str(getattr(agreed, "value", agreed) or "utf-16")
        self._pulls = texts is not None and texts.diagnostic is not None
        self._refreshes = bool(workspace and workspace.diagnostics and workspace.diagnostics.refresh_support)
        edits = workspace.workspace_edit if workspace else None
        folders = [folder.uri for folder in params.workspace_folders or []] or (
            [params.root_uri] if params.root_uri else []
        )
        options = params.initialization_options if isinstance(params.initialization_options, dict) else {}
        self._client = {
            "encoding": self._encoding,
            "markdown": _reads_markdown(texts.hover.content_format if texts and texts.hover else None),
            **_of_completion(texts.completion if texts else None),
            "versioned_edits": bool(edits and edits.document_changes),
            "folders": [path_of(uri) for uri in folders],
            "shows_findings": options.get("showsFindings") is True,
            "checks": _checks(options),
        }
        self.shows_explanations = options.get("showsExplanations") is True
        self.engine.tell_on_start({"method": "start", "params": self._client})

    def configured(self, params: types.DidChangeConfigurationParams) -> None:
        settings = params.settings
        if isinstance(settings, dict) and settings:
            self._client["checks"] = _checks(settings.get(_SECTION, settings))
            self.engine.tell_on_start({"method": "start", "params": self._client})
            self.look_again()

    def opened(self, params: types.DidOpenTextDocumentParams) -> None:
        one = params.text_document
        self.buffers[one.uri] = Buffer(one.uri, one.version, one.text, self._encoding)
        self._schedule(one.uri, 0)

    def changed(self, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        buffer = self.buffers.get(uri)
        if buffer is None:
            return
        buffer.change(params.text_document.version, [_change(one) for one in params.content_changes])
        self._schedule(uri, self.debounce)
        self._look_at_dependants(path_of(uri), self.debounce)

    async def saved(self, params: types.DidSaveTextDocumentParams) -> None:
        """What the advice depends on may have changed too, where the client watches no files."""
        await self.files_changed([path_of(params.text_document.uri)])
        self._schedule(params.text_document.uri, 0)

    def closed(self, params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        for known in (self.buffers, self.depends, self._blamed):
            known.pop(uri, None)
        timer = self._timers.pop(uri, None)
        if timer is not None:
            timer.cancel()
        self._publish(uri, None, [])

    async def pulled(self, params: types.DocumentDiagnosticParams) -> Any:
        return {"kind": "full", "items": await self._items(params.text_document.uri) or []}

    async def files_changed(self, paths: list[str]) -> None:
        """Read files anew, and look again at the texts that depend on these."""
        await self.engine.tell("forget_files")
        for path in paths:
            self._look_at_dependants(path, 0)

    def look_again(self) -> None:
        """At every open text."""
        for uri in self.buffers:
            self._schedule(uri, 0)
        self._refresh()

    def _look_at_dependants(self, path: str, delay: float) -> None:
        found = [uri for uri, paths in self.depends.items() if any(concerns(path, one) for one in paths)]
        for uri in found:
            if path_of(uri) != path:
                self._schedule(uri, delay)
        if found:
            self._refresh()

    def _refresh(self) -> None:
        if self._pulls and self._refreshes:
            self.server.protocol.send_request(types.WORKSPACE_DIAGNOSTIC_REFRESH)

    def _schedule(self, uri: str, delay: float) -> None:
        """Look at a text when it has rested. Clients that ask for diagnostics themselves have a clock of their own."""
        if self._pulls:
            return
        before = self._timers.pop(uri, None)
        if before is not None:
            before.cancel()
        self._timers[uri] = asyncio.ensure_future(self._advise(uri, delay))

    async def _advise(self, uri: str, delay: float) -> None:
        clock = asyncio.get_running_loop().time
        shown = clock() + delay
        if delay:
            await asyncio.sleep(delay * _REST)
        buffer = self.buffers.get(uri)
        if buffer is None:
            return
        stamp, version = buffer.stamp, buffer.version
        items = await self._items(uri)
        if clock() < shown:
            await asyncio.sleep(shown - clock())
        if items is not None and self.buffers.get(uri) is buffer and buffer.stamp == stamp:
            self._publish(uri, version, items)

    async def _items(self, uri: str) -> list[dict[str, Any]] | None:
        """The diagnostics of a text; None where there is nothing new to say."""
        buffer = self.buffers.get(uri)
        if buffer is None:
            return None
        stamp = buffer.stamp
        if self._blamed.get(uri, (0, ""))[0] == stamp:
            return [_complaint(self._blamed[uri][1])]
        try:
            answer = await self.engine.ask("diagnose", {"uri": uri}, _LATER)
        except EngineLost as lost:
            why = f"nel-advisor cannot advise on this text: the engine process {lost}; it is tried again after an edit"
            self._blamed[uri] = (stamp, why)
            self.server.say(why)
            return [_complaint(why)]
        except EngineFailed as failed:
            self._say_once(f"nel-advisor: {failed}")
            return [_complaint(f"nel-advisor cannot advise on this text: {failed}")]
        if answer is None:
            return None
        self._said = ""
        depends = tuple(answer["depends"])
        if self.depends.get(uri) != depends:
            self.depends[uri] = depends
            self.on_depends()
        items: list[dict[str, Any]] = answer["items"]
        return items

    def _say_once(self, message: str) -> None:
        if message != self._said:
            self._said = message
            self.server.say(message)

    def _publish(self, uri: str, version: int | None, items: list[dict[str, Any]]) -> None:
        if not self._pulls:
            about = {"uri": uri, "diagnostics": items} | ({} if version is None else {"version": version})
            self.server.protocol.send("textDocument/publishDiagnostics", about)

    def _texts(self) -> dict[str, tuple[int, dict[str, Any]]]:
        """What the engine process is to know of each text, under a stamp that tells whether it does."""
        return {
            uri: (one.stamp, {"uri": uri, "version": one.version, "text": one.text})
            for uri, one in self.buffers.items()
        }


def _reads_markdown(formats: Sequence[types.MarkupKind | str] | None) -> bool:
    return types.MarkupKind.Markdown in (formats or ())


def _of_completion(abilities: types.CompletionClientCapabilities | None) -> dict[str, bool]:
    item = abilities.completion_item if abilities is not None else None
    return {
        "markdown_items": item is not None and _reads_markdown(item.documentation_format),
        "snippets": item is not None and bool(item.snippet_support),
    }


def _change(change: types.TextDocumentContentChangeEvent) -> dict[str, Any]:
    if isinstance(change, types.TextDocumentContentChangePartial):
        start, end = change.range.start, change.range.end
        span = {
            "start": {"line": start.line, "character": start.character},
            "end": {"line": end.line, "character": end.character},
        }
        return {"range": span, "text": change.text}
    return {"text": change.text}


def _checks(options: Any) -> dict[str, Any]:
    """The client's settings that are settings of the checks, as far as they have the right form."""
    given = options if isinstance(options, dict) else {}
    found: dict[str, Any] = {}
    for theirs, ours in _CHECKS.items():
        value = given.get(theirs)
        if ours in ("select", "ignore") and isinstance(value, list):
            found[ours] = [str(one) for one in value]
        elif isinstance(value, {"environment": bool, "nel_version": str}.get(ours, ())):
            found[ours] = value
    return found


def _complaint(message: str) -> dict[str, Any]:
    start = {"line": 0, "character": 0}
    return {"range": {"start": start, "end": start}, "severity": 2, "source": "nel-advisor", "message": message}
