"""What completion knows of the place that it is asked about."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.document.nodes import Path
from advisor.lsp.cursor import Cursor
from advisor.lsp.legal import section_in
from advisor.lsp.session import Analysis
from advisor.nel.dialect import NEXT
from advisor.nel.schema import Section
from advisor.subjects.subject import World


@dataclass(frozen=True, slots=True)
class Spot:
    """`world` is that of the config without what is being typed; None where nothing of it is known."""

    analysis: Analysis
    world: World | None
    cursor: Cursor
    offset: int
    folders: tuple[str, ...]

    @property
    def is_next(self) -> bool:
        return self.analysis.dialect == NEXT

    @property
    def path(self) -> Path:
        return self.cursor.path

    @property
    def text(self) -> str:
        return self.analysis.document.text

    def section(self, path: Path) -> Section | None:
        return section_in(self.analysis.dialect, path, self.world)

    def names_at(self, *path: str) -> list[str]:
        """The names of the mapping at a path."""
        node = self.world.values.tree.at(path) if self.world is not None else None
        return list(node.data) if node is not None and isinstance(node.data, dict) else []

    def value_at(self, path: Path) -> object:
        return self.world.values.at(path) if self.world is not None else None
