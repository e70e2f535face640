"""Composition as nel-next does it: `defaults`, files beside, playbooks, and what PyYAML's own loader makes of scalars.

Source: nemo-evaluator 0.5 config/compose.py and config/eval_config.py (playbooks).
"""

from __future__ import annotations

import os.path

from advisor.document.nodes import Mapping, Node, Scalar, Sequence
from advisor.knowledge import table
from advisor.nel.compose import Composition, SiblingReader, siblings_of
from advisor.nel.defaults import defaults_node
from advisor.nel.effective import Effective, Origin, from_data, from_node
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Span

SELF, BASE = "_self_", "_base_"
_GROUPS = {"clusters": "cluster"}
_MAX_FILES = 50
# YAML 1.1 floats as PyYAML reads them; NEL's launcher takes 1e5 for one too.
_FLOAT = pattern(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
)


class DefaultsProblem(NamedTuple):
    """An entry of `defaults` that nel-next refuses, or one whose file is not below the config's folder."""

    number: int
    span: Span
    shown: str
    is_legal: bool


def compose_next(
    document: Document, read_sibling: SiblingReader | None = None
) -> tuple[Composition, tuple[DefaultsProblem, ...]]:
    """The effective values of a nel-next config, before its variables are filled in."""
    composer = _Composer(read_sibling or siblings_of(document.path))
    tree = composer.composed(document, "", top=True)
    _expand_playbooks(tree)
    open_sections = frozenset({""}) if any(one.is_legal for one in composer.problems) else frozenset[str]()
    return Composition(tree, (), open_sections), tuple(composer.problems)


class _Composer:
    def __init__(self, read_sibling: SiblingReader) -> None:
        self.read_sibling = read_sibling
        self.problems: list[DefaultsProblem] = []
        self.seen: set[str] = set()

    def composed(self, document: Document, source: str, *, top: bool) -> Effective:
        own = _own(document, source)
        entries = defaults_node(document.root)
        if entries is None or (isinstance(entries, Scalar) and entries.value is None):
            return own
        if not isinstance(entries, Sequence):
            if top:
                self.problems.append(DefaultsProblem(-1, entries.span, "", is_legal=False))
            return own
        layers: list[Effective] = []
        placed = False
        for index, item in enumerate(entries.items):
            if not placed and isinstance(item.value, Scalar) and item.value.text == SELF:
                placed = True
                layers.append(own)
            else:
                layers += self.entry(index, item.value, source, top=top)
        result = Effective({}, Origin(source))
        for layer in layers if placed else [*layers, own]:
            result = merge(result, layer)
        return _pruned(result)

    def entry(self, index: int, node: Node, source: str, *, top: bool) -> list[Effective]:
        """The layer that one entry names; none where it is no entry, or its file is not here."""
        name = _base_of(node)
        if name is not None:
            for file in (os.path.join(os.path.dirname(source), name), f"conf/{name}"):
                document = self.read(file)
                if document is not None:
                    return [self.composed(document, os.path.normpath(file), top=False)]
        elif isinstance(node, Scalar) and isinstance(node.value, str):
            name = node.text
            layer = self.fragment(name)
            if layer is not None:
                return [layer]
        if top:
            self.problems.append(DefaultsProblem(index, node.span, name or "", is_legal=name is not None))
        return []

    def fragment(self, name: str) -> Effective | None:
        """A file of `conf/`, or one of nel-next's own, under the key of its folder."""
        document = self.read(f"conf/{name}")
        group, slash, _ = name.partition("/")
        if document is not None:
            values = _own(document, f"conf/{name}", keep_defaults=True)
            return _below(_GROUPS.get(group, group), values) if slash else values
        shipped = table("next")["clusters"].get(name)
        return _below("cluster", from_data(shipped, f"nel-next's own {name}")) if shipped is not None else None

    def read(self, name: str) -> Document | None:
        name = os.path.normpath(name).removesuffix(".yaml")
        if name in self.seen or len(self.seen) >= _MAX_FILES or name.startswith(("/", "..")):
            return None
        document = self.read_sibling(name)
        if document is not None:
            self.seen.add(name)
        return document


def _base_of(node: Node) -> str | None:
    entry = node.entries.get(BASE) if isinstance(node, Mapping) else None
    return entry.value.text if entry is not None and isinstance(entry.value, Scalar) else None


def _below(key: str, value: Effective) -> Effective:
    return Effective({key: value}, Origin(value.origin.source))


def _own(document: Document, source: str, *, keep_defaults: bool = False) -> Effective:
    root = document.root
    if not isinstance(root, Mapping):
        return Effective({}, Origin(source))
    values = from_node(root, source)
    if isinstance(values.data, dict) and not keep_defaults:
        values.data.pop("defaults", None)
    _reread_floats(values)
    return values


def _reread_floats(value: Effective) -> None:
    """`1e5` is text to PyYAML's own loader."""
    if isinstance(value.data, dict | list):
        for child in value.data.values() if isinstance(value.data, dict) else value.data:
            _reread_floats(child)
    elif isinstance(value.data, float):
        node = value.origin.node
        if isinstance(node, Scalar) and not node.style and not _FLOAT.match(node.text):
            value.data = node.text


def merge(base: Effective, over: Effective) -> Effective:
    """`over` merged onto `base`: mappings deeply, anything else replaced, null too."""
    if isinstance(base.data, dict) and isinstance(over.data, dict):
        children = dict(base.data)
        for name, value in over.data.items():
            children[name] = merge(children[name], value) if name in children else value
        return Effective(children, over.origin if over.origin.value else base.origin)
    return over


def _pruned(value: Effective) -> Effective:
    """Without the keys that are null, in mappings below mappings only."""
    if not isinstance(value.data, dict):
        return value
    kept = {name: _pruned(child) for name, child in value.data.items() if child.data is not None}
    return Effective(kept, value.origin)


def _expand_playbooks(tree: Effective) -> None:
    """Each `playbook: name` of a benchmark as the packaged one with the entry's own values over it."""
    benchmarks = tree.child("benchmarks")
    if benchmarks is None or not isinstance(benchmarks.data, list):
        return
    for index, item in enumerate(benchmarks.data):
        name = item.child("playbook")
        packaged = playbook(name.data) if name is not None else None
        if packaged is not None:
            benchmarks.data[index] = merge(packaged, item)


def playbook(name: object) -> Effective | None:
    """A packaged playbook, by its name with or without its ending."""
    if not isinstance(name, str):
        return None
    stem = name.removesuffix(".yaml")
    values = table("next")["playbooks"].get(stem)
    return from_data(values, f"the playbook {stem} of nel-next") if values is not None else None
