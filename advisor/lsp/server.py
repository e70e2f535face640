"""The front: speaks the protocol, keeps the texts, and asks the engine process. It parses nothing and runs no rule."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import JsonRPCNotification, LanguageServerProtocol, default_converter
from pygls.protocol.language_server import lsp_method

from advisor import __version__
from advisor.lsp.documents import Documents
from advisor.lsp.names import EXPLAIN_COMMAND, FIX_ALL, FIX_ALL_COMMAND, OPEN_COMMAND, QUICK_FIX
from advisor.lsp.process import Child, Engine
from advisor.lsp.requests import Requests
from advisor.lsp.watching import Watching

Handler: TypeAlias = Callable[..., Any]
_TRIGGERS = ["-", " ", ":", "/", ".", "=", "{", "["]


class Protocol(LanguageServerProtocol):
    """Leaves the texts to Documents, and sends JSON that is ready to be sent."""

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_OPEN](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE](params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE](params)

    def _execute_handler(self, msg_id: str | int, *args: Any, **kwargs: Any) -> None:
        """pygls keeps what a notification's handler comes to for ever; it is let go of here."""
        super()._execute_handler(msg_id, *args, **kwargs)
        future = self._request_futures.get(msg_id)
        if future is not None:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A request whose parameters are none gets an answer too."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if isinstance(data.get("id"), int | str) and "method" in data:
                self._send_response(data["id"], error=error.to_response_error())
            raise

    def send(self, method: str, params: Any) -> None:
        self._send_data(JsonRPCNotification(method=method, jsonrpc=self.VERSION, params=params))


class Server(LanguageServer):
    """pygls's server, whose own complaints go to the log and not into the person's face."""

    protocol: Protocol

    def report_server_error(self, error: Exception, source: Any) -> None:
        self.log(f"{type(error).__name__}: {error}")

    def log(self, message: str) -> None:
        self.protocol.send("window/logMessage", {"type": types.MessageType.Info.value, "message": message})

    def say(self, message: str) -> None:
        self.protocol.send("window/showMessage", {"type": types.MessageType.Warning.value, "message": message})


def serve(child: Child, time_limit: float, debounce: float) -> None:
    """Serves one client on standard input and output until it goes."""
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    server = Server("nel-advisor", __version__, protocol_cls=Protocol, converter_factory=default_converter)
    engine = Engine(child, time_limit)
    documents = Documents(server, engine, debounce)
    register(server, documents, Requests(server, engine, documents), Watching(server, documents))
    try:
        server.start_io()
    finally:
        engine.kill()


def register(server: Server, documents: Documents, requests: Requests, watching: Watching) -> None:
    """Which part answers what."""

    def feature(name: str, options: Any = None) -> Callable[[Handler], object]:
        # pygls marks what it is given, which a bound method does not take.
        return lambda handler: server.feature(name, options)(partial(handler))

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        documents.start(params)

    @server.feature(types.INITIALIZED)
    def initialized(params: types.InitializedParams) -> None:
        watching.start()

    feature(types.TEXT_DOCUMENT_DID_OPEN)(documents.opened)
    feature(types.TEXT_DOCUMENT_DID_CHANGE)(documents.changed)
    feature(types.TEXT_DOCUMENT_DID_SAVE, types.SaveOptions(include_text=False))(documents.saved)
    feature(types.TEXT_DOCUMENT_DID_CLOSE)(documents.closed)
    feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(watching.changed)
    feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(documents.configured)
    pull = types.DiagnosticOptions(inter_file_dependencies=True, workspace_diagnostics=False, identifier="nel-advisor")
    feature(types.TEXT_DOCUMENT_DIAGNOSTIC, pull)(documents.pulled)
    kinds = types.CodeActionOptions(code_action_kinds=[QUICK_FIX, FIX_ALL])
    feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)(requests.code_actions)
    feature(types.TEXT_DOCUMENT_HOVER)(requests.hover)
    feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=_TRIGGERS))(requests.completion)
    feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(requests.symbols)
    feature(types.TEXT_DOCUMENT_DOCUMENT_LINK)(requests.links)
    server.command(EXPLAIN_COMMAND)(partial(requests.explain))
    server.command(FIX_ALL_COMMAND)(partial(requests.fix_all))
    server.command(OPEN_COMMAND)(partial(requests.open_advised))
