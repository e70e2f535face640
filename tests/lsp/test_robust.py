"""What a server must survive: bytes that are no messages, edits of nowhere, huge texts, a hanging or dying engine."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls", reason="the extra lsp is not installed")
from advisor.lsp.process import Child, Engine
from tests.lsp.raw import Raw, at
from tests.lsp.texts import MISTAKEN

URI = "file:///nowhere/eval.yaml"


@pytest.fixture(scope="module")
def server() -> Iterator[Raw]:
    raw = Raw("--debounce", "0")
    raw.start()
    yield raw
    raw.process.kill()


def names(found: list[dict[str, Any]]) -> set[str]:
    return {one["data"]["name"] for one in found if "data" in one}


def assert_alive(server: Raw, uri: str = "file:///nowhere/alive.yaml") -> None:
    server.open(uri, MISTAKEN)
    assert "walltime-unquoted" in names(server.diagnostics(uri, 1))
    server.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


NO_MESSAGES = {
    "no JSON": framed(b"{not json"),
    "no object": framed(b"[1, 2]"),
    "a number": framed(b"1"),
    "null": framed(b"null"),
    "no UTF-8": framed(b'{"jsonrpc": "2.0", "method": "\xff"}'),
    "no header": b"hello\r\n\r\n",
    "an unknown header": b"X: y\r\n" + framed(b'{"jsonrpc": "2.0", "method": "a"}'),
    "an unknown notification": framed(b'{"jsonrpc": "2.0", "method": "no/such", "params": {}}'),
    "no method": framed(b'{"jsonrpc": "2.0"}'),
    "another version": framed(b'{"jsonrpc": "1.0", "method": "x"}'),
    "an answer to nothing": framed(b'{"jsonrpc": "2.0", "id": 77777, "result": {}}'),
    "a cancelled nothing": framed(b'{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 4711}}'),
    "parameters of another kind": framed(b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": [1]}'),
    "an id of another kind": framed(b'{"jsonrpc": "2.0", "id": {}, "method": "textDocument/hover", "params": {}}'),
}


@pytest.mark.parametrize("data", NO_MESSAGES.values(), ids=NO_MESSAGES)
def test_bytes_that_are_no_message(server: Raw, data: bytes) -> None:
    server.send_bytes(data)
    assert_alive(server)


@pytest.mark.parametrize(
    ("method", "code"), [("no/such", -32601), ("textDocument/hover", -32602), ("workspace/executeCommand", -32602)]
)
def test_a_request_that_cannot_be_answered_is_refused(server: Raw, method: str, code: int) -> None:
    assert server.request(method, {"command": "no-such-command"})["error"]["code"] == code


@pytest.mark.parametrize(
    "method", ["hover", "completion", "documentSymbol", "documentLink", "codeAction", "diagnostic"]
)
def test_requests_on_a_text_that_is_not_open(server: Raw, method: str) -> None:
    span = {"start": at(0, 0), "end": at(9, 9)}
    params = {"textDocument": {"uri": "file:///not/open"}, "position": at(1, 1), "range": span}
    if method == "codeAction":
        params["context"] = {"diagnostics": []}
    answer = server.request(f"textDocument/{method}", params)
    assert not answer.get("result") or answer["result"]["items"] == []


RANGES = {
    "after the last line": (at(9999, 0), at(9999, 9)),
    "after the end of a line": (at(0, 9999), at(0, 99999)),
    "end before start": (at(5, 3), at(2, 0)),
    "all and more": (at(0, 0), at(10**9, 10**9)),
}


@pytest.mark.parametrize(("start", "end"), RANGES.values(), ids=RANGES)
def test_edits_out_of_range(server: Raw, start: dict[str, int], end: dict[str, int]) -> None:
    server.open(URI, MISTAKEN)
    server.diagnostics(URI, 1)
    server.change(URI, 2, {"range": {"start": start, "end": end}, "text": "# x\n"})
    server.diagnostics(URI, 2)
    server.change(URI, 3, {"text": MISTAKEN})
    assert "walltime-unquoted" in names(server.diagnostics(URI, 3))
    assert server.request("textDocument/hover", {"textDocument": {"uri": URI}, "position": end})["result"] is None
    server.notify("textDocument/didClose", {"textDocument": {"uri": URI}})


def test_an_edit_of_a_text_that_was_never_opened(server: Raw) -> None:
    server.change("file:///never/opened", 2, {"text": "x"})
    assert_alive(server)


@pytest.mark.parametrize(
    "text",
    [MISTAKEN + "# " + "x" * 5_000_000 + "\n", MISTAKEN + "# y\n" * 1_250_000],
    ids=["a long line", "many lines"],
)
def test_five_megabytes(server: Raw, text: str) -> None:
    server.open(URI, text)
    assert "walltime-unquoted" in names(server.diagnostics(URI, 1, 60))
    server.change(URI, 2, {"range": {"start": at(8, 12), "end": at(8, 20)}, "text": "'12:00:00'"})
    assert "walltime-unquoted" not in names(server.diagnostics(URI, 2, 60))
    last = text.count("\n")
    server.change(URI, 3, {"range": {"start": at(last, 0), "end": at(last, 0)}, "text": "exp"})
    where = {"textDocument": {"uri": URI}, "position": at(last, 3)}
    offered = server.request("textDocument/completion", where, 60)["result"]["items"]
    assert "export" in {item["label"] for item in offered}
    assert server.request("textDocument/hover", {**where, "position": at(5, 3)}, 60)["result"] is not None
    server.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert_alive(server)


def test_a_text_that_is_no_unicode(server: Raw) -> None:
    server.open(URI, MISTAKEN + "# \ud800\n")
    assert "file-not-text" in names(server.diagnostics(URI, 1))
    server.notify("textDocument/didClose", {"textDocument": {"uri": URI}})


def test_the_engine_process_dies_and_another_takes_over(server: Raw) -> None:
    assert_alive(server)
    server.seen.clear()
    os.kill(server.engine_pid(), signal.SIGKILL)
    assert_alive(server)
    said = [one["params"]["message"] for one in server.seen if one.get("method") == "window/showMessage"]
    assert len(said) == 1
    assert "SIGKILL" in said[0]


def test_an_engine_process_is_replaced_when_it_is_worn() -> None:
    async def used() -> list[int]:
        engine = Engine(Child(), worn=2)
        engine.tell_on_start({"method": "start", "params": {"encoding": "utf-16", "folders": [], "checks": {}}})
        engine.texts = lambda: {URI: (1, {"uri": URI, "version": 1, "text": MISTAKEN})}
        pids = []
        for _ in range(4):
            pids.append(engine.child.pid)
            answer = await engine.ask("diagnose", {"uri": URI})
            assert "walltime-unquoted" in names(answer["items"])
        engine.kill()
        return pids

    pids = asyncio.run(used())
    assert pids[0] == pids[1] != pids[2] == pids[3]


HANGING_RULE = r"""
id: SITE001
name: hangs
severity: warning
on: deployment
when:
  - served_model_name: {matches: "(a+)+b"}
message: "never"
why: "Its pattern takes for ever on some names."
evidence: ["a test"]
examples:
  - bad: |
      deployment: {served_model_name: ab}
    good: |
      deployment: {served_model_name: c}
"""


def test_a_rule_that_hangs_is_given_up_and_said(tmp_path: Path) -> None:
    (tmp_path / "site" / "own").mkdir(parents=True)
    (tmp_path / "site" / "own" / "hangs.yaml").write_text(HANGING_RULE)
    (tmp_path / ".nel-advisor.yaml").write_text("rules: [site]\n")
    uri = (tmp_path / "eval.yaml").as_uri()
    server = Raw("--debounce", "0", "--time-limit", "1.5")
    server.start()
    try:
        server.open(uri, MISTAKEN)
        assert "walltime-unquoted" in names(server.diagnostics(uri, 1))
        server.change(uri, 2, {"text": MISTAKEN.replace("served_model_name: model", "served_model_name: " + "a" * 60)})
        (said,) = server.diagnostics(uri, 2)
        assert "took longer than 1.5 s" in said["message"]
        server.change(uri, 3, {"text": MISTAKEN})
        assert "walltime-unquoted" in names(server.diagnostics(uri, 3))
    finally:
        server.process.kill()


@pytest.mark.parametrize("end", ["exit", "eof", "kill"])
def test_the_engine_ends_with_the_server(end: str) -> None:
    server = Raw()
    server.start()
    engine = server.engine_pid()
    if end == "exit":
        assert server.close() == 0
    elif end == "eof":
        assert server.process.stdin is not None
        server.process.stdin.close()
        server.process.wait(10)
    else:
        server.process.kill()
        server.process.wait(10)
    for _ in range(100):
        if not Path(f"/proc/{engine}").exists() or "\nState:\tZ" in Path(f"/proc/{engine}/status").read_text():
            break
        signal.sigtimedwait([], 0.05)
    else:
        pytest.fail("the engine process is still there")
    assert b"Traceback" not in b"".join(server.errors)


def test_a_client_that_pulls_is_not_pushed_to_and_told_when_to_pull_again(tmp_path: Path) -> None:
    uri = (tmp_path / "eval.yaml").as_uri()
    server = Raw("--debounce", "0", cwd=tmp_path)
    pulls = {"textDocument": {"diagnostic": {}}, "workspace": {"diagnostics": {"refreshSupport": True}}}
    server.start(pulls)
    try:
        server.open(uri, MISTAKEN)
        answer = server.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        assert "walltime-unquoted" in names(answer["result"]["items"])
        (tmp_path / ".nel-advisor.yaml").write_text("ignore: [walltime-unquoted]\n")
        changed = {"uri": (tmp_path / ".nel-advisor.yaml").as_uri(), "type": 1}
        server.notify("workspace/didChangeWatchedFiles", {"changes": [changed]})
        server.wait(lambda one: one.get("method") == "workspace/diagnostic/refresh")
        answer = server.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        assert "walltime-unquoted" not in names(answer["result"]["items"])
        assert not [one for one in server.seen if one.get("method") == "textDocument/publishDiagnostics"]
    finally:
        server.process.kill()
