"""An edit is offered only with a proof: the edited text is parsed again, and its data must differ from the old by
exactly the change that was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from advisor.document.aliases import at_its_own_place
from advisor.document.changes import Append, Change, Delete, Move, Quote, Rename, Set, Splice, make
from advisor.document.deleting import delete
from advisor.document.document import Document
from advisor.document.edits import CannotEdit, TextEdit, apply_edits, edits_between, joined
from advisor.document.inserting import append, insert
from advisor.document.layout import is_merged
from advisor.document.moving import bring_in, lifted, wrap
from advisor.document.nodes import Data, Mapping, Path, Scalar, plain
from advisor.document.parse import parse_document
from advisor.document.replacing import quote, rename, replace, source_text, splice
from advisor.document.section import parsed_alone, sections_around
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias


class Proven(NamedTuple):
    """`edits` lead from `before` to what was meant. `elsewhere` are other paths at which the change shows, because
    an alias or `<<` brings it there."""

    before: Document
    edits: tuple[TextEdit, ...]
    elsewhere: tuple[Path, ...] = ()

    @property
    def document(self) -> Document:
        """The document after the edits. Costs a parse."""
        return reparsed(self.before, apply_edits(self.before.text, self.edits))


def prove(document: Document, changes: Sequence[Change]) -> Proven:
    """Make the changes, proven to be what they mean one after the other. Raises CannotEdit, with the reason."""
    if document.problems:
        raise CannotEdit("the file has problems of its own, which come first")
    return _at_once(document, changes) or _one_by_one(document, changes)


def _at_once(document: Document, changes: Sequence[Change]) -> Proven | None:
    """All changes made in the text as it stands, for one parse; None where an alias or another change is in the way."""
    if "&" in document.text or _refilled(document, changes):
        return None
    edits = list[TextEdit]()
    try:
        for change in changes:
            steps = next(_ways(document, change))
            if isinstance(change, Move) and any(isinstance(one, Delete) and _covers(one, change) for one in changes):
                steps = steps[:1]
            edits += [step(document) for step in steps]
        edits = joined(edits)
        shown = _shown_in_part(document, changes, edits) or _shown_in_whole(document, changes, edits)
    except CannotEdit:
        return None
    return Proven(document, tuple(edits)) if shown else None


def _covers(delete: Delete, move: Move) -> bool:
    """Whether what a move leaves behind goes with another change."""
    count = len(delete.path)
    return move.path[:count] == delete.path and move.to[:count] != delete.path


def _refilled(document: Document, changes: Sequence[Change]) -> bool:
    """Whether a mapping loses its only key and gets another: made at once, the edits would write it `{}` as well."""
    come = [one.to if isinstance(one, Move) else one.path for one in changes if isinstance(one, Set | Move)]
    for change in changes:
        path, above = change.path, change.path[:-1]
        if isinstance(change, Delete) or (isinstance(change, Move) and change.to[:-1] != above):
            comes = any(to[: len(above)] == above and to[: len(path)] != path for to in come)
            holder = document.at(above) if comes else None
            if isinstance(holder, Mapping) and len(holder.entries) == 1:
                return True
    return False


def _shown_in_whole(document: Document, changes: Sequence[Change], edits: Sequence[TextEdit]) -> bool:
    result = reparsed(document, apply_edits(document.text, edits))
    return same_data(data_of(result), _meant(document, changes))


def _shown_in_part(document: Document, changes: Sequence[Change], edits: Sequence[TextEdit]) -> bool:
    """Whether the edits come to the changes in the smallest part of the text that holds both: to parse it alone costs
    a fraction, and what is around it cannot mean anything else."""
    for section in sections_around(document, edits):
        inner = [section.below(change) for change in changes]
        if None not in inner:
            after = parsed_alone(document, section, edits)
            if after is not None:
                return same_data([after], _made(document, [section.data()], changes, inner))
    return False


def _made(document: Document, data: Data, changes: Sequence[Change], inner: Sequence[Change | None]) -> Data:
    for change, one in zip(changes, inner, strict=True):
        assert one is not None
        data = make(data, one, _source(document, change))
    return data


def _one_by_one(document: Document, changes: Sequence[Change]) -> Proven:
    current, text, elsewhere = document, document.text, list[Path]()
    edits: tuple[TextEdit, ...] = ()
    for change in changes:
        if text != current.text:
            current = reparsed(current, text)
        own, others = at_its_own_place(current, change)
        edits = _first_proven(current, own, _meant(current, (own, *others)))
        text = apply_edits(current.text, edits)
        elsewhere += [one.path for one in (own, *others) if one.path != change.path]
    if len(changes) != 1:
        edits = edits_between(document.text, text)
    return Proven(document, edits, tuple(elsewhere))


def data_of(document: Document) -> Data:
    return plain(document.root) if document.root is not None else None


def _meant(document: Document, changes: Sequence[Change]) -> Data:
    return _made(document, data_of(document), changes, changes)


def _source(document: Document, change: Change) -> str:
    return source_text(document, change.path) if isinstance(change, Quote) else ""


def _first_proven(document: Document, change: Change, meant: Data) -> tuple[TextEdit, ...]:
    """The first way of making the change that can be proven."""
    failure: CannotEdit | None = None
    for steps in _ways(document, change):
        try:
            edits = _taken(document, steps)
            if not _shown(document, change, edits, meant):
                raise CannotEdit("the edited text would say something else than was meant")
        except CannotEdit as error:
            failure = failure or error
        else:
            return edits
    raise failure or CannotEdit("there is no way to write it")


Step: TypeAlias = "Callable[[Document], TextEdit]"


def _taken(document: Document, steps: Sequence[Step]) -> tuple[TextEdit, ...]:
    """What the steps come to, each made on the text that the one before left."""
    current, text, edits = document, document.text, list[TextEdit]()
    for step in steps:
        if edits:
            current = reparsed(current, text)
        edits.append(step(current))
        text = apply_edits(current.text, edits[-1:])
    return tuple(edits) if len(edits) == 1 else edits_between(document.text, text)


def _shown(document: Document, change: Change, edits: Sequence[TextEdit], meant: Data) -> bool:
    """Whether the edits come to the change in a part of the text, or to what is meant in the whole."""
    try:
        in_part = _shown_in_part(document, [change], edits)
    except CannotEdit:
        in_part = False
    return in_part or same_data(data_of(reparsed(document, apply_edits(document.text, edits))), meant)


def reparsed(document: Document, text: str) -> Document:
    """The document with another text. Raises CannotEdit where it does not parse."""
    after = parse_document(document.path, text)
    if after.problems:
        raise CannotEdit(f"the edited text would not parse: {after.problems[0].message}")
    return Document(after.path, after.text, after.root, (), document.bom, after.tangled)


def _ways(document: Document, change: Change) -> Iterator[Sequence[Step]]:
    """The ways of making a change, the one that keeps most of the text first; each is a list of steps."""
    match change:
        case Set(path, value):
            yield [partial(_put, path=path, value=value)]
        case Delete(path):
            yield [partial(delete, path=path)]
        case Rename(path, name):
            yield [partial(rename, path=path, name=name)]
        case Move(path, to):
            if path[:-1] == to[:-1]:
                yield [partial(rename, path=path, name=str(to[-1]))]
            lines, value = lifted(document, path, str(to[-1]))
            if to[: len(path)] == path:
                yield [partial(wrap, path=path, to=to, lines=lines)]
            put, take = partial(bring_in, to=to, lines=lines, value=value), partial(delete, path=path)
            yield [take, put] if to[: len(path)] == path else [put, take]
        case Quote(path):
            yield [partial(quote, path=path)]
        case Append(path, value):
            node = document.at(path)
            empty = node is None or plain(node) is None
            yield [partial(_put, path=path, value=[value]) if empty else partial(append, path=path, value=value)]
        case Splice(path, start, end, text):
            yield [partial(splice, path=path, start=start, end=end, text=text)]
            node = document.at(path)
            if isinstance(node, Scalar) and is_one_line(document, node):
                yield [partial(replace, path=path, value=node.text[:start] + text + node.text[end:])]


def is_one_line(document: Document, node: Scalar) -> bool:
    return node.style not in ("|", ">") and "\n" not in document.text[node.span.start : node.span.end]


def _put(document: Document, path: Path, value: Data) -> TextEdit:
    """A value in the place of the old one, else as a new key; where `<<` brings the old one, a key of its own."""
    if document.at(path) is None or is_merged(document, path):
        return insert(document, path, value)
    return replace(document, path, value)


def same_data(a: Data, b: Data) -> bool:
    """Equality that tells 1 from true and from 1.0, keeps the order of lists, and takes nan for nan."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_data(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same_data, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))
