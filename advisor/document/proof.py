"""An edit is offered only with a proof: the edited text is parsed again, and its data must differ from the old by
exactly the change that was meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.document.changes import Append, Change, Delete, Move, Quote, Rename, Set, Splice, changed
from advisor.document.deleting import delete
from advisor.document.document import Document
from advisor.document.edits import CannotEdit, TextEdit, apply_edits, edits_between
from advisor.document.inserting import append, insert
from advisor.document.moving import move
from advisor.document.nodes import Data, plain
from advisor.document.parse import parse_document
from advisor.document.replacing import quote, rename, replace, source_text, splice


@dataclass(frozen=True, slots=True)
class Proven:
    """`edits` lead from the old text to `document`'s."""

    document: Document
    edits: tuple[TextEdit, ...]


def prove(document: Document, changes: Sequence[Change]) -> Proven:
    """Make the changes one after the other, each proven. Raises CannotEdit, with the reason, where one cannot be."""
    if document.problems:
        raise CannotEdit("the file has problems of its own, which come first")
    current = document
    edits: tuple[TextEdit, ...] = ()
    for change in changes:
        edits = text_edits(current, change)
        current = _proven(current, change, edits)
    if len(changes) != 1:
        edits = edits_between(document.text, current.text)
    return Proven(current, edits)


def _proven(document: Document, change: Change, edits: Sequence[TextEdit]) -> Document:
    source = source_text(document, change.path) if isinstance(change, Quote) else ""
    meant = changed(_data(document), change, source)
    after = parse_document(document.path, apply_edits(document.text, edits))
    if after.problems:
        raise CannotEdit(f"the edited text would not parse: {after.problems[0].message}")
    if not same_data(_data(after), meant):
        raise CannotEdit("the edited text would say something else than was meant")
    return Document(after.path, after.text, after.root, (), document.bom)


def _data(document: Document) -> Data:
    return plain(document.root) if document.root is not None else None


def text_edits(document: Document, change: Change) -> tuple[TextEdit, ...]:
    """The edits that ought to make a change, not yet proven."""
    match change:
        case Set(path, value):
            there = document.at(path) is not None
            return (
                replace(document, path, value)
                if there and not _merged_only(document, change)
                else insert(document, path, value),
            )
        case Delete(path):
            return (delete(document, path),)
        case Rename(path, name):
            return (rename(document, path, name),)
        case Move(path, to):
            return move(document, path, to)
        case Quote(path):
            return (quote(document, path),)
        case Append(path, value):
            node = document.at(path)
            empty = node is None or plain(node) is None
            return (insert_or_replace(document, path, [value]) if empty else append(document, path, value),)
        case Splice(path, start, end, text):
            return (splice(document, path, start, end, text),)


def insert_or_replace(document: Document, path: tuple[str | int, ...], value: Data) -> TextEdit:
    return insert(document, path, value) if document.at(path) is None else replace(document, path, value)


def _merged_only(document: Document, change: Set) -> bool:
    """A key that comes through `<<` is set by a key of the mapping's own."""
    from advisor.document.nodes import Mapping

    holder = document.at(change.path[:-1])
    return isinstance(holder, Mapping) and holder.entries[str(change.path[-1])].merged


def same_data(a: Data, b: Data) -> bool:
    """Equality that tells 1 from true and from 1.0, keeps the order of lists, and takes nan for nan."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_data(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same_data, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))
