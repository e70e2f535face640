"""Effective values with their interpolations resolved: known, absent or unknown."""

from __future__ import annotations

from advisor.document.nodes import Data, Path
from advisor.nel.compose import Composition
from advisor.nel.effective import MISSING, Effective, leaves
from advisor.nel.interpolation import KEY, RESOLVER, Interpolation, find_interpolations, outermost
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from advisor.nel.expanded import Expanded

_MAX_LENGTH = 1_000_000


class Unknown(NamedTuple):
    """A value that the files alone do not tell, and why. `there` is whether the key is there, None where even that
    is unknown."""

    reason: str
    there: bool | None = True


class Absent:
    """There is no such value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "absent"

    def __bool__(self) -> bool:
        return False


ABSENT = Absent()
Value: TypeAlias = "Data | Unknown | Absent"


class Values:
    """Looks values up in a composed config, resolving `${...}`."""

    __slots__ = ("_keys", "_leaves", "composition", "expanded", "tree")

    def __init__(self, composition: Composition) -> None:
        self.composition = composition
        self.tree = composition.tree
        self._keys: dict[tuple[str, ...], Value] = {}
        self._leaves: list[tuple[Path, Effective]] | None = None
        self.expanded: dict[Path, Expanded | None] = {}

    def leaves(self) -> list[tuple[Path, Effective]]:
        """Every value that is no container, with its path."""
        if self._leaves is None:
            self._leaves = leaves(self.tree)
        return self._leaves

    def at(self, path: Path) -> Value:
        """The resolved value at a path. `???` is Unknown, so is what a config that is not here might fill."""
        node = self.tree.at(path)
        return self._nothing_at(path) if node is None else self.resolve(node)

    def resolve(self, node: Effective) -> Value:
        """A scalar resolved; a container as plain data, the interpolations inside left as text."""
        data = node.data
        if isinstance(data, str):
            return self.text(data) if "${" in data or data == MISSING else data
        if isinstance(data, dict | list):
            return node.plain()
        return data

    def text(self, text: str) -> Value:
        """A string with its interpolations replaced; Unknown where one of them is."""
        if text == MISSING:
            return Unknown("it is ???, to be filled in")
        found = outermost(find_interpolations(text))
        if len(found) == 1 and found[0].start == 0 and found[0].end == len(text):
            return self.interpolated(found[0])
        out, at = [], 0
        for one in found:
            value = self.interpolated(one)
            if isinstance(value, Unknown):
                return value
            if isinstance(value, Absent | dict | list):
                return Unknown(f"{one.text} is no text")
            out += [text[at : one.start], str(value)]
            at = one.end
        whole = "".join([*out, text[at:]])
        if len(whole) > _MAX_LENGTH:
            return Unknown("its interpolations unfold without end")
        return whole.replace("\\${", "${")

    def interpolated(self, one: Interpolation) -> Value:
        if one.kind == KEY and one.key_path:
            return self.key(one.key_path)
        if one.kind == RESOLVER and one.name == "select_not_null":
            name, _, default = one.arguments.partition(",")
            value = self.key(tuple(name.strip().split(".")))
            return default.strip() if value is None or value is ABSENT else value
        return Unknown(f"{one.text} is known only when the job is submitted")

    def key(self, path: tuple[str, ...]) -> Value:
        """The value that a key interpolation names; list indexes are digits there."""
        if path not in self._keys:
            self._keys[path] = Unknown("its interpolations go round in a circle")
            self._keys[path] = self._at_key(path)
        return self._keys[path]

    def _at_key(self, path: tuple[str, ...]) -> Value:
        node = self.node(path)
        if node is not None:
            return self.resolve(node)
        above = (self.node(path[:length]) for length in range(1, len(path)))
        if any(one is not None and isinstance(one.data, str) and "${" in one.data for one in above):
            return Unknown("a key above it is an interpolation", None)
        return self._nothing_at(path)

    def node(self, path: tuple[str, ...]) -> Effective | None:
        """The effective value that a key interpolation names; None where the config has none."""
        node: Effective | None = self.tree
        for part in path:
            if node is None:
                return None
            node = node.child(int(part)) if isinstance(node.data, list) and part.isdecimal() else node.child(part)
        return node

    def _nothing_at(self, path: Path) -> Value:
        return Unknown("a config that is not here may set it", None) if self.composition.is_open(path) else ABSENT
