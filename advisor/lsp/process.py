"""The front's side of the engine process: starts it, asks it, holds it to its time, and replaces one that is lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import advisor

# -P, and the package's own place at the end of the path: nothing in the folder of the editor is imported.
_CODE = (
    "import sys; sys.path.append(sys.argv[1]); from advisor.cli.lsp import engine; "
    "engine(int(sys.argv[2]), int(sys.argv[3]))"
)
_START_LIMIT = 60.0
# An editor stays open for weeks: after so many answers a new process takes over, whatever the old one may have kept.
_WORN = 10_000
_LONGEST_LINE = 1 << 30


class EngineLost(Exception):
    """The engine process is gone, and why; another one was started. `overdue`: it was killed for being too slow."""

    def __init__(self, why: str, overdue: bool) -> None:
        super().__init__(why)
        self.overdue = overdue


class EngineFailed(Exception):
    """The engine answered that it cannot: settings or rules that are wrong, or a failure inside of it."""


class Child:
    """One engine process, warming up from the moment that this is made."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        place = str(Path(advisor.__file__).parent.parent)
        command = [sys.executable, "-P", "-c", _CODE, place, str(theirs.fileno()), str(os.getpid())]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2, pass_fds=[theirs.fileno()])
        theirs.close()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ready(self) -> None:
        """Wait until it has loaded the rules. Raises ConnectionError and TimeoutError."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(sock=self._socket, limit=_LONGEST_LINE)
            async with asyncio.timeout(_START_LIMIT):
                await self.receive()

    async def send(self, message: dict[str, Any]) -> None:
        assert self._writer is not None
        self._writer.write(json.dumps(message).encode() + b"\n")
        await self._writer.drain()

    async def receive(self) -> dict[str, Any]:
        """Raises ConnectionError when the process has hung up."""
        assert self._reader is not None
        line = await self._reader.readline()
        if not line:
            raise ConnectionError
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self, *, overdue: bool) -> str:
        """Kills the process if it still runs, and says how it ended. One that is not overdue has hung up by itself."""
        if self._writer is not None:
            self._writer.close()
        else:
            self._socket.close()
        try:
            code = self._process.wait(0.0 if overdue else 0.5)
        except subprocess.TimeoutExpired:
            self.kill()
            return "was ended"
        return f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Engine:
    """The engine, whichever process it is at the moment. One request is with it at a time; the most urgent is next."""

    def __init__(self, child: Child, limit: float = 10.0, worn: int = _WORN) -> None:
        self.limit, self.worn = limit, worn
        self.child = child
        self._answers = 0
        self.on_lost: Callable[[str], None] = lambda why: None
        self.on_start: list[dict[str, Any]] = []
        self.texts: Callable[[], dict[str, tuple[int, dict[str, Any]]]] = dict
        self._waiting: list[tuple[int, int, dict[str, Any], asyncio.Future[Any]]] = []
        self._sent: dict[str, int] | None = None
        self._count = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def ask(self, method: str, params: dict[str, Any], urgency: int = 0) -> Any:
        """The answer to a request; less is more urgent. Raises EngineLost and EngineFailed."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._run())
        self._count += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((urgency, self._count, {"id": self._count, "method": method, "params": params}, future))
        self._wake.set()
        return await future

    def tell_on_start(self, *messages: dict[str, Any]) -> None:
        """What every new process is told first; the present one is told again."""
        self.on_start = list(messages)
        self._sent = None

    async def _run(self) -> None:
        while True:
            self._waiting = [one for one in self._waiting if not one[3].done()]
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            chosen = min(self._waiting, key=lambda one: one[:2])
            self._waiting.remove(chosen)
            _, _, message, future = chosen
            try:
                answer = await self._with_another_try(message)
            except EngineLost as lost:
                if not future.done():
                    future.set_exception(lost)
                continue
            except OSError as error:  # not even another process can be started
                if not future.done():
                    future.set_exception(EngineFailed(f"no engine process can be started: {error}"))
                continue
            self._answers += 1
            if self._answers >= self.worn:
                self.child.end(overdue=True)
                self._replace()
            if future.done():
                continue
            if "error" in answer:
                future.set_exception(EngineFailed(answer["error"]))
            else:
                future.set_result(answer["result"])

    async def _with_another_try(self, message: dict[str, Any]) -> dict[str, Any]:
        """That a process died, maybe long before it was asked, is no fault of the request: another is asked once."""
        try:
            return await self._exchange(message)
        except EngineLost as lost:
            if lost.overdue:
                raise
            self.on_lost(str(lost))
            return await self._exchange(message)

    async def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        try:
            await self.child.ready()
            async with asyncio.timeout(self.limit):
                await self._bring_up_to_date()
                await self.child.send(message)
                while (answer := await self.child.receive())["id"] != message["id"]:
                    pass
                return answer
        except (TimeoutError, OSError, ValueError) as error:
            overdue = isinstance(error, TimeoutError)
            ended = self.child.end(overdue=overdue)
            self._replace()
            raise EngineLost(f"took longer than {self.limit:g} s" if overdue else ended, overdue) from None

    def _replace(self) -> None:
        self._answers = 0
        self._sent = None
        self.child = Child()

    async def _bring_up_to_date(self) -> None:
        """Tell the process what it does not know yet: how to start, and each text that has changed."""
        if self._sent is None:
            self._sent = {}
            for message in self.on_start:
                await self.child.send(message)
        texts = self.texts()
        for uri in [uri for uri in self._sent if uri not in texts]:
            del self._sent[uri]
            await self.child.send({"method": "close", "params": {"uri": uri}})
        for uri, (stamp, params) in texts.items():
            if self._sent.get(uri) != stamp:
                self._sent[uri] = stamp
                await self.child.send({"method": "put", "params": params})

    async def tell(self, method: str) -> None:
        """Something that needs no answer."""
        if self._sent is not None:
            with suppress(OSError):  # a process that is gone shows when it is asked
                await self.child.send({"method": method, "params": {}})

    def kill(self) -> None:
        """End the process for good; the event loop may be closed already."""
        self.child.kill()
