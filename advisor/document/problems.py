"""What can be wrong with a file before it means anything."""

from __future__ import annotations

from advisor.document.nodes import Span
from advisor.records import NamedTuple


class Problem(NamedTuple):
    """`kind` is a stable short name that rules ask for; `other` is the first place of a duplicate."""

    kind: str
    message: str
    span: Span
    hint: str = ""
    other: Span | None = None
