"""What a rule's edits mean as changes of the config's data."""

from __future__ import annotations

from advisor.document.changes import Append, Change, Delete, Move, Quote, Rename, Set, Splice
from advisor.document.document import Document
from advisor.document.edits import CannotEdit
from advisor.document.nodes import Data, Mapping, Node, Path, Scalar, Sequence, dotted, plain
from advisor.engine.findings import Edit, Fix
from advisor.fixing.flag_edits import flag_change
from advisor.fixing.list_flags import added_words, is_in_list, list_flag_changes
from advisor.fixing.rewording import splices_between
from advisor.patterns import pattern

_PART = pattern(r"[^.\[\]]+")
_FLAG_EDITS = ("add_flag", "set_flag", "rename_flag", "remove_flag")


def changes_of(document: Document, fix: Fix) -> list[Change]:
    """The changes that a fix asks for, in an order in which none moves the place of another.

    Raises CannotEdit where the document has no place for one.
    """
    changes = [change for edit in fix.edits for change in _changes(document, edit)]
    gone = list(dict.fromkeys(change.path for change in changes if isinstance(change, Delete)))
    deletes: list[Change] = [Delete(path) for path in gone if not _is_below(path, gone)]
    changes = [*(change for change in changes if not isinstance(change, Delete)), *deletes]
    return sorted(changes, key=lambda change: _turn(change, changes))


def _is_below(path: Path, others: list[Path]) -> bool:
    """Whether what a path leads to goes away with one of the others."""
    return any(len(other) < len(path) and path[: len(other)] == other for other in others)


def _turn(change: Change, changes: list[Change]) -> tuple[int, int]:
    """Parts of strings from the back, then whole values, then what a move has emptied, then elements from the back."""
    if isinstance(change, Splice):
        return 0, -change.start
    if not isinstance(change, Delete):
        return 1, 0
    last = change.path[-1]
    if isinstance(last, int):
        return 3, -last
    holds_moved = any(isinstance(one, Move) and one.path[: len(change.path)] == change.path for one in changes)
    return (2 if holds_moved else 1), 0


def _changes(document: Document, edit: Edit) -> list[Change]:
    path = in_document(document, edit.path)
    argument = edit.argument
    if edit.op in _FLAG_EDITS:
        added = added_words(document, edit) if edit.op == "add_flag" else None
        if added is not None:
            return added
        return list_flag_changes(document, edit) if is_in_list(document, edit.path) else [flag_change(document, edit)]
    if not path:
        raise CannotEdit("it has no place in this file")
    match edit.op:
        case "set" | "replace_item":
            return [Set(path, argument)]
        case "delete":
            return [Delete(path)]
        case "rename":
            return [Rename(path, str(argument))]
        case "move":
            return _moved(document, path, _destination(document, argument))
        case "merge":
            return _merged(document, path, argument)
        case "quote":
            return [Quote(path)]
        case "append":
            return [Append(path, argument)]
        case "remove_item":
            return [Delete(path)] if argument is None else [Delete(item) for item in _items(document, path, argument)]
        case "replace_text":
            return _reworded(document, path, argument)
    raise CannotEdit(f"{edit.op} is no edit")


def in_document(document: Document, path: Path) -> Path:
    """The path with numbers where the document has lists."""
    out: list[str | int] = []
    for part in path:
        number = isinstance(part, str) and part.isdigit() and isinstance(document.at(tuple(out)), Sequence)
        out.append(int(part) if number else part)
    return tuple(out)


def _moved(document: Document, path: Path, to: Path) -> list[Change]:
    """The move, and the end of the mappings that it leaves with nothing in them. What is in a mapping joins what is in
    one that is there already."""
    source, there = document.at(path), document.at(to)
    if isinstance(source, Mapping) and _takes_keys(there):
        joined = [change for key in source.entries for change in _moved(document, (*path, key), (*to, key))]
        moves = [change for change in joined if isinstance(change, Move)]
        return [*moves, *(_emptied(document, path, to) or [Delete(path)])]
    return [Move(path, to), *_emptied(document, path, to)]


def _takes_keys(node: Node | None) -> bool:
    return isinstance(node, Mapping) or (isinstance(node, Scalar) and node.value is None)


def _emptied(document: Document, path: Path, to: Path) -> list[Change]:
    """The end of the mappings above a path that have nothing else in them."""
    emptied = path
    while len(emptied) > 1 and isinstance(emptied[-1], str) and to[: len(emptied) - 1] != emptied[:-1]:
        holder = document.at(emptied[:-1])
        if not isinstance(holder, Mapping) or len(holder.entries) != 1 or not isinstance(emptied[-2], str):
            break
        emptied = emptied[:-1]
    return [Delete(emptied)] if emptied != path else []


def _merged(document: Document, path: Path, argument: Data) -> list[Change]:
    """The values of a mapping, each set in the one that is there; what else is there stays."""
    there = document.at(path)
    if isinstance(argument, dict) and argument and isinstance(there, Mapping) and there.entries:
        return [change for key, value in argument.items() for change in _merged(document, (*path, key), value)]
    return [Set(path, argument)]


def _destination(document: Document, argument: Data) -> Path:
    """A path given as its parts, or as people write it: `evaluation.tasks[0].name`."""
    if isinstance(argument, list):
        return in_document(document, tuple(part if isinstance(part, int) else str(part) for part in argument))
    return in_document(document, tuple(_PART.findall(str(argument))))


def _items(document: Document, path: Path, value: Data) -> list[Path]:
    node = document.at(path)
    items = node.items if isinstance(node, Sequence) else ()
    found = [index for index, item in enumerate(items) if plain(item.value) == value]
    if not found:
        raise CannotEdit(f"{dotted(path)} has no such element")
    return [(*path, index) for index in found]


def _reworded(document: Document, path: Path, argument: Data) -> list[Change]:
    node = document.at(path)
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not isinstance(argument, str):
        return [Set(path, argument)]
    return [Splice(path, start, end, text) for start, end, text in splices_between(node.text, argument)]
