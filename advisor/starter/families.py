"""What is known of model families, by their names. Values that nobody read in a source are not told.

Source: rules/knowledge/families.json.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from advisor.knowledge import table

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"[\w-]+\Z")
_UNREAD = "unverified"


class Family(NamedTuple):
    name: str
    default: str  # reasoning without a switch: on, off, or a sentence
    record: dict[str, Any]

    def parser(self, engine: str) -> str:
        """The engine's reasoning parser, where the table has just one; else ''."""
        value = self.record.get(f"{engine}_reasoning_parser", "")
        return value if _WORD.match(value) and value != "none" else ""


def family_of(names: Iterable[str]) -> Family | None:
    """The first family that one of these names is of."""
    for pattern, record in _families():
        if any(pattern.search(name) for name in names):
            known = record["confidence"].lower() != _UNREAD
            return Family(record["family"], record.get("default", ""), record) if known else None
    return None


@cache
def _families() -> tuple[tuple[re.Pattern[str], dict[str, Any]], ...]:
    return tuple((re.compile(one["match"], re.I), one) for one in table("families")["families"])
