"""Effective values: what a config means after composition, each value with where it came from."""

from __future__ import annotations

from advisor.document.nodes import Data, Mapping, Node, Path, Scalar, Span, plain
from advisor.records import NamedTuple

MISSING = "???"
_CONTAINERS = (dict, list)


class Origin(NamedTuple):
    """Where a value came from: `source` is '' for the config's own text, else for people ("the default of
    deployment vllm in NEL 0.2.6", "_endpoints.yaml"). `key` and `value` are spans in the config's own text."""

    source: str = ""
    key: Span | None = None
    value: Span | None = None
    node: Node | None = None


class Effective:
    """One effective value: a scalar, or children by name or by index. `masked` is the `???` of a person that
    did not override this default."""

    __slots__ = ("data", "masked", "origin")

    def __init__(
        self,
        data: bool | int | float | str | dict[str, Effective] | list[Effective] | None,
        origin: Origin,
        masked: Origin | None = None,
    ) -> None:
        self.data, self.origin, self.masked = data, origin, masked

    @property
    def is_missing(self) -> bool:
        return self.data == MISSING

    def child(self, part: str | int) -> Effective | None:
        data = self.data
        if isinstance(data, dict):
            return data.get(part) if isinstance(part, str) else None
        if isinstance(data, list) and isinstance(part, int) and 0 <= part < len(data):
            return data[part]
        return None

    def at(self, path: Path) -> Effective | None:
        node: Effective | None = self
        for part in path:
            if node is None:
                return None
            data = node.data
            if type(data) is dict:
                node = data.get(part)  # type: ignore[arg-type]
            elif type(data) is list and type(part) is int and 0 <= part < len(data):
                node = data[part]
            else:
                return None
        return node

    def plain(self) -> Data:
        """Plain data, interpolations left as text."""
        data = self.data
        if isinstance(data, dict):
            return {name: child.plain() for name, child in data.items()}
        if isinstance(data, list):
            return [child.plain() for child in data]
        return data


def children(node: Effective | None) -> dict[str, Effective]:
    """The keys of a mapping; of anything else, none."""
    return node.data if node is not None and isinstance(node.data, dict) else {}


def elements(node: Effective | None) -> list[Effective]:
    """What stands in a list; of anything else, nothing."""
    return node.data if node is not None and isinstance(node.data, list) else []


def from_node(node: Node, source: str = "") -> Effective:
    """A document's node as effective values. Another file's spans are left out: they are no places in this one."""
    return _from_own(node, None, node.span) if source == "" else from_data(plain(node), source)


def _from_own(node: Node, key: Span | None, span: Span) -> Effective:
    # There is one of each value of a config: made without the frame of a NamedTuple's own constructor.
    origin: Origin = tuple.__new__(Origin, ("", key, span, node))
    if isinstance(node, Scalar):
        return Effective(node.value, origin)
    if isinstance(node, Mapping):
        entries = node.entries.items()
        return Effective(
            {name: _from_own(value, key.span, alias or value.span) for name, (key, value, alias, _) in entries}, origin
        )
    return Effective([_from_own(value, None, alias or value.span) for value, alias in node.items], origin)


def from_data(data: Data, source: str) -> Effective:
    """Plain data, of a shipped group or another file, as effective values."""
    return _from_data(data, Origin(source))


def _from_data(data: Data, origin: Origin) -> Effective:
    if isinstance(data, dict):
        return Effective({name: _from_data(value, origin) for name, value in data.items()}, origin)
    if isinstance(data, list):
        return Effective([_from_data(value, origin) for value in data], origin)
    return Effective(data, origin)


def merge(base: Effective, over: Effective) -> Effective:
    """`over` merged onto `base` as OmegaConf merges: mappings deeply, lists and scalars replaced, and a `???`
    never replaces a value that is there."""
    if isinstance(base.data, dict) and isinstance(over.data, dict):
        children = dict(base.data)
        for name, value in over.data.items():
            replaces = type(value.data) is not dict and value.data != MISSING
            children[name] = value if replaces or name not in children else merge(children[name], value)
        return Effective(children, over.origin if over.origin.value else base.origin)
    if over.is_missing and not base.is_missing:
        return Effective(base.data, base.origin, masked=over.origin)
    return over


def merged_at(base: Effective, over: Effective, path: Path) -> Effective | None:
    """What stands at a path once `over` is merged onto `base`; what stands elsewhere is not merged for it."""
    for index, part in enumerate(path):
        below, above = base.data, over.data
        if not isinstance(below, dict) or not isinstance(above, dict):
            return merge(base, over).at(path[index:])
        lower, upper = below.get(part), above.get(part)  # type: ignore[arg-type]
        if lower is None or upper is None:
            rest = upper if lower is None else lower
            return rest.at(path[index + 1 :]) if rest is not None else None
        base, over = lower, upper
    return merge(base, over)


def nest(path: Path, value: Effective) -> Effective:
    """The value below a chain of otherwise empty mappings."""
    for part in reversed(path):
        value = Effective({str(part): value}, Origin(value.origin.source))
    return value


def leaves(value: Effective, path: Path = ()) -> list[tuple[Path, Effective]]:
    """Every value below that is no container, with its path, in order."""
    found: list[tuple[Path, Effective]] = []
    _collect(value, path, found)
    return found


def _collect(value: Effective, path: Path, found: list[tuple[Path, Effective]]) -> None:
    data = value.data
    if not isinstance(data, dict | list):
        found.append((path, value))
        return
    for part, child in data.items() if isinstance(data, dict) else enumerate(data):
        if type(child.data) in _CONTAINERS:
            _collect(child, (*path, part), found)
        else:
            found.append(((*path, part), child))
