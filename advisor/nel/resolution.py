"""What becomes of each `${...}` when NEL resolves the whole composed config, key by key.

Source: nemo-evaluator-launcher 0.2.6 api/functional.py (_validate_no_missing_values) and omegaconf 2.3.
"""

from __future__ import annotations

import re

from advisor.nel.effective import MISSING, Effective, leaves
from advisor.nel.interpolation import (
    BROKEN,
    ENV,
    KEY,
    NESTED,
    RESOLVERS,
    Interpolation,
    find_interpolations,
    outermost,
)
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.nodes import Path
    from advisor.nel.compose import Composition

FINE, NOTHING, CIRCLE, NO_RESOLVER, UNSET, REFUSED, UNKNOWN = (
    "fine", "nothing", "circle", "no resolver", "unset", "refused", "unknown",
)  # fmt: skip
_MAX_HOPS = 20
_MAX_SEEN = 500
_PARTS = pattern(r"[^\[\].\s]+")
_RESOLVER_NAME = pattern(r"\s*([\w.\-]+)\s*:")
_TAKES_KEY = ("oc.dict.keys", "oc.dict.values", "oc.deprecated")
# What the launcher itself adds to the config before it resolves it.
_ADDED = "user_config_path"
_GROUPS = ("execution", "deployment")


class Fate(NamedTuple):
    """`kind` is one of the constants above; `path` is the key that was looked for, `above` what there is of it."""

    kind: str
    path: Path = ()
    above: Path = ()


class Resolution:
    """Follows interpolations through one composed config. `env_names` are names of variables, never values."""

    def __init__(self, composition: Composition, env_names: frozenset[str]) -> None:
        self.composition = composition
        self.tree = composition.tree
        self.env_names = env_names
        self._targets: dict[Path, set[Path]] = {}

    def fate(self, one: Interpolation, at: Path) -> Fate:
        """What becomes of an interpolation of the value at a path."""
        if one.kind == KEY:
            path = key_path(one, at)
            return Fate(NOTHING) if path is None else self.look_up(path, at)
        if one.kind == ENV:
            known = one.default is not None or one.name in self.env_names
            too_many = one.default is not None and "," in _unquoted(one.default)
            return Fate(REFUSED if too_many else FINE if known else UNSET)
        if one.kind == BROKEN:
            return Fate(REFUSED)
        return self.resolver(one, at)

    def resolver(self, one: Interpolation, at: Path) -> Fate:
        match = _RESOLVER_NAME.match(one.text, 2)
        name = one.name if one.kind != NESTED else match[1] if match else ""
        if name and name not in RESOLVERS:
            return Fate(NO_RESOLVER)
        if name == "hydra":
            return Fate(REFUSED)
        if one.kind != NESTED and name in _TAKES_KEY:
            return self.look_up(tuple(_PARTS.findall(one.arguments.partition(",")[0])), at)
        return Fate(UNKNOWN if one.kind == NESTED else FINE)

    def look_up(self, path: Path, at: Path) -> Fate:
        if _is_within(at, path):
            return Fate(CIRCLE, path)
        node, fate = self.walk(path, 0)
        if node is not None and self.leads_back(node, path, at):
            # In a longer text a mapping or list is written out as it stands, so that a way back through it may be none.
            return Fate(CIRCLE if self.leads_back(node, path, at, scalars_only=True) else UNKNOWN, path)
        return fate

    def walk(self, path: Path, hops: int) -> tuple[Effective | None, Fate]:
        """The node at a path, through keys that are interpolations themselves."""
        node = self.tree
        for n, part in enumerate(path):
            here = self.follow(node, path[:n], hops) if n else node
            if here is None:
                return None, Fate(UNKNOWN, path)
            child = None if not n and part == "hydra" else _child(here, part)
            if child is None:
                added = not n and part == _ADDED
                unknown = added or here.data == MISSING or self.is_unsettled(path)
                return None, Fate(UNKNOWN if unknown else NOTHING, path, path[:n])
            node = child
        return node, Fate(FINE, path)

    def is_unsettled(self, path: Path) -> bool:
        """Whether a config that is not here may set the key: in a section without a type, an entry is lacking."""
        lacking = path[0] in _GROUPS and self.tree.at((path[0], "type")) is None
        return lacking or self.composition.is_open(path)

    def follow(self, node: Effective, at: Path, hops: int) -> Effective | None:
        """The node that an interpolation stands for; None where that is not known."""
        if not isinstance(node.data, str) or "${" not in node.data:
            return node
        found = outermost(find_interpolations(node.data))
        lone = found[0] if len(found) == 1 and found[0].text == node.data else None
        path = key_path(lone, at) if lone is not None and lone.kind == KEY else None
        if path is None or hops >= _MAX_HOPS:
            return None
        target, _ = self.walk(path, hops + 1)
        return self.follow(target, path, hops + 1) if target is not None else None

    def leads_back(self, node: Effective, path: Path, start: Path, *, scalars_only: bool = False) -> bool:
        """Whether resolving the node at `path` needs the value at `start`."""
        if not (isinstance(node.data, dict | list) or (isinstance(node.data, str) and "${" in node.data)):
            return False
        waiting, seen = [(path, node)], {path}
        while waiting and len(seen) < _MAX_SEEN:
            here, current = waiting.pop()
            if scalars_only and isinstance(current.data, dict | list):
                continue
            for target in self.targets(here, current):
                if _is_within(start, target) and not (scalars_only and len(target) < len(start)):
                    return True
                found = None if target in seen else self.walk(target, 0)[0]
                if found is not None:
                    seen.add(target)
                    waiting.append((target, found))
        return False

    def targets(self, path: Path, node: Effective) -> set[Path]:
        """The keys that the interpolations of a node, and below it, name."""
        if path not in self._targets:
            texts = [
                (at, leaf.data) for at, leaf in leaves(node, path) if isinstance(leaf.data, str) and "${" in leaf.data
            ]
            found = {key_path(one, at) for at, text in texts for one in find_interpolations(text) if one.kind == KEY}
            self._targets[path] = {target for target in found if target is not None}
        return self._targets[path]


def key_path(one: Interpolation, at: Path) -> Path | None:
    """The absolute path that a key interpolation of the value at `at` names; None where it goes above the root."""
    dots = len(one.name) - len(one.name.lstrip("."))
    if dots > len(at):
        return None
    return (*(at[: len(at) - dots] if dots else ()), *_PARTS.findall(one.name))


def _is_within(path: Path, above: Path) -> bool:
    """Whether a path is another one or below it; indexes are digits in interpolations."""
    pairs = zip(path, above, strict=False)
    return len(path) >= len(above) and all(part == other or str(part) == str(other) for part, other in pairs)


def _child(node: Effective, part: str | int) -> Effective | None:
    if isinstance(node.data, list) and isinstance(part, str):
        return node.child(int(part)) if part.isdecimal() else None
    return node.child(part)


def _unquoted(text: str) -> str:
    return re.sub(r"\"[^\"]*\"|'[^']*'|\\,|\$\{[^}]*\}|\[[^\]]*\]|\{[^}]*\}", "", text)
