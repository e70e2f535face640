"""Composition as Hydra does it for NEL: shipped groups, sibling files, `_self_` order, one tree of effective values.

Source: hydra-core 1.3 compose and nemo-evaluator-launcher 0.2.6 api/types.py (RunConfig.from_hydra).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from advisor.document.document import Document
from advisor.document.nodes import Mapping
from advisor.document.reading import read_document
from advisor.knowledge import table
from advisor.nel.context import NEWEST_NEL
from advisor.nel.defaults import DefaultsEntry, read_defaults
from advisor.nel.effective import Effective, Origin, from_data, from_node, merge, nest

SHIPPED, SIBLING, INTERNAL, NOT_FOUND, NOTHING = "shipped", "sibling", "internal", "not found", "nothing"
_MAX_FILES = 50
_PACKAGE_HEADER = re.compile(r"\A(?:\s*#[^\n]*\n)*?\s*#\s*@package\s+(\S+)")

SiblingReader = Callable[[str], "Document | None"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A `defaults` entry and where its config was found."""

    entry: DefaultsEntry
    found: str


@dataclass(frozen=True, slots=True)
class Composition:
    """`open_sections` are the top-level keys that a config which is not here may fill ("" for any): there, what is absent
    is unknown."""

    tree: Effective
    loaded: tuple[Loaded, ...]
    open_sections: frozenset[str]

    def is_open(self, path: tuple[str | int, ...]) -> bool:
        return "" in self.open_sections or (bool(path) and str(path[0]) in self.open_sections)


def compose(document: Document, read_sibling: SiblingReader | None = None) -> Composition:
    """The effective values of a launcher config."""
    return _Composer(read_sibling or siblings_of(document.path)).compose(document)


def siblings_of(path: str) -> SiblingReader:
    """Reads `<name>.yaml` below the config's own directory, and nothing outside of it."""
    folder = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120 (pathlib costs a cold start 10 ms)

    def read(name: str) -> Document | None:
        full = os.path.realpath(os.path.join(folder, name + ".yaml"))  # noqa: PTH118
        if not full.startswith(os.path.realpath(folder) + os.sep) or not os.path.isfile(full):  # noqa: PTH113
            return None
        return read_document(full)

    return read


class _Composer:
    def __init__(self, read_sibling: SiblingReader) -> None:
        self.read_sibling = read_sibling
        self.loaded: list[Loaded] = []
        self.open: set[str] = set()
        self.files = 0

    def compose(self, document: Document) -> Composition:
        tree = Effective({}, Origin())
        own = self.own_values(document, "")
        for part in self.parts(document, own, "", top=True):
            tree = merge(tree, part)
        return Composition(tree, tuple(self.loaded), frozenset(self.open))

    def own_values(self, document: Document, source: str) -> Effective:
        root = document.root
        if not isinstance(root, Mapping):
            return Effective({}, Origin(source))
        values = from_node(root, source)
        if isinstance(values.data, dict):
            values.data.pop("defaults", None)
        return values

    def parts(self, document: Document, own: Effective, folder: str, *, top: bool) -> list[Effective]:
        entries = read_defaults(document.root)
        parts: list[Effective] = []
        placed = False
        for entry in entries:
            if entry.is_self:
                parts.append(own)
                placed = True
            else:
                parts.extend(self.load(entry, folder, top=top))
        if not placed:
            parts.append(own)
        return parts

    def load(self, entry: DefaultsEntry, folder: str, *, top: bool) -> list[Effective]:
        name = f"{folder}/{entry.config}" if folder and entry.config else entry.config
        found, parts = self.find(entry, name)
        if top:
            self.loaded.append(Loaded(entry, found))
        if found in (INTERNAL, NOT_FOUND):
            self.open.add(entry.package.partition(".")[0])
        return parts

    def find(self, entry: DefaultsEntry, name: str) -> tuple[str, list[Effective]]:
        if not name or entry.interpolated:
            if entry.interpolated or not entry.legal:
                return INTERNAL, []
            return NOTHING, []
        sibling = self.read_sibling(name) if self.files < _MAX_FILES else None
        if sibling is not None:
            self.files += 1
            return SIBLING, self.sibling_parts(entry, name, sibling)
        shipped = shipped_groups().get(name)
        if shipped is not None:
            return SHIPPED, [nest(_path(entry.package), shipped)]
        return (INTERNAL if name.startswith("internal/") or "/internal/" in name else NOT_FOUND), []

    def sibling_parts(self, entry: DefaultsEntry, name: str, document: Document) -> list[Effective]:
        source = f"{name}.yaml"
        package = entry.package
        header = _PACKAGE_HEADER.match(document.text)
        if header and not entry.explicit_package:
            package = "" if header[1] == "_global_" else package if header[1] == "_group_" else header[1]
        own = self.own_values(document, source)
        inner = self.parts(document, own, name.rpartition("/")[0], top=False) if self.files < _MAX_FILES else [own]
        return [nest(_path(package), part) for part in inner]


def _path(package: str) -> tuple[str, ...]:
    return tuple(package.split(".")) if package else ()


@cache
def shipped_groups() -> dict[str, Effective]:
    """The configs that NEL 0.2.6 ships, by their path in its search path."""
    return {
        name: from_data(values, f"the default of {name.replace('/', ' ', 1)} in NEL {NEWEST_NEL}")
        for name, values in table("groups")["groups"].items()
    }
