"""The typed things that rules speak about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from operator import methodcaller

from advisor.document.document import Document
from advisor.document.nodes import Path, Span
from advisor.nel.effective import Effective
from advisor.nel.values import ABSENT, Absent, Unknown, Value, Values
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from advisor.subjects.scopes import Scope

# Where a comparison's other config says what a subject is about: a place in that config's document.
BASELINE = "baseline"
Attribute: TypeAlias = "Value | Callable[..., Value]"


class Place(NamedTuple):
    """A place in the config's own text: `path` for people and edits, `span` for the caret. `document` is the text
    that the span lies in where that is another file, one of a checkpoint's own."""

    path: Path
    span: Span
    document: Document | None = None


class Subject:
    """One thing of `kind` at `place`. `attributes` are computed ones (a callable is evaluated once, when first asked);
    any other name is a key path below `node`, the subject's own effective values, which stand at `base` in the config.
    Of a subject with a `view`, which knows more of it, the callables are functions of that, the same for all of a kind.
    `places` say where computed attributes stand in the text; others `locate` tells when they are asked for. `own` are
    subjects of which this one has its own, by kind, where a config may have several."""

    __slots__ = (
        "_places",
        "asked",
        "attributes",
        "base",
        "kind",
        "locate",
        "node",
        "own",
        "parent",
        "place",
        "view",
        "world",
    )

    def __init__(
        self,
        kind: str,
        place: Place,
        world: World,
        attributes: dict[str, Attribute] | None = None,
        node: Effective | None = None,
        base: Path = (),
        parent: Subject | None = None,
        places: dict[str, Place] | None = None,
        view: Any = None,
        locate: Callable[[str], Place | None] | None = None,
    ) -> None:
        self.kind, self.place, self.world = kind, place, world
        self.attributes: dict[str, Attribute] = {} if attributes is None else attributes
        self.node, self.base, self.parent = node, base, parent
        self._places, self.locate, self.view = places, locate, view
        self.asked: dict[str, Value] = {}
        self.own: dict[str, Subject] | None = None

    @property
    def places(self) -> dict[str, Place]:
        if self._places is None:
            self._places = {}
        return self._places

    def get(self, name: str) -> Value:
        """The value of an attribute or of a key path; ABSENT or Unknown where there is none. What was asked is kept."""
        attributes = self.attributes
        if name in attributes:
            value = attributes[name]
            if callable(value):
                value = attributes[name] = value() if self.view is None else value(self.view)
            return value
        asked = self.asked
        if name not in asked:
            asked[name] = self._at(name)
        return asked[name]

    def _at(self, name: str) -> Value:
        node = self.node.at(_path(name)) if self.node is not None else None
        if node is not None:
            return self.world.values.resolve(node)
        if self.world.values.composition.is_open(self.base):
            return Unknown("a config that is not here may set it", None)
        return ABSENT

    def find(self, name: str) -> Effective | None:
        """The effective value at a key path below this subject."""
        return self.node.at(_path(name)) if self.node is not None else None

    def place_of(self, name: str) -> Place | None:
        """Where an attribute stands in the config's own text; None where it is a default or absent."""
        told = self.told_place(name)
        if told is not None or name in self.attributes:
            return told
        node = self.find(name)
        if node is None:
            return None
        origin = node.masked or node.origin
        span = origin.value if origin.value and origin.value.end > origin.value.start else origin.key
        return Place((*self.base, *name.split(".")), span) if span else None

    def told_place(self, name: str) -> Place | None:
        """Where a computed attribute stands; None where nothing but the config's own keys can tell."""
        places = self._places
        if places is not None and name in places:
            return places[name]
        return self.locate(name) if self.locate is not None else None

    def source_of(self, name: str) -> str:
        """Where a value that is not in the config's own text came from; '' where it is there, or computed."""
        node = None if name in self.attributes else self.find(name)
        return node.origin.source if node is not None else ""

    def related(self, kind: str) -> Subject | None:
        """The nearest subject of a kind: itself, one it belongs to or that one's own, or the config's only one."""
        subject: Subject | None = self
        while subject is not None:
            if subject.kind == kind:
                return subject
            own = subject.own
            if own is not None and kind in own:
                return own[kind]
            subject = subject.parent
        return self.world.singles.get(kind)


class World:
    """All subjects of one target. `singles` are those of which there is one, by kind; `unchecked` says what could not
    be told, and why; `scopes` are made when they are first asked for."""

    def __init__(self, values: Values) -> None:
        self.values = values
        self.subjects: list[Subject] = []
        self._by_kind: defaultdict[str, list[Subject]] = defaultdict(list)
        self.singles: dict[str, Subject] = {}
        self.unchecked: dict[tuple[str, str], None] = {}
        self.scopes: tuple[Scope, ...] = ()

    def add(self, subject: Subject) -> Subject:
        self.subjects.append(subject)
        self._by_kind[subject.kind].append(subject)
        return subject

    def add_single(self, subject: Subject) -> Subject:
        self.singles[subject.kind] = subject
        return self.add(subject)

    def note(self, what: str, reason: str) -> None:
        self.unchecked[what, reason] = None

    def release(self) -> None:
        """Breaks the circles in which subjects hold each other, so that the memory of a world that nobody needs any
        more goes at once and not when the collector comes by."""
        for subject in self.subjects:
            subject.attributes.clear()
            subject.parent = subject.own = subject._places = subject.locate = subject.view = None
        for scope in (*self.scopes, *(self.scopes[0].tasks if self.scopes else ())):
            scope.view, scope.model, scope.tasks = None, None, ()
        self.scopes = ()
        self.subjects.clear()
        self._by_kind.clear()
        self.singles.clear()

    def of(self, kind: str) -> Iterator[Subject]:
        return iter(self._by_kind.get(kind, ()))


@cache
def _path(name: str) -> Path:
    return tuple(name.split("."))


def resolve_name(subject: Subject, name: str) -> tuple[Subject | None, str]:
    """A name in a rule to a subject and the attribute's name there: `type`, or `deployment.type` from anywhere."""
    kind, dot, rest = name.partition(".")
    if dot and kind in KINDS:
        return subject.related(kind), rest
    return subject, name


def value_of(subject: Subject, name: str) -> Value:
    """The value of a name as a rule on this subject means it."""
    return getter(name)(subject)


@cache
def getter(name: str) -> Callable[[Subject], Value]:
    """`value_of` for one name, worked out once."""
    if is_own(name):
        return methodcaller("get", name)
    kind, _, rest = name.partition(".")
    nothing = Unknown(f"there is no {kind} here", None)

    def ask(subject: Subject) -> Value:
        owner = subject.related(kind)
        return nothing if owner is None else owner.get(rest)

    return ask


def is_own(name: str) -> bool:
    """Whether a name in a rule asks the subject itself."""
    kind, dot, _ = name.partition(".")
    return not dot or kind not in KINDS


def is_nothing(value: Value) -> bool:
    return value is None or isinstance(value, Absent)


# Every kind there is: a dotted name in a rule that begins with one of them asks that subject.
KINDS = frozenset(
    {
        "document", "problem", "config", "default", "execution", "deployment", "evaluation", "target",
        "command", "flag", "key", "setting", "interpolation", "env_var", "secret", "adapter", "adapter_field",
        "interceptor", "param", "extra", "task", "judge_key", "hook", "mount", "destination", "export_key",
        "auxiliary", "server_variable", "checkpoint", "misplaced", "defaults", "shape", "suppression", "gap",
        "checkpoint_file", "tensor_group", "drift", "template_kwarg", "service", "benchmark", "cluster",
        "node_pool", "output", "exporter", "exporter_setting", "next_key", "conflict", "expansion",
        "proxy_interceptor", "container_mount", "pair",
    }
)  # fmt: skip
