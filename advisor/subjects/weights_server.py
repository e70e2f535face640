"""One checkpoint and the server that loads it, as the other modules on weights ask for them."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.nel.engine import EngineVersion
from advisor.nel.outcomes import (
    NO_FLAG,
)
from advisor.nel.values import ABSENT, Unknown, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.checkpoint.quantization import Quantization
    from advisor.checkpoint.read import Checkpoint
    from advisor.subjects.command import Server
    from advisor.subjects.subject import Subject


@dataclass(frozen=True, slots=True)
class Serving:
    """One checkpoint and the server that loads it."""

    command: Subject
    deployment: Subject
    checkpoint: Checkpoint
    quantization: Quantization | None
    engine: EngineVersion
    servers: tuple[Server, ...]
    flag: Subject | None  # of --quantization
    gres: Value = ABSENT

    @property
    def flag_value(self) -> Value:
        return NO_FLAG if self.flag is None else self.flag.get("value")

    def flags(self, name: str) -> list[Subject]:
        return [one for one in self.command.world.of("flag") if one.parent is self.command and one.get("name") == name]

    def given(self, name: str) -> Value:
        """Whether a server is given a flag, also by the shipped command."""
        if any(server.arguments.get(name) for server in self.servers):
            return True
        complete = all(server.arguments.complete and server.serve.certain for server in self.servers)
        return False if complete else Unknown("a shell may add flags")
