"""Edits of flags in a list of words, such as nel-next's `extra_args`: no shell reads them."""

from __future__ import annotations

import shlex

from advisor.document.changes import Append, Change, Delete, Set, Splice
from advisor.document.document import Document
from advisor.document.edits import CannotEdit
from advisor.document.nodes import Data, Path, Scalar, Sequence, dotted
from advisor.engine.findings import Edit


def is_in_list(document: Document, path: Path) -> bool:
    """Whether a flag's path is that of an item of a list."""
    return len(path) > 1 and isinstance(path[-2], int) and isinstance(document.at(path[:-2]), Sequence)


def list_flag_changes(document: Document, edit: Edit) -> list[Change]:
    """The changes of the list that a flag edit means. Raises CannotEdit where the flag's place is in doubt."""
    path, written = edit.path[:-1], str(edit.path[-1])
    node = document.at(path)
    if not isinstance(node, Scalar) or not (node.text == written or node.text.startswith(f"{written}=")):
        raise CannotEdit(f"{dotted(path)} does not begin with {written}")
    if edit.op == "rename_flag":
        return [Splice(path, 0, len(written), str(edit.argument))]
    value = _value_path(document, path) if node.text == written else None
    if edit.op == "remove_flag":
        return [Delete(path), *([Delete(value)] if value else [])]
    if edit.op == "set_flag" and node.text != written:
        return [Splice(path, len(written) + 1, len(node.text), str(edit.argument))]
    if edit.op == "set_flag" and value:
        return [Set(value, str(edit.argument))]
    raise CannotEdit(f"{edit.op} has no place at {dotted(path)}")


def _value_path(document: Document, path: Path) -> Path | None:
    """The item after a flag, where it is the flag's value."""
    index = path[-1]
    following: Path = (*path[:-1], index + 1) if isinstance(index, int) else path
    node = document.at(following)
    return following if isinstance(node, Scalar) and not node.text.startswith("-") else None


def added_words(document: Document, edit: Edit) -> list[Change] | None:
    """The words of a new flag at the end of a list; None where the place is no list of words."""
    node = document.at(edit.path)
    if not isinstance(node, Sequence) and (node is not None or edit.path[0] != "services"):
        return None
    words: list[Data] = [*shlex.split(str(edit.argument))]
    return [Append(edit.path, word) for word in words] if node is not None else [Set(edit.path, words)]
