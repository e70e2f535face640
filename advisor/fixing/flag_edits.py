"""Edits of flags inside a command or `extra_args`: the words of a shell tell where a flag begins and ends."""

from __future__ import annotations

from bisect import bisect_left

from advisor.document.changes import Change, Set, Splice
from advisor.document.document import Document
from advisor.document.edits import CannotEdit
from advisor.document.nodes import Path, Scalar, Span, dotted
from advisor.document.offsets import offsets
from advisor.engine.findings import Edit
from advisor.nel.words import Word, split_commands
from advisor.patterns import pattern

# What stands between words, a line that goes on included.
_GAP_BEFORE = pattern(r"(?:\\\r?\n|\s)+\Z")
_GAP_AFTER = pattern(r"(?:\\\r?\n|\s)+")
_GAP_OPTION = pattern(r"(?:\\\r?\n|\s)+-")
# What every shell takes as it is written; NEL fills in ${...} before it.
_UNQUOTED = pattern(r"(?:[\w@%+=:,./-]|\$\{[\w.]+\})+\Z")
_Range = tuple[int, int]


def flag_change(document: Document, edit: Edit) -> Change:
    """The change of the string that a flag edit means. Raises CannotEdit where the flag's place is in doubt."""
    if edit.op == "add_flag":
        return _added(document, edit.path, str(edit.argument))
    path, written = edit.path[:-1], str(edit.path[-1])
    node = document.at(path)
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        raise CannotEdit(f"{dotted(path)} is no string in this file")
    text = node.text
    name = _name_range(document, node, edit.span, written)
    if edit.op == "rename_flag":
        return _checked(text, Splice(path, *name, str(edit.argument)))
    whole = _whole(document, node, edit.span, name)
    if edit.op == "remove_flag":
        if edit.span is None and whole[1] < _word_after(text, whole[1]) and not _GAP_OPTION.match(text, whole[1]):
            raise CannotEdit(f"it cannot be told whether {written} takes a value")
        return _removed(path, text, whole)
    if edit.span is None:
        whole = whole[0], _word_after(text, whole[1])
    return _set(path, text, name, whole, str(edit.argument))


def _added(document: Document, path: Path, text: str) -> Change:
    node = document.at(path)
    if node is None or (isinstance(node, Scalar) and (node.value is None or not node.text.strip())):
        return Set(path, text)
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        raise CannotEdit(f"{dotted(path)} is no string")
    end = max((word.end for command in split_commands(node.text) for word in command.words), default=0)
    if node.text[end:].strip():
        raise CannotEdit(f"{dotted(path)} does not end with the server's arguments")
    return _checked(node.text, Splice(path, end, end, f" {text}"))


def _name_range(document: Document, node: Scalar, span: Span | None, written: str) -> _Range:
    """Where the flag's name stands in the string: at its span, else the only one of that name."""
    at = _index(document, node, span.start) if span is not None else None
    if at is not None and node.text.startswith(written, at):
        return at, at + len(written)
    found = [word for word in _words(node.text) if word.text == written or word.text.startswith(f"{written}=")]
    if len(found) != 1 or not node.text.startswith(written, found[0].start):
        raise CannotEdit(f"{written} does not stand just once in the string that is to be edited")
    return found[0].start, found[0].start + len(written)


def _index(document: Document, node: Scalar, offset: int) -> int | None:
    """The index in the string of what stands at an offset of the document."""
    where = offsets(document.text, node)
    if not where.exact or not where.starts or not where.starts[0] <= offset < max(where.ends):
        return None
    return bisect_left(where.starts, offset)


def _whole(document: Document, node: Scalar, span: Span | None, name: _Range) -> _Range:
    """The flag with its values. A value that NEL fills in ends where its word does."""
    text = node.text
    start = name[0]
    where = offsets(document.text, node)
    end = name[1]
    if span is not None and where.exact and where.ends and span.end <= max(where.ends):
        end = max(end, bisect_left(where.ends, span.end) + 1)
    elif span is not None:
        # The value stands elsewhere: it is the word after the name.
        end = _word_after(text, name[1])
    inside = [word for word in _words(text) if word.start < end < word.end and word.start >= start]
    if text.startswith("${", end) or inside:
        end = max([word.end for word in inside] or [_word_after(text, end)])
        following = next((word for word in _words(text) if word.start >= end), None)
        if following is not None and not following.text.startswith("-") and not _new_command(text, end, following):
            raise CannotEdit("it cannot be told where the flag's values end")
    return start, _stripped(text, start, end)


def _stripped(text: str, start: int, end: int) -> int:
    return start + len(text[start:end].rstrip())


def _new_command(text: str, end: int, word: Word) -> bool:
    return bool(text[end : word.start].strip().strip("\\"))


def _word_after(text: str, at: int) -> int:
    """The end of the word that stands at an index or follows it."""
    return next((word.end for word in _words(text) if word.end > at), at)


def _removed(path: Path, text: str, whole: _Range) -> Change:
    start, end = whole
    before = _GAP_BEFORE.search(text[:start])
    if before is not None:
        start = before.start()
    else:
        after = _GAP_AFTER.match(text, end)
        end = after.end() if after is not None else end
    if not (text[:start] + text[end:]).strip():
        return Set(path, "")
    return _checked(text, Splice(path, start, end, ""))


def _set(path: Path, text: str, name: _Range, whole: _Range, value: str) -> Change:
    nested = any(word.start < name[0] < word.end for word in _words(text))
    if not _UNQUOTED.match(value):
        if nested or "'" in value:
            raise CannotEdit("the value would need quotes inside quotes")
        value = f"'{value}'"
    if text.startswith("=", name[1]):
        return _checked(text, Splice(path, name[1] + 1, whole[1], value))
    gap = _GAP_AFTER.match(text, name[1], whole[1])
    if gap is None:
        return _checked(text, Splice(path, name[1], whole[1], f" {value}"))
    return _checked(text, Splice(path, gap.end(), whole[1], value))


def _words(text: str) -> list[Word]:
    return [word for command in split_commands(text) for word in command.words]


def _checked(text: str, change: Splice) -> Splice:
    """The change, where a shell still reads the words before and after it as it did."""
    new = text[: change.start] + change.text + text[change.end :]
    old_words, new_words = _words(text), _words(new)
    before = [word.text for word in old_words if word.end < change.start]
    after = [word.text for word in old_words if word.start > change.end]
    if [word.text for word in new_words[: len(before)]] != before or (
        after and [word.text for word in new_words[-len(after) :]] != after
    ):
        raise CannotEdit("a shell would read the words around it in another way")
    return change
