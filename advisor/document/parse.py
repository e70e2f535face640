"""Text to tree, over the C parser's events: iterative, bounded, and with problems in place of exceptions."""

from __future__ import annotations

from advisor.document.document import Document
from advisor.document.nodes import Entry, Item, Mapping, Node, Scalar, Sequence, Span
from advisor.document.problems import Problem, syntax_problem, unprintable_problem
from advisor.document.scalars import Invalid, resolve_plain, tagged
from advisor.patterns import CompiledLate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A tenth of a cold start: the patterns of the pure parser, which hardly any text needs.
with CompiledLate():
    import yaml
    from yaml.events import (
        AliasEvent,
        DocumentEndEvent,
        DocumentStartEvent,
        MappingEndEvent,
        MappingStartEvent,
        ScalarEvent,
        SequenceEndEvent,
        SequenceStartEvent,
    )

# A list nested 101 deep still composes in NEL, one of 121 ends in a RecursionError.
MAX_DEPTH = 101
MAX_NODES = 200_000
# The pure parser takes about a second for each MB.
MAX_PURE = 1_000_000
_BOM = "\ufeff"
# PyYAML built without libyaml has only its pure parser: slower, same events.
_EVENTS = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_CORE = "tag:yaml.org,2002:"
# Plain words with a meaning of their own, which no value can be.
_LONE = ("=", "<<")
# A named tuple without the Python frame of its constructor, which would be a fifth of the reading.
_made = tuple.__new__


class _Stop(Exception):
    """Ends the building of a tree that cannot become one."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Frame:
    """A collection that is being filled."""

    __slots__ = ("anchor", "flow", "items", "key", "keys", "mapping", "merges", "size", "start")

    def __init__(self, start: int, flow: bool, anchor: str | None, mapping: bool) -> None:
        self.start, self.flow, self.anchor, self.mapping = start, flow, anchor, mapping
        self.items: list[Item] = []
        self.keys: dict[str, Entry] = {}
        self.merges: list[tuple[Node, Span | None]] = []
        self.key: Scalar | None = None
        self.size = 1


def parse_document(path: str, text: str) -> Document:
    """Parse YAML text. Never raises for bad input: the document's `problems` say what is wrong."""
    bom = text.startswith(_BOM)
    if bom:
        text = text[1:]
    builder = _Builder()
    try:
        builder = _built(text)
    except _Stop as stop:
        builder.problems.append(stop.problem)
        builder.root = None
    except yaml.MarkedYAMLError as error:
        builder.problems.append(syntax_problem(error, text))
        builder.root = None
    except (yaml.reader.ReaderError, UnicodeEncodeError):
        builder.problems.append(unprintable_problem(text))
        builder.root = None
    return Document(path, text, builder.root, tuple(builder.problems), bom, builder.tangled)


def tree_of(text: str) -> Node | None:
    """The tree of a text without problems, where the C parser alone tells it; None for any other text."""
    builder = _Builder()
    try:
        builder.build(_EVENTS(text), text)
    except (_Stop, yaml.YAMLError, UnicodeEncodeError):
        return None
    return None if builder.problems or builder.tangled or _needs_pure(builder, text) else builder.root


def _needs_pure(builder: _Builder, text: str) -> bool:
    return builder.question_in_flow or "\t" in text or _BOM in text


def _built(text: str) -> _Builder:
    """The C parser's tree, except where NEL's, PyYAML's pure one, may take the text otherwise: some tabs, `?` in flow
    style, a byte order mark inside the text."""
    builder = _Builder()
    try:
        builder.build(_EVENTS(text), text)
    except (yaml.MarkedYAMLError, yaml.reader.ReaderError):
        if len(text) > MAX_PURE or _EVENTS is yaml.SafeLoader:
            raise
    else:
        if not _needs_pure(builder, text):
            return builder
    builder = _Builder()
    pure = yaml.SafeLoader(text)
    try:
        builder.build(pure, text)
    finally:
        pure.dispose()  # stopped on its way it refers to itself, and would keep the text until the collector comes by
    builder.tangled = True
    return builder


class _Builder:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self.stack: list[_Frame] = []
        self.frame: _Frame | None = None
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.open_anchors: set[str] = set()
        self.seen_anchors: set[str] = set()
        self.end = 0
        self.question_in_flow = False
        self.tangled = False

    def build(self, parser: Any, text: str) -> None:
        documents = 0
        next_event = parser.get_event
        while (event := next_event()) is not None:
            kind = type(event)
            if kind is ScalarEvent:
                self.scalar(event, text)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self.open(event, kind is MappingStartEvent)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self.close(event)
            elif kind is AliasEvent:
                self.alias(event)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents == 2:
                    at = event.start_mark.index
                    raise _Stop(Problem("several-documents", "a second YAML document starts here", Span(at, at + 3)))
            elif kind is DocumentEndEvent and event.explicit:
                self.tangled = True

    def scalar(self, event: Any, text: str) -> None:
        """Nine events of ten are scalars, most of them plain, without anchor and tag, and keys of a mapping or their
        values: those take the short way."""
        content, style, anchor, frame = event.value, event.style or "", event.anchor, self.frame
        start, end = event.start_mark.index, event.end_mark.index
        value = content
        if style == "":
            value = resolve_plain(content)
            if frame is not None and frame.flow and "?" in content:
                self.question_in_flow = True
        elif style in ("|", ">"):
            end = start + len(text[start:end].rstrip())
        span = _made(Span, (start, end))
        if anchor is not None:
            self.anchor(event, span)
        if event.tag is not None:
            value = _tagged(event)
        if end > self.end:
            self.end = end
        node = _made(Scalar, (span, value, content, style, anchor))
        if anchor is None and frame is not None and frame.mapping and frame.key is None and frame.size < MAX_NODES:
            frame.size += 1
            frame.key = node
        else:
            self.add(node, None, 1)

    def open(self, event: Any, mapping: bool) -> None:
        start = event.start_mark.index
        if len(self.stack) >= MAX_DEPTH:
            raise _Stop(Problem("too-deep", f"nested deeper than {MAX_DEPTH} levels", Span(start, start + 1)))
        if event.tag is not None:
            _check_tag(event.tag, Span(start, start + 1), collection=True)
        if event.anchor is not None:
            self.anchor(event, Span(start, start + 1))
            self.open_anchors.add(event.anchor)
        self.frame = _Frame(start, bool(event.flow_style), event.anchor, mapping)
        self.stack.append(self.frame)

    def anchor(self, event: Any, span: Span) -> None:
        if event.anchor in self.seen_anchors:
            raise _Stop(Problem("syntax", f"the anchor &{event.anchor} stands twice in this file", span))
        self.seen_anchors.add(event.anchor)
        self.tangled = True

    def close(self, event: Any) -> None:
        frame = self.stack.pop()
        self.frame = self.stack[-1] if self.stack else None
        if frame.flow:
            self.end = max(self.end, event.end_mark.index)
        span = _made(Span, (frame.start, self.end if self.end > frame.start else frame.start))
        node: Node
        if frame.mapping:
            node = _made(Mapping, (span, _merged(frame) if frame.merges else frame.keys, frame.flow, frame.anchor))
        else:
            node = _made(Sequence, (span, tuple(frame.items), frame.flow, frame.anchor))
        if frame.anchor:
            self.open_anchors.discard(frame.anchor)
        self.add(node, None, frame.size)

    def alias(self, event: Any) -> None:
        span = Span(event.start_mark.index, event.end_mark.index)
        name = event.anchor
        if name in self.open_anchors:
            raise _Stop(Problem("recursive-alias", f"*{name} stands inside the node that it names", span))
        if name not in self.anchors:
            raise _Stop(Problem("syntax", f"*{name} names an anchor that does not exist above it", span))
        node, size = self.anchors[name]
        self.end = max(self.end, span.end)
        self.add(node, span, size)

    def add(self, node: Node, alias: Span | None, size: int) -> None:
        if alias is None and node.anchor is not None:
            self.anchors[node.anchor] = (node, size)
        frame = self.frame
        if frame is None:
            self.root = node
            return
        frame.size += size
        if frame.size > MAX_NODES:
            at = alias or node.span
            message = f"more than {MAX_NODES:,} values, counting what aliases stand for"
            raise _Stop(Problem("too-many-nodes", message, at))
        key = frame.key
        if key is None and frame.mapping:
            frame.key = _key(node, alias)
            return
        if type(node) is Scalar and node.style == "" and node.value in _LONE:
            raise _Stop(Problem("syntax", f"a lone {node.text} is no value in YAML 1.1; quote it", node.span))
        if key is None:
            frame.items.append(Item(node, alias))
            return
        frame.key = None
        name = key.text
        if name in frame.keys or name == "<<" or key.value is None:
            self.special(frame, key, node, alias)
        else:
            frame.keys[name] = _made(Entry, (key, node, alias, False))

    def special(self, frame: _Frame, key: Scalar, node: Node, alias: Span | None) -> None:
        """An entry whose key is there already, brings others in, or is none."""
        if key.text == "<<" and key.style == "":
            frame.merges.append((node, alias))
            return
        if key.value is None:
            raise _Stop(Problem("syntax", "a key cannot be null", key.span))
        first = frame.keys.pop(key.text, None)
        # NEL's loader looks for duplicates among keys that are strings; of others the last one wins.
        if first is not None and _is_text(key) and _is_text(first.key):
            message = f"the key {key.text!r} stands twice in this mapping"
            self.problems.append(Problem("duplicate-key", message, key.span, other=first.key.span))
        frame.keys[key.text] = Entry(key, node, alias)


def _key(node: Node, alias: Span | None) -> Scalar:
    if not isinstance(node, Scalar):
        raise _Stop(Problem("syntax", "a mapping or list cannot be a key", alias or node.span))
    return node


def _is_text(key: Scalar) -> bool:
    return isinstance(key.value, str) and (key.style != "" or key.value != "=")


def _merged(frame: _Frame) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for source, alias in frame.merges:
        maps = [item.value for item in source.items] if isinstance(source, Sequence) else [source]
        for one in reversed(maps):
            if not isinstance(one, Mapping):
                raise _Stop(Problem("syntax", "'<<' takes a mapping or a list of mappings", alias or source.span))
            for name, entry in one.entries.items():
                entries[name] = Entry(entry.key, entry.value, entry.alias or alias, merged=True)
    for name, entry in frame.keys.items():
        entries.pop(name, None)
        entries[name] = entry
    return entries


def _tagged(event: Any) -> bool | int | float | str | None:
    tag, text = event.tag, event.value
    if tag == "!":
        return resolve_plain(text)
    span = Span(event.start_mark.index, event.end_mark.index)
    _check_tag(tag, span, collection=False)
    value = tagged(tag.removeprefix(_CORE), text)
    if isinstance(value, Invalid):
        raise _Stop(Problem("tag", f"the tag {tag!r} does not fit this value", span))
    return value


def _check_tag(tag: str | None, span: Span, *, collection: bool) -> None:
    if tag in (None, "!"):
        return
    known = ("map", "seq", "omap", "pairs") if collection else ("str", "int", "float", "bool", "null", "binary")
    if not tag.startswith(_CORE) or tag.removeprefix(_CORE) not in known:
        raise _Stop(Problem("tag", f"the tag {tag!r} is not one that NEL's loader accepts", span))
