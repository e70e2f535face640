"""A key as it is written below `nemo_evaluator_config`: what a `param`, an `extra` and an `adapter_field` have in
common."""

from __future__ import annotations

from advisor.nel.values import ABSENT, Absent, Unknown
from advisor.subjects.subject import Attribute, Place, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.nodes import Path
    from advisor.nel.effective import Effective
    from advisor.nel.schema import Section
    from advisor.nel.values import Value
    from advisor.subjects.scopes import Scope


class Written:
    """A key of a scope's own values and what stands there."""

    __slots__ = ("name", "node", "path", "scope")

    def __init__(self, scope: Scope, path: Path, node: Effective) -> None:
        self.scope, self.path, self.node, self.name = scope, path, node, str(path[-1])

    def value(self) -> Value:
        return self.scope.world.values.resolve(self.node)

    def type_problem(self, legal: Section) -> Value:
        """What is wrong with the value's type; ABSENT where nothing is, or nobody knows."""
        value = self.value()
        return ABSENT if isinstance(value, Unknown | Absent) else legal.type_problem(self.name, value)

    def meant(self) -> Value:
        """The legal key that was meant; ABSENT where none is near."""
        return ABSENT

    def meant_text(self) -> str:
        meant = self.meant()
        return f"; did you mean {meant}" if isinstance(meant, str) else ""

    def locate(self, name: str) -> Place | None:
        return self.scope.place(self.path) if name == "value" else None

    def add(
        self, kind: str, attributes: dict[str, Attribute], parent: Subject, otherwise: Callable[[], Place]
    ) -> Subject:
        """The subject of a kind for it, at its key; `otherwise` tells where one of another file stands."""
        scope, span = self.scope, self.node.origin.key or self.node.origin.value
        path = (*scope.path, *self.path)
        place = Place(path, span) if span is not None else otherwise()
        return scope.world.add(
            Subject(kind, place, scope.world, attributes, self.node, path, parent, view=self, locate=self.locate)
        )
