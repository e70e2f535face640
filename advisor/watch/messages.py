"""What the daemon and its worker say to each other: JSON behind its length in four bytes, over a socket."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

_LENGTH = 4
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Job:
    """A target to advise on; `signature` is how it looked when it had settled."""

    root: str
    path: str
    kind: str
    signature: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has its rules. `base` changes when anything that advice depends on does, but for the targets
    themselves."""

    base: str
    rules: int


@dataclass(frozen=True, slots=True)
class Broken:
    """The worker cannot begin: the rules or settings are wrong."""

    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job. `files` are whole texts by suffix, `needs` what else was looked at, as (path, signature),
    `again` the seconds after which to ask anew, for a checkpoint that is still being written."""

    state: str
    hash: str = ""
    files: dict[str, str] = field(default_factory=dict)
    errors: int = 0
    warnings: int = 0
    infos: int = 0
    needs: list[tuple[str, str]] = field(default_factory=list)
    again: float = 0.0
    note: str = ""


Message: TypeAlias = Job | Ready | Broken | Result


def encode(message: Message) -> bytes:
    data = json.dumps([type(message).__name__, asdict(message)], ensure_ascii=True).encode()
    return len(data).to_bytes(_LENGTH, "big") + data


class Decoder:
    """Bytes as they come, to messages. Raises ValueError for what is none."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        self._bytes += data
        messages = []
        while len(self._bytes) >= _LENGTH:
            length = int.from_bytes(self._bytes[:_LENGTH], "big")
            if length > MAX_BYTES:
                raise ValueError(f"a message of {length} bytes")
            if len(self._bytes) < _LENGTH + length:
                break
            messages.append(_decode(bytes(self._bytes[_LENGTH : _LENGTH + length])))
            del self._bytes[: _LENGTH + length]
        return messages


def _decode(data: bytes) -> Message:
    kinds: dict[str, Any] = {"Job": Job, "Ready": Ready, "Broken": Broken, "Result": Result}
    try:
        name, values = json.loads(data)
        message: Message = kinds[name](**values)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a message: {error}") from error
    return message
