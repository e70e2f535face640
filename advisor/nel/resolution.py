"""What becomes of each `${...}` when NEL resolves the whole composed config, key by key.

Source: nemo-evaluator-launcher 0.2.6 api/functional.py (_validate_no_missing_values) and omegaconf 2.3.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

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

if TYPE_CHECKING:
    from advisor.document.nodes import Path
    from advisor.nel.compose import Composition

FINE, NOTHING, CIRCLE, NO_RESOLVER, UNSET, REFUSED, UNKNOWN = (
    "fine", "nothing", "circle", "no resolver", "unset", "refused", "unknown",
)  # fmt: skip
_MAX_HOPS = 20
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
        if node is not None and self.leads_back(node, path, at, 0):
            return Fate(CIRCLE, path)
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

    def leads_back(self, node: Effective, path: Path, start: Path, hops: int) -> bool:
        """Whether resolving the node at `path` needs the value at `start`."""
        if hops >= _MAX_HOPS:
            return False
        for where, leaf in leaves(node, path):
            if not isinstance(leaf.data, str) or "${" not in leaf.data:
                continue
            for one in find_interpolations(leaf.data):
                target = key_path(one, where) if one.kind == KEY else None
                if target is None:
                    continue
                if _is_within(start, target):
                    return True
                found, _ = self.walk(target, 0)
                if found is not None and found is not node and self.leads_back(found, target, start, hops + 1):
                    return True
        return False


def key_path(one: Interpolation, at: Path) -> Path | None:
    """The absolute path that a key interpolation of the value at `at` names; None where it goes above the root."""
    dots = len(one.name) - len(one.name.lstrip("."))
    if dots > len(at):
        return None
    return (*(at[: len(at) - dots] if dots else ()), *_PARTS.findall(one.name))


def _is_within(path: Path, above: Path) -> bool:
    """Whether a path is another one or below it; indexes are digits in interpolations."""
    return tuple(map(str, path[: len(above)])) == tuple(map(str, above))


def _child(node: Effective, part: str | int) -> Effective | None:
    if isinstance(node.data, list) and isinstance(part, str):
        return node.child(int(part)) if part.isdecimal() else None
    return node.child(part)


def _unquoted(text: str) -> str:
    return re.sub(r"\"[^\"]*\"|'[^']*'|\\,|\$\{[^}]*\}|\[[^\]]*\]|\{[^}]*\}", "", text)
