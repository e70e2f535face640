"""Document symbols, and links to what a config names on this machine."""

from __future__ import annotations

import os
from typing import Any

from advisor.document.nodes import Mapping, Node, Scalar, Sequence, Span
from advisor.lsp.addresses import uri_of
from advisor.lsp.diagnostics import TELLING
from advisor.lsp.positions import Positions
from advisor.lsp.session import Analysis

_MODULE, _ARRAY, _FIELD, _OBJECT = 2, 18, 8, 19
_DEEPEST = 12


def symbols(analysis: Analysis) -> list[dict[str, Any]]:
    """The tree of keys; tasks are called by their names. Of a text that does not parse there are none."""
    root = analysis.document.root
    return _symbols(root, analysis.positions, 0) if root is not None else []


def _symbols(node: Node, positions: Positions, depth: int) -> list[dict[str, Any]]:
    if depth > _DEEPEST:
        return []
    found = []
    if isinstance(node, Mapping):
        for name, entry in node.entries.items():
            if not entry.merged:
                value = None if entry.alias is not None else entry.value
                found.append(_symbol(name, entry.key.span, value, entry.alias, positions, depth))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            if item.alias is None:
                found.append(_symbol(_title(item.value, index), item.value.span, item.value, None, positions, depth))
    return found


def _symbol(
    name: str, key: Span, value: Node | None, alias: Span | None, positions: Positions, depth: int
) -> dict[str, Any]:
    end = max(key.end, value.span.end if value is not None else alias.end if alias is not None else 0)
    whole = Span(min(key.start, value.span.start) if value is not None else key.start, end)
    kind = _FIELD if value is None or isinstance(value, Scalar) else _OBJECT if isinstance(value, Mapping) else _ARRAY
    if depth == 0 and kind == _OBJECT:
        kind = _MODULE
    return {
        "name": name or '""',
        "kind": kind,
        **({"detail": _detail(value)} if isinstance(value, Scalar) and _detail(value) else {}),
        "range": positions.range(whole.start, whole.end),
        "selectionRange": positions.range(key.start, key.end),
        "children": _symbols(value, positions, depth + 1) if value is not None else [],
    }


def _title(node: Node, index: int) -> str:
    if isinstance(node, Mapping):
        name = node.entries.get("name")
        if name is not None and isinstance(name.value, Scalar) and name.value.text:
            return name.value.text
        if len(node.entries) == 1:
            return next(iter(node.entries))
    return node.text[:60] if isinstance(node, Scalar) and node.text else str(index)


def _detail(value: Scalar) -> str:
    """Nothing that may be a secret: numbers and switches only."""
    return value.text if value.value is not None and not isinstance(value.value, str) else ""


def links(analysis: Analysis) -> list[dict[str, Any]]:
    """Absolute paths in the config that are files on this machine, or directories with a file that tells of them."""
    root = analysis.document.root
    return (
        [link for scalar in _paths(root) if (link := _link(scalar, analysis)) is not None] if root is not None else []
    )


def _paths(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return (
            [node]
            if isinstance(node.value, str) and node.value.startswith("/") and node.style in ("", "'", '"')
            else []
        )
    if isinstance(node, Mapping):
        own = [e for e in node.entries.values() if not e.merged and e.alias is None]
        return [scalar for entry in own for one in (entry.key, entry.value) for scalar in _paths(one)]
    return [scalar for item in node.items if item.alias is None for scalar in _paths(item.value)]


def _link(scalar: Scalar, analysis: Analysis) -> dict[str, Any] | None:
    path = os.path.normpath(scalar.text)
    if "\0" in path:
        return None
    target = next((one for one in (path, *(f"{path}/{name}" for name in TELLING)) if os.path.isfile(one)), None)
    if target is None:
        return None
    return {"range": analysis.positions.range(scalar.span.start, scalar.span.end), "target": uri_of(target)}
