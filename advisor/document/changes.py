"""Changes of a config as data: what was meant, so that an edit of the text can be held against it."""

from __future__ import annotations

from advisor.document.edits import CannotEdit
from advisor.document.nodes import Data, Path, dotted
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias


class Set(NamedTuple):
    """Set the value at a path; its parents come into being."""

    path: Path
    value: Data


class Delete(NamedTuple):
    path: Path


class Rename(NamedTuple):
    """Rename the last key of a path."""

    path: Path
    name: str


class Move(NamedTuple):
    """Move a value, with its text, to another path."""

    path: Path
    to: Path


class Quote(NamedTuple):
    """Make the scalar at a path the string that it looks like."""

    path: Path


class Append(NamedTuple):
    """Add an element to the end of the list at a path."""

    path: Path
    value: Data


class Splice(NamedTuple):
    """Replace the characters [start, end) of the string at a path."""

    path: Path
    start: int
    end: int
    text: str


Change: TypeAlias = "Set | Delete | Rename | Move | Quote | Append | Splice"


def make(data: Data, change: Change, source: str = "") -> Data:
    """Makes the change in the data, and returns them. `source` is the text of a scalar that is to be quoted.

    Raises CannotEdit where the data has no place for it.
    """
    match change:
        case Set(path, value):
            return _put(data, path, copied(value))
        case Delete(path):
            _take(data, path)
            return data
        case Rename(path, name):
            return _put(data, (*path[:-1], name), _take(data, path), fresh=True)
        case Move(path, to):
            return _put(data, to, _take(data, path), fresh=True)
        case Quote(path):
            return _put(data, path, source)
        case Append(path, value):
            found = _at(data, path)
            if found is None:
                return _put(data, path, [copied(value)])
            if not isinstance(found, list):
                raise CannotEdit(f"{dotted(path)} is no list")
            found.append(copied(value))
            return data
        case Splice(path, start, end, text):
            found = _at(data, path)
            if not isinstance(found, str):
                raise CannotEdit(f"{dotted(path)} is no string")
            return _put(data, path, found[:start] + text + found[end:])


def copied(data: Data) -> Data:
    """The data with containers of its own."""
    if isinstance(data, dict):
        return {name: copied(value) for name, value in data.items()}
    return [copied(value) for value in data] if isinstance(data, list) else data


def _at(data: Data, path: Path) -> Data:
    for part in path:
        if isinstance(data, dict) and isinstance(part, str):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def _put(data: Data, path: Path, value: Data, *, fresh: bool = False) -> Data:
    """The data with the value at the path; `fresh` says that nothing may be there yet."""
    if not path:
        return value
    part, rest = path[0], path[1:]
    if isinstance(part, int):
        if not isinstance(data, list) or part >= len(data):
            raise CannotEdit(f"there is no element {part}")
        data[part] = _put(data[part], rest, value, fresh=fresh)
        return data
    holder = {} if data is None else data
    if not isinstance(holder, dict):
        raise CannotEdit(f"{part} has no place: what is above it is no mapping")
    if fresh and not rest and part in holder:
        raise CannotEdit(f"{part} is there already")
    holder[part] = _put(holder.get(part), rest, value, fresh=fresh)
    return holder


def _take(data: Data, path: Path) -> Data:
    """Takes the value at the path out of the data."""
    holder = _at(data, path[:-1])
    last = path[-1] if path else None
    if isinstance(holder, dict) and last in holder:
        return holder.pop(str(last))
    if isinstance(holder, list) and isinstance(last, int) and last < len(holder):
        return holder.pop(last)
    raise CannotEdit(f"{dotted(path)} is not there")
