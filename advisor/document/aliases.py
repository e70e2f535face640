"""Which places of a text show in several places of its data, through aliases and `<<`."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.document.changes import Append, Change, Delete, Move, Quote, Rename, Set, Splice
from advisor.document.document import Document
from advisor.document.edits import CannotEdit
from advisor.document.nodes import Entry, Item, Mapping, Node, Path, Sequence, dotted

# A way to a node, and whether its last step is an alias or a merged key.
_Way = tuple[Path, bool, bool]


def at_its_own_place(document: Document, change: Change) -> tuple[Change, tuple[Change, ...]]:
    """The change where its text stands, and the same change at the other places that show it.

    Raises CannotEdit where a move would show elsewhere.
    """
    if not document.tangled or "&" not in document.text or document.root is None:
        return change, ()
    ways: dict[int, list[_Way]] = {}
    for node, way in _ways(document.root, (), False, False):
        ways.setdefault(id(node), []).append(way)
    path = _own_path(document, change.path, ways)
    others = tuple(dict.fromkeys(_elsewhere(document, path, change, ways)))
    if isinstance(change, Move):
        if others or path != change.path:
            raise CannotEdit(f"{dotted(change.path)} shows in several places")
        return change, ()
    return _moved(change, path), tuple(_moved(change, other) for other in others)


def _moved(change: Set | Delete | Rename | Quote | Append | Splice, path: Path) -> Change:
    return change._replace(path=path)


def _ways(node: Node, path: Path, alias: bool, merged: bool) -> Iterator[tuple[Node, _Way]]:
    yield node, (path, alias, merged)
    if isinstance(node, Mapping):
        for name, entry in node.entries.items():
            yield from _ways(entry.value, (*path, name), entry.alias is not None and not entry.merged, entry.merged)
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _ways(item.value, (*path, index), item.alias is not None, False)


def _own_path(document: Document, path: Path, ways: dict[int, list[_Way]]) -> Path:
    """The path with every alias and merged key on the way, but for the last step, replaced by where the text stands."""
    node = document.root
    for depth, part in enumerate(path[:-1]):
        link = _link(node, part)
        if link is None:
            return path
        node = link.value
        if link.alias or (isinstance(link, Entry) and link.merged):
            home = next((way[0] for way in ways[id(node)] if not way[1] and not way[2]), path[: depth + 1])
            path = (*home, *path[depth + 1 :])
            if home != path[: depth + 1] or len(home) != depth + 1:
                return _own_path(document, path, ways)
    return path


def _elsewhere(document: Document, path: Path, change: Change, ways: dict[int, list[_Way]]) -> Iterator[Path]:
    node = document.root
    for depth, part in enumerate(path):
        link = _link(node, part)
        if link is None:
            return
        node = link.value
        last = depth == len(path) - 1
        if last and (link.alias or (isinstance(link, Entry) and link.merged)):
            return
        for other, alias, merged in ways[id(node)]:
            if other == path[: depth + 1]:
                continue
            # Of a value that has an anchor the key is its own: another place has a key of another name.
            if last and alias and not merged and isinstance(change, Rename | Delete | Move):
                continue
            yield (*other, *path[depth + 1 :])


def _link(node: Node | None, part: str | int) -> Entry | Item | None:
    if isinstance(node, Mapping) and isinstance(part, str):
        return node.entries.get(part)
    if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
        return node.items[part]
    return None
