"""The legal keys of every section of a launcher config, their types, and what becomes of a key that is not legal.

Source: nemo-evaluator-launcher 0.2.6 (its pydantic models, and what its executors read) and nemo-evaluator 0.2.8,
which runs in the evaluation container.
"""

from __future__ import annotations

from enum import Enum
from functools import cache, lru_cache

from advisor.knowledge import table
from advisor.nel.context import NEWEST_NEL
from advisor.nel.field_types import check_for
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from advisor.document.nodes import Path

_PASS_THROUGH = "nemo_evaluator_config"
# The next part of a path below these is a name that someone chose.
_NAMED = {("auxiliary_deployments",), ("execution", "mounts", "auxiliary")}


class Unknown(Enum):
    """What becomes of a key that a section does not have."""

    SUBMIT = "submit"
    """The launcher refuses it; the dry run too."""
    CONTAINER = "container"
    """The evaluation container refuses it, after the model is served."""
    EXPORT = "export"
    """The exporter refuses it, after the run."""
    IGNORED = "ignored"
    """Nobody reads it. It may still be the source of an interpolation."""
    FREE = "free"
    """Any key is legal."""


class Section(NamedTuple):
    """`keys` are the legal keys with their types (see field_types; "any" where nothing checks the type). `refused`
    keys are errors that the launcher has a message of its own for."""

    name: str
    unknown: Unknown
    keys: Mapping[str, str]
    required: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()

    def type_problem(self, key: str, value: Any) -> str | None:
        """Why the value has the wrong type for the key; None where it has not, or nothing checks it.

        SUBMIT sections are checked before `${...}` is resolved: there the value is the text as written, so that
        `env_vars: ${common}` is wrong. Everywhere else it is the resolved value.
        """
        return check_for(self.keys.get(key, "any"))(value)


@lru_cache(maxsize=8192)
def section(path: Path, execution: str | None = None, deployment: str | None = None) -> Section | None:
    """The section at a path; None for one that is not known (a scalar, or another executor's own).

    `execution` and `deployment` are the effective types; they decide only below those two keys.
    """
    if path[:1] == (_PASS_THROUGH,):
        return None
    types = {"execution": execution, "deployment": deployment}
    name = section_name(path)
    own = types.get(str(path[0])) if path else None
    found = _sections()
    return found.get(f"{name}@{own}") or found.get(name)


def read_by(path: Path, key: str) -> tuple[str, ...]:
    """The types (of execution or deployment) that read a key of the section at a path: there it is not ignored."""
    prefix = f"{section_name(path)}@"
    return tuple(
        one.name.removeprefix(prefix) for one in _sections().values() if one.name.startswith(prefix) and key in one.keys
    )


@cache
def exporters() -> tuple[str, ...]:
    """The destinations that `auto_export` and `export` know."""
    return tuple(name.removeprefix("export.") for name, one in _sections().items() if one.unknown is Unknown.EXPORT)


def as_section(name: str, record: Any) -> Section:
    """A record of the table; untyped keys are a list there, typed ones a mapping."""
    keys = record.get("keys", {})
    typed = keys if isinstance(keys, dict) else dict.fromkeys(keys, "any")
    unknown = Unknown(record.get("unknown", "ignored"))
    return Section(name, unknown, typed, tuple(record.get("required", ())), frozenset(record.get("refused", ())))


@cache
def known() -> Any:
    """The whole table of the newest NEL."""
    return table("schema")["versions"][NEWEST_NEL]


@cache
def _sections() -> dict[str, Section]:
    return {name: as_section(name, record) for name, record in known()["sections"].items()}


def section_name(path: Path) -> str:
    """The table's name of the section at a path: `evaluation.tasks[]`."""
    if _PASS_THROUGH in path:
        at = path.index(_PASS_THROUGH)
        if section_name(path[:at]) in ("evaluation", "evaluation.tasks[]"):
            path = path[at:]
    out = ""
    for i, part in enumerate(path):
        if isinstance(part, int):
            out += "[]"
        elif path[:i] in _NAMED:
            out += ".*"
        else:
            out += f".{part}" if out else part
    return out
