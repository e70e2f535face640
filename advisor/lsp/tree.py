"""What stands at an offset of a text that parses."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.document.document import Document
from advisor.document.nodes import Mapping, Node, Path, Scalar, Sequence, Span


@dataclass(frozen=True, slots=True)
class Standing:
    """`path` is the key's or the element's; `span` that of the key or of the scalar that the offset is in."""

    path: Path
    span: Span
    on_key: bool
    node: Node


def standing_at(document: Document, offset: int) -> Standing | None:
    """The key or scalar at an offset; None between them."""
    return _in(document.root, (), offset) if document.root is not None else None


def _in(node: Node, path: Path, offset: int) -> Standing | None:
    if isinstance(node, Mapping):
        for name, entry in node.entries.items():
            if entry.merged:
                continue
            if _holds(entry.key.span, offset):
                return Standing((*path, name), entry.key.span, True, entry.value)
            if entry.alias is not None:
                if _holds(entry.alias, offset):
                    return Standing((*path, name), entry.alias, False, entry.value)
            elif _holds(entry.value.span, offset):
                return _in(entry.value, (*path, name), offset)
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            if item.alias is None and _holds(item.value.span, offset):
                return _in(item.value, (*path, index), offset)
    elif isinstance(node, Scalar) and path:
        return Standing(path, node.span, False, node)
    return None


def _holds(span: Span, offset: int) -> bool:
    return span.start <= offset <= span.end
