"""Composition as Hydra does it for NEL: shipped groups, sibling files, `_self_` order, one tree of effective values.

Source: hydra-core 1.3 _internal/defaults_list.py and nemo-evaluator-launcher 0.2.6 api/types.py (RunConfig.from_hydra).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache

from advisor.document.nodes import Mapping
from advisor.document.reading import read_document
from advisor.knowledge import table
from advisor.nel.context import NEWEST_NEL
from advisor.nel.defaults import GLOBAL, DefaultsEntry, package_header, read_defaults
from advisor.nel.effective import Effective, Origin, from_data, from_node, merge, nest
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document

SHIPPED, SIBLING, INTERNAL, NOT_FOUND, NOTHING = "shipped", "sibling", "internal", "not found", "nothing"
_MAX_FILES = 50
_OTHER_CHOICE = pattern(r"\$\{([\w/@.\-]+)\}")

SiblingReader = Callable[[str], "Document | None"]


class Loaded:
    """A `defaults` entry, where its config was found, and the parts of the tree that it brought. `mistake` is why Hydra
    refuses it where it stands, `again` the earlier entry for the same group, `broken` what is wrong with a sibling
    file, and `lacking` a config that a sibling names and that is not there."""

    def __init__(self, entry: DefaultsEntry, found: str, mistake: str = "", again: DefaultsEntry | None = None) -> None:
        self.entry, self.found, self.mistake, self.again = entry, found, mistake, again
        self.broken = self.lacking = ""
        self.parts: list[Effective] = []


class Composition(NamedTuple):
    """`open_sections` are the top-level keys that a config which is not here may fill ("" for any): there, what is
    absent is unknown. `header` is the package that a `# @package` line moves the file to."""

    tree: Effective
    loaded: tuple[Loaded, ...]
    open_sections: frozenset[str]
    header: str = ""
    header_mistake: str = ""

    def is_open(self, path: tuple[str | int, ...]) -> bool:
        sections = self.open_sections
        return bool(sections) and ("" in sections or (bool(path) and str(path[0]) in sections))


class _File(NamedTuple):
    """A file whose `defaults` are being followed: its folder in the search path and the package of its values."""

    name: str
    folder: str
    package: str


def compose(document: Document, read_sibling: SiblingReader | None = None) -> Composition:
    """The effective values of a launcher config."""
    return _Composer(read_sibling or siblings_of(document.path)).compose(document)


def siblings_of(path: str) -> SiblingReader:
    """Reads `<name>.yaml` below the config's own directory, and nothing outside of it."""
    folder = os.path.dirname(path) or "."

    def read(name: str) -> Document | None:
        named = os.path.join(folder, name + ".yaml")
        if not os.path.isfile(named):
            return None
        full = os.path.realpath(named)
        return read_document(full) if full.startswith(os.path.realpath(folder) + os.sep) else None

    return read


class _Composer:
    def __init__(self, read_sibling: SiblingReader) -> None:
        self.read_sibling = read_sibling
        self.loaded: list[Loaded] = []
        self.open: set[str] = set()
        self.files = 0
        self.chosen: dict[str, tuple[DefaultsEntry, Loaded]] = {}
        self.overrides: dict[str, tuple[DefaultsEntry, Loaded | None]] = {}
        self.overridden: set[str] = set()

    def compose(self, document: Document) -> Composition:
        header, mistake = package_header(document)
        tree = Effective({}, Origin())
        for part in self.parts(document, _File("", "", header or ""), None):
            tree = merge(tree, part)
        for key, (entry, top) in self.overrides.items():
            if top is not None and key not in self.overridden:
                top.mistake = top.mistake or f"it overrides {entry.group}, which no other entry names"
        return Composition(tree, tuple(self.loaded), frozenset(self.open), header or "", mistake)

    def own_values(self, document: Document, source: str, package: str) -> Effective:
        root = document.root
        if not isinstance(root, Mapping):
            return Effective({}, Origin(source))
        values = from_node(root, source)
        if isinstance(values.data, dict):
            values.data.pop("defaults", None)
        return nest(_path(package), values)

    def parts(self, document: Document, file: _File, top: Loaded | None) -> list[Effective]:
        """A file's own values and those of its `defaults`, in order. `top` is the top-level entry that led here."""
        entries = read_defaults(document.root)
        own = self.own_values(document, file.name, file.package)
        tops = [top or self.listed(entry) for entry in entries]
        self.read_overrides(entries, tops, is_top=top is None)
        parts: list[Effective] = []
        placed = False
        for entry, its_top in zip(entries, tops, strict=True):
            if entry.is_self:
                if placed:
                    its_top.mistake = its_top.mistake or "a second _self_"
                else:
                    parts.append(own)
                placed = True
            elif not entry.override:
                brought = self.load(entry, file, its_top, is_top=top is None)
                parts.extend(brought)
                if top is None:
                    its_top.parts = brought
        if not placed:
            parts.append(own)
        return parts

    def listed(self, entry: DefaultsEntry) -> Loaded:
        loaded = Loaded(entry, NOTHING, entry.mistake)
        self.loaded.append(loaded)
        return loaded

    def read_overrides(self, entries: tuple[DefaultsEntry, ...], tops: list[Loaded], *, is_top: bool) -> None:
        """A file's overrides count before the files that it names are read; nothing but `_self_` may follow them."""
        last_other = max((n for n, e in enumerate(entries) if not (e.override or e.is_self)), default=-1)
        for n, (entry, top) in enumerate(zip(entries, tops, strict=True)):
            if entry.override:
                if n < last_other:
                    top.mistake = top.mistake or "an override must come after every other entry"
                    self.open.add(entry.group)
                self.overrides.setdefault(entry.key, (entry, top if is_top else None))

    def load(self, entry: DefaultsEntry, file: _File, top: Loaded, *, is_top: bool) -> list[Effective]:
        entry = self.choice(entry, top)
        name = f"{file.folder}/{entry.config}" if file.folder and entry.config and not entry.absolute else entry.config
        package = _below(file.package, entry.package)
        found, parts = self.find(entry, name, package, top)
        if is_top:
            top.found = found
        elif found == NOT_FOUND:
            top.lacking = top.lacking or f"{name}, which {file.name} names"
        if found in (INTERNAL, NOT_FOUND):
            self.open.add(package.partition(".")[0])
        if entry.slipped_from:
            self.open.add(entry.slipped_from)
        return parts

    def choice(self, entry: DefaultsEntry, top: Loaded) -> DefaultsEntry:
        """The entry as overrides and other choices leave it; two choices of one group are noted."""
        if not entry.grouped or entry.one_of_many or entry.mistake:
            return entry
        if entry.key in self.overrides:
            self.overridden.add(entry.key)
            by, _ = self.overrides[entry.key]
            entry = entry._replace(option=by.option, config=by.config, interpolated=by.interpolated)
        if entry.interpolated:
            entry = self.interpolated(entry, top)
        first, _ = self.chosen.setdefault(entry.key, (entry, top))
        if first is not entry and not (first.option is None and entry.option is None):
            top.again = first
        return entry

    def interpolated(self, entry: DefaultsEntry, top: Loaded) -> DefaultsEntry:
        match = _OTHER_CHOICE.fullmatch(entry.option or "")
        if match is None:
            return entry
        if match[1] not in self.chosen:
            top.mistake = f"{entry.option} names no other entry of this list, and nothing else can be used here"
            return entry
        option = self.chosen[match[1]][0].option
        return entry._replace(option=option, config=f"{entry.group}/{option}" if option else "", interpolated=False)

    def find(self, entry: DefaultsEntry, name: str, package: str, top: Loaded) -> tuple[str, list[Effective]]:
        if entry.mistake or entry.interpolated:
            return INTERNAL, []
        if not name:
            return NOTHING, []
        sibling = self.read_sibling(name) if self.files < _MAX_FILES else None
        if sibling is not None:
            self.files += 1
            return SIBLING, self.sibling_parts(entry, name, package, sibling, top)
        shipped = shipped_groups().get(name)
        if shipped is not None:
            return SHIPPED, [nest(_path(package), shipped)]
        if name.startswith("internal/") or "/internal/" in name:
            return INTERNAL, []
        return (NOTHING if entry.optional else NOT_FOUND), []

    def sibling_parts(
        self, entry: DefaultsEntry, name: str, package: str, document: Document, top: Loaded
    ) -> list[Effective]:
        header, mistake = package_header(document)
        if header is not None and not entry.explicit_package:
            package = header
        source = f"{name}.yaml"
        if document.problems or mistake:
            top.broken = top.broken or f"{source}: {mistake or document.problems[0].message}"
        return self.parts(document, _File(source, name.rpartition("/")[0], package), top)


def _below(parent: str, package: str) -> str:
    """A package below the naming file's own; what follows `_global_` is absolute."""
    whole = ".".join(part for part in (parent, package) if part)
    _, marked, absolute = whole.rpartition(GLOBAL)
    return absolute.removeprefix(".") if marked else whole


def _path(package: str) -> tuple[str, ...]:
    return tuple(package.split(".")) if package else ()


@cache
def shipped_groups() -> dict[str, Effective]:
    """The configs that NEL 0.2.6 ships, by their path in its search path."""
    return {
        name: from_data(values, f"the default of {name.replace('/', ' ', 1)} in NEL {NEWEST_NEL}")
        for name, values in table("groups")["groups"].items()
    }
