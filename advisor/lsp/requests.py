"""What a client asks for: actions, hover, completion, symbols, links and commands."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from advisor.lsp.addresses import path_of, uri_of
from advisor.lsp.documents import Documents
from advisor.lsp.process import Engine, EngineFailed, EngineLost

if TYPE_CHECKING:
    from advisor.lsp.server import Server

_BESIDE = (".advised.yaml", ".advice.md")


class Requests:
    """Each answer comes from the engine process; None where that cannot tell."""

    def __init__(self, server: Server, engine: Engine, documents: Documents) -> None:
        self.server, self.engine, self.documents = server, engine, documents
        self._pages: tempfile.TemporaryDirectory[str] | None = None

    async def code_actions(self, params: types.CodeActionParams) -> Any:
        span = {"start": _position(params.range.start), "end": _position(params.range.end)}
        only = [str(getattr(kind, "value", kind)) for kind in params.context.only or []]
        return await self._ask("actions", {"uri": params.text_document.uri, "range": span, "only": only})

    async def hover(self, params: types.HoverParams) -> Any:
        return await self._ask("hover", _at(params))

    async def completion(self, params: types.CompletionParams) -> Any:
        return await self._ask("complete", _at(params))

    async def symbols(self, params: types.DocumentSymbolParams) -> Any:
        return await self._ask("symbols", {"uri": params.text_document.uri})

    async def links(self, params: types.DocumentLinkParams) -> Any:
        return await self._ask("links", {"uri": params.text_document.uri})

    async def explain(self, uri: str, rule: str) -> Any:
        """Why a rule fires in a text and why not: shown, and returned as `title` and `text`."""
        found = await self._ask("explain", {"uri": uri, "rule": rule})
        if found is None:
            self.server.say(f"{path_of(uri)} is not open, or no NEL config")
        elif not self.documents.shows_explanations:
            await self._show_text(found["title"], found["text"])
        return found

    async def fix_all(self, uri: str) -> Any:
        """Make every fix that is safe; whether there was any."""
        edit = await self._ask("fix_all", {"uri": uri})
        if edit is None:
            return False
        self.server.workspace_apply_edit(types.ApplyWorkspaceEditParams(edit=_structured(edit), label="nel-advisor"))
        return True

    async def open_advised(self, uri: str) -> Any:
        """Show what the watching daemon has written beside a config: the patched config, else the advice."""
        path = path_of(uri)
        stem = path.rpartition(".")[0]
        found = next((one + end for one in (path, stem) for end in _BESIDE if os.path.isfile(one + end)), None)
        if found is None:
            self.server.say(
                f"There is no advised file beside {os.path.basename(path)}: `nel-advisor watch` writes them"
            )
            return None
        await self._show(uri_of(found))
        return uri_of(found)

    async def _ask(self, method: str, params: dict[str, Any]) -> Any:
        try:
            return await self.engine.ask(method, params)
        except EngineLost as lost:
            self.server.say(f"nel-advisor: the engine process {lost}; another one has taken over")
        except EngineFailed as failed:
            self.server.log(f"{method}: {failed}")
        return None

    async def _show_text(self, title: str, text: str) -> None:
        window = self.server.client_capabilities.window
        if not (window and window.show_document and window.show_document.support):
            self.server.protocol.send("window/showMessage", {"type": types.MessageType.Info.value, "message": text})
            return
        if self._pages is None:
            self._pages = tempfile.TemporaryDirectory(prefix="nel-advisor-")
        path = os.path.join(self._pages.name, title.replace("/", "_") + ".txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        await self._show(uri_of(path))

    async def _show(self, uri: str) -> None:
        window = self.server.client_capabilities.window
        if window and window.show_document and window.show_document.support:
            await self.server.window_show_document_async(types.ShowDocumentParams(uri=uri, take_focus=True))


def _position(position: types.Position) -> dict[str, int]:
    return {"line": position.line, "character": position.character}


def _at(params: types.HoverParams | types.CompletionParams) -> dict[str, Any]:
    return {"uri": params.text_document.uri, "position": _position(params.position)}


def _structured(edit: dict[str, Any]) -> types.WorkspaceEdit:
    from lsprotocol.converters import get_converter

    return get_converter().structure(edit, types.WorkspaceEdit)
