"""The tree of a YAML text: what each key and value is, and where it stands."""

from __future__ import annotations

from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

Data: TypeAlias = "bool | int | float | str | list[Data] | dict[str, Data] | None"
Path: TypeAlias = "tuple[str | int, ...]"


class Span(NamedTuple):
    """Half-open range of code points in the document's text, its byte order mark not counted."""

    start: int
    end: int


class Scalar(NamedTuple):
    """`text` is the scalar's content after YAML unescaping, `value` what NEL's loader makes of it.

    `style` is '' (plain), "'", '"', '|' or '>'.
    """

    span: Span
    value: bool | int | float | str | None
    text: str
    style: str = ""
    anchor: str | None = None


class Entry(NamedTuple):
    """One key of a mapping. `alias` is the span of `*name` where the value is an alias; `merged` says that
    the entry came through `<<`, so that its spans lie in the anchor's mapping."""

    key: Scalar
    value: Node
    alias: Span | None = None
    merged: bool = False

    @property
    def name(self) -> str:
        return self.key.text


class Mapping(NamedTuple):
    """`entries` are the effective ones in order: merged keys first, the last of two equal keys wins."""

    span: Span
    entries: dict[str, Entry]
    flow: bool = False
    anchor: str | None = None


class Item(NamedTuple):
    """One element of a sequence; `alias` as in Entry."""

    value: Node
    alias: Span | None = None


class Sequence(NamedTuple):
    span: Span
    items: tuple[Item, ...]
    flow: bool = False
    anchor: str | None = None


Node: TypeAlias = "Scalar | Mapping | Sequence"


def plain(node: Node) -> Data:
    """The node as plain data: dict, list and scalars."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Mapping):
        return {name: plain(entry.value) for name, entry in node.entries.items()}
    return [plain(item.value) for item in node.items]


def dotted(path: Path) -> str:
    """A path as people write it: `evaluation.tasks[0].name`."""
    out = ""
    for part in path:
        if isinstance(part, int):
            out += f"[{part}]"
        else:
            out += f".{part}" if out else part
    return out
