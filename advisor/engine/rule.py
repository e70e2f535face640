"""A rule as the engine has it: frozen, validated, with nothing in it that runs."""

from __future__ import annotations

from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

ERROR, WARNING, INFO = "error", "warning", "info"
SEVERITIES = (ERROR, WARNING, INFO)
AUTO, ASK = "auto", "ask"

# {"name": ..., "ops": {...}} | {"any": [[...], ...]} | {"concluded": ...}
ConditionData: TypeAlias = "dict[str, Any]"


class FixSpec(NamedTuple):
    """`edits` are (operation, name, argument) with names and templates as a rule writes them."""

    title: str
    safety: str
    edits: tuple[tuple[str, str, Any], ...]


class Rule(NamedTuple):
    """`on` are the kinds of subject; `when` the conditions, all of which must hold; `concludes` a derived fact."""

    id: str
    name: str
    family: str
    severity: str
    on: tuple[str, ...]
    when: tuple[ConditionData, ...]
    message: str
    why: str
    at: str = ""
    concludes: str = ""
    fix: FixSpec | None = None
    nel: str = ""
    covers: tuple[str, ...] = ()
    name_by: str = ""
    evidence: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    file: str = ""

    @property
    def reports(self) -> bool:
        """A rule without a message only concludes."""
        return bool(self.message)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that its findings can carry."""
        return self.covers or (self.name,)
