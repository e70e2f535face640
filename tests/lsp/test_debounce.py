"""When an edit's diagnostics are worked out, and when they are shown."""

from __future__ import annotations

import time
from typing import Any

import pytest

pytest.importorskip("pygls", reason="the extra lsp is not installed")
import asyncio
from types import SimpleNamespace

from lsprotocol import types

from advisor.lsp.documents import Documents
from tests.lsp.raw import Raw, at
from tests.lsp.texts import MISTAKEN

URI = "file:///nowhere/eval.yaml"
DEBOUNCE = 1.0


def test_what_is_shown_is_of_the_last_edit_and_not_before_the_text_has_rested() -> None:
    server = Raw("--debounce", str(DEBOUNCE))
    server.start()
    server.open(URI, MISTAKEN)
    server.diagnostics(URI, 1)
    for version in (2, 3, 4):
        server.change(URI, version, {"range": {"start": at(0, 0), "end": at(0, 0)}, "text": "# more\n"})
        time.sleep(DEBOUNCE / 2)
    edited = time.monotonic() - DEBOUNCE / 2
    server.diagnostics(URI)
    shown = time.monotonic()
    assert server.close() == 0
    published = [one["params"] for one in server.seen if one.get("method") == "textDocument/publishDiagnostics"]
    assert [one["version"] for one in published if one["uri"] == URI] == [1, 4]
    # The edit was sent a moment before the sleep began.
    assert shown - edited > DEBOUNCE * 0.95


class _Clock:
    """Stands for server and engine; notes when each was spoken to."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, float]] = []
        self.protocol = SimpleNamespace(send=lambda method, params: self._note("shown"))

    def _note(self, what: str) -> None:
        self.noted.append((what, time.monotonic()))

    async def ask(self, method: str, params: dict[str, Any], urgency: int = 0) -> dict[str, Any]:
        self._note("asked")
        return {"items": [], "depends": []}


def test_the_answer_is_worked_out_while_the_debounce_runs() -> None:
    clock = _Clock()

    async def type_something() -> None:
        documents = Documents(clock, clock, DEBOUNCE)  # type: ignore[arg-type]
        documents.opened(types.DidOpenTextDocumentParams(types.TextDocumentItem(URI, "yaml", 1, MISTAKEN)))
        await asyncio.sleep(0.1)
        clock.noted.clear()
        named = types.VersionedTextDocumentIdentifier(2, URI)
        documents.changed(types.DidChangeTextDocumentParams(named, [types.TextDocumentContentChangeWholeDocument("")]))
        await asyncio.sleep(DEBOUNCE * 1.5)

    asyncio.run(type_something())
    (first, asked), (second, shown) = clock.noted
    assert (first, second) == ("asked", "shown")
    assert shown - asked > DEBOUNCE / 4
