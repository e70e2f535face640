"""What both engines do: conjunctions of atoms over one entity, and forward chaining."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol
else:
    Protocol = object


class ChainRule(NamedTuple):
    """All of `atoms` must hold for one entity; then `concludes` (or '') holds for it and all that it spreads to."""

    atoms: tuple[str, ...]
    concludes: str = ""


Fact = tuple[str, int]  # (atom, entity)
Spread = Mapping[int, Sequence[int]]  # entity -> those that a conclusion on it holds for, itself left out


class Engine(Protocol):
    """What a set of rules makes of the facts of a target."""

    name: str

    def run(self, facts: Iterable[Fact], spread: Spread) -> list[tuple[int, int]]:
        """The (rule index, entity) pairs that fire, sorted."""


class EngineError(RuntimeError):
    """The engine could not run this target; the reference engine can."""
