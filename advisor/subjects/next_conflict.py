"""What nel-next refuses in how the parts of a config fit together."""

from __future__ import annotations

from advisor.nel.effective import elements
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from advisor.document.nodes import Path
    from advisor.nel.effective import Effective

REFERENCE, POOL, DEPENDENCY, SANDBOX, SELF_JUDGE, COMBINATION = (
    "next-service-ref", "next-node-pool", "next-depends-on", "next-sandbox-ref", "next-self-judge", "next-combination",
)  # fmt: skip
_SHOWN = 8


class Conflict(NamedTuple):
    """What nel-next refuses: `slug` is the finding's name, `meant` the name that was meant."""

    slug: str
    path: Path
    problem: str
    meant: str | None = None


def benchmarks(tree: Effective) -> list[tuple[Path, Effective]]:
    """The benchmarks that are mappings, with their paths."""
    node = tree.child("benchmarks")
    items = elements(node)
    return [(("benchmarks", index), item) for index, item in enumerate(items) if isinstance(item.data, dict)]


def metrics(tree: Effective, path: Path) -> list[tuple[Path, Effective]]:
    """The metrics of the benchmark at a path that are mappings, with their paths."""
    node = tree.at((*path, "scoring", "metrics"))
    items = elements(node)
    return [((*path, "scoring", "metrics", n), item) for n, item in enumerate(items) if isinstance(item.data, dict)]


def shown(names: Iterable[str]) -> str:
    """The names that there are, for people."""
    return ", ".join(list(names)[:_SHOWN]) or "none"
