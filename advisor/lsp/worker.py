"""The engine process: answers the front's requests one after the other, in JSON lines. It ends when the front does."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from advisor.lsp.actions import code_actions, fix_all
from advisor.lsp.completion import complete
from advisor.lsp.diagnostics import diagnose
from advisor.lsp.explaining import explanation
from advisor.lsp.hover import hover
from advisor.lsp.outline import links, symbols
from advisor.lsp.session import Analysis, Checks, Client, Open, Session
from advisor.policies import Policies

# A text that wants more than this is refused rather than left to push the machine into swapping.
MAX_MEMORY = 4 * 1024**3
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_COLLECT = (200_000, 5, 20)
Params = dict[str, Any]


def serve(descriptor: int, front: int, make_policies: Callable[[Checks], Policies]) -> None:
    """Serves on a socket that the front, process `front`, has passed."""
    _end_with(front)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = Answers(Session(make_policies))
    answers.warm()
    # The front is gone when the connection is: there is nobody to tell.
    with (
        suppress(ConnectionError),
        socket.socket(fileno=descriptor) as connection,
        connection.makefile("rwb") as stream,
    ):
        # What is there now stays; what comes is taken apart when it is done with.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECT)
        stream.write(b'{"ready": true}\n')
        stream.flush()
        for line in stream:
            request = json.loads(line)
            answer = answers.answer(request["method"], request["params"])
            if "id" in request:
                stream.write(json.dumps({"id": request["id"], **answer}).encode() + b"\n")
                stream.flush()
                answers.warm_up(request["method"])


class Answers:
    """What the engine process answers, by the name of the request."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._is_warm = False
        self._handlers: dict[str, Callable[[Params], Any]] = {
            "start": self._start,
            "put": lambda params: self.session.put(Open(**params)),
            "close": lambda params: self.session.close(params["uri"]),
            "forget_files": lambda params: self.session.forget_files(),
            "diagnose": self._diagnose,
            "actions": self._about(self._actions),
            "fix_all": self._about(
                lambda analysis, params: fix_all(analysis, versioned=self.session.client.versioned_edits)
            ),
            "hover": self._about(lambda analysis, params: hover(analysis, _offset(analysis, params), self._markup())),
            "complete": self._about(
                lambda analysis, params: complete(
                    analysis, _offset(analysis, params), self.session.client.folders, self._markup()
                )
            ),
            "symbols": self._about(lambda analysis, params: symbols(analysis)),
            "links": self._about(lambda analysis, params: links(analysis)),
            "explain": self._about(lambda analysis, params: explanation(analysis, params["rule"])),
        }

    def warm(self) -> None:
        """Load and compile the rules before the first text comes."""
        try:
            self.session.policy(os.path.join(os.getcwd(), "x.yaml"))
        except (ValueError, OSError):
            return  # it will be said of the text that it concerns

    def warm_up(self, method: str) -> None:
        """After the first advice, which compiles only the rules that it needs: compile all, before the next edit."""
        if method == "diagnose" and not self._is_warm:
            self._is_warm = True
            self.session.compile_rules()

    def answer(self, method: str, params: Params) -> dict[str, Any]:
        """`result`, or `error` where settings or rules are wrong or the engine failed."""
        try:
            return {"result": self._handlers[method](params)}
        except (ValueError, OSError) as error:
            return {"error": str(error)}
        except Exception as error:  # whatever it is, the next request must still be answered
            print(f"nel-advisor: {method}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return {"error": f"it failed inside nel-advisor ({type(error).__name__})"}

    def _start(self, params: Params) -> None:
        given = params.pop("checks")
        checks = Checks(**given | {name: tuple(given.get(name, ())) for name in ("select", "ignore")})
        self.session.start(Client(**{**params, "folders": tuple(params["folders"])}, checks=checks))

    def _about(self, handler: Callable[[Analysis, Params], Any]) -> Callable[[Params], Any]:
        """A handler of requests that are about one open text; None where it is not open, or no NEL config."""

        def handle(params: Params) -> Any:
            analysis = self.session.analysis(params["uri"])
            return handler(analysis, params) if analysis is not None and analysis.is_ours else None

        return handle

    def _diagnose(self, params: Params) -> dict[str, Any] | None:
        analysis = self.session.analysis(params["uri"])
        return diagnose(analysis) if analysis is not None else None

    def _markup(self) -> str:
        return "markdown" if self.session.client.markdown else "plaintext"

    def _actions(self, analysis: Analysis, params: Params) -> list[dict[str, Any]]:
        start, end = (analysis.positions.offset(params["range"][side]) for side in ("start", "end"))
        versioned = self.session.client.versioned_edits
        return code_actions(analysis, start, end, params.get("only") or (), versioned=versioned)


def _offset(analysis: Analysis, params: Params) -> int:
    return analysis.positions.offset(params["position"])


def _end_with(front: int) -> None:
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != front:
        os._exit(1)
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
