"""A client that speaks plain bytes to a real server: for what a well-behaved client never sends."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any


class Raw:
    """One server process. Everything that it sends is kept in `seen`."""

    def __init__(self, *args: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "advisor", "lsp", *args],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env=env,
        )  # fmt: skip
        self.seen: list[dict[str, Any]] = []
        self._arrived: queue.Queue[dict[str, Any]] = queue.Queue()
        self._ids = iter(range(1, 1_000_000))
        self.errors: list[bytes] = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        length = 0
        while line := stream.readline():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            elif not line.strip():
                self._arrived.put(json.loads(stream.read(length)))

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self.errors += self.process.stderr

    def send_bytes(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: Any) -> None:
        body = json.dumps(message).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    def notify(self, method: str, params: Any) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: Any, timeout: float = 20) -> Any:
        """The whole answer, result or error."""
        number = next(self._ids)
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return self.wait(lambda one: one.get("id") == number and "method" not in one, timeout)

    def wait(self, wanted: Any, timeout: float = 20) -> dict[str, Any]:
        """The next message that is wanted. Requests of the server are answered with null on the way."""
        end = time.monotonic() + timeout
        while True:
            message = self._arrived.get(timeout=max(0.01, end - time.monotonic()))
            self.seen.append(message)
            if "id" in message and "method" in message:
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": None})
            if wanted(message):
                return message

    def start(self, capabilities: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        answer = self.request(
            "initialize", {"processId": None, "rootUri": None, "capabilities": capabilities or {}, **more}
        )
        self.notify("initialized", {})
        found: dict[str, Any] = answer["result"]
        return found

    def open(self, uri: str, text: str, version: int = 1) -> None:
        about = {"uri": uri, "languageId": "yaml", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": about})

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        self.notify(
            "textDocument/didChange", {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes}
        )

    def diagnostics(self, uri: str, version: int | None = None, timeout: float = 20) -> list[dict[str, Any]]:
        def wanted(one: dict[str, Any]) -> bool:
            if one.get("method") != "textDocument/publishDiagnostics" or one["params"]["uri"] != uri:
                return False
            return version is None or one["params"].get("version") == version

        found: list[dict[str, Any]] = self.wait(wanted, timeout)["params"]["diagnostics"]
        return found

    def engine_pid(self) -> int:
        """The engine process, as the kernel knows it."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[-1])

    def close(self) -> int:
        """Ends the server as a client does, and gives its exit code."""
        try:
            self.request("shutdown", None)
            self.notify("exit", None)
            return self.process.wait(10)
        finally:
            self.process.kill()
            for stream in (self.process.stdin, self.process.stdout):
                assert stream is not None
                os.close(os.dup(stream.fileno()))


def at(line: int, character: int) -> dict[str, int]:
    return {"line": line, "character": character}
