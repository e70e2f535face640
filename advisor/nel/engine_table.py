"""An engine's table of flags, values and variables, indexed by spelling and sampled version, and what it answers."""

from __future__ import annotations

from functools import cache

from advisor.knowledge import table
from advisor.nel.versions import version_key
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# The answers.
KNOWN, UNKNOWN, REMOVED, NOT_YET, AMBIGUOUS, UNCHECKED = (
    "known",
    "unknown",
    "removed",
    "not-yet",
    "ambiguous",
    "unchecked",
)
# How a written flag led to the engine's own.
EXACT, PREFIX, NEGATION = "exact", "prefix", "negation"
_TABLES = ("vllm", "sglang")
# vLLM's parser takes `_` for `-` up to the first dot; SGLang's is argparse as it comes.
_UNDERSCORES = frozenset(("vllm",))
_BUILT_IN = ("--help", "-h")


class Name(NamedTuple):
    """One spelling of a flag, and the sampled versions (by index) that have it."""

    flag: str
    versions: frozenset[int]
    negates: bool


class FlagAnswer(NamedTuple):
    """`flag` is the engine's main name for it, None where nothing is meant for sure. `first` and `last` are the first
    and last sampled versions that have it; `nargs` is 0, 1, "?", "*", "+", or None where not known.

    `candidates` are the names that an ambiguous prefix fits; `reason` says why an answer is `unchecked`.
    """

    status: str
    written: str
    flag: str | None = None
    matched: str = EXACT
    nargs: int | str | None = None
    first: str | None = None
    last: str | None = None
    deprecated: bool = False
    replaced: str | None = None
    evidence: str | None = None
    candidates: tuple[str, ...] = ()
    reason: str = ""


class ValueAnswer(NamedTuple):
    """Whether a value of a flag, or a variable of the environment, exists. `replaced` is the flag to use instead."""

    status: str
    value: str
    first: str | None = None
    last: str | None = None
    deprecated: bool = False
    replaced: str | None = None
    reason: str = ""


@cache
def engine_table(engine: str) -> Table | None:
    return Table(table(engine)) if engine in _TABLES else None


class Table:
    """One engine's table, its spellings indexed and its version ranges read when asked."""

    def __init__(self, data: Any) -> None:
        self.table = data
        self.engine: str = data["engine"]
        self.versions: list[str] = data["versions"]
        self.keys = [key for version in self.versions if (key := version_key(version)) is not None]
        self.prefixes = tuple({f"{name.partition('_')[0]}_" for name in data["environment"]})
        self._index = {version: n for n, version in enumerate(self.versions)}
        self._ranges: dict[str, frozenset[int]] = {}
        self._names: dict[str, list[Name]] = {}
        for flag, record in data["flags"].items():
            self._add(flag, record)

    def _add(self, flag: str, record: dict[str, Any]) -> None:
        versions = self.ranges(record["in"])
        spellings = {flag: versions}
        for alias in record.get("aliases", ()):
            name, _, own = alias.partition(" ")
            spellings[name] = self.ranges(own) if own else versions
        for name, own_versions in spellings.items():
            self._names.setdefault(name, []).append(Name(flag, own_versions, negates=False))
        for negation in record.get("no", ()):
            name, _, own = negation.partition(" ")
            self._names.setdefault(name, []).append(Name(flag, self.ranges(own) if own else versions, negates=True))

    def ranges(self, text: str) -> frozenset[int]:
        """`0.9.2..0.11.2 0.33.0..` as indexes of the sampled versions."""
        if text not in self._ranges:
            found: set[int] = set()
            for part in text.split():
                first, _, last = part.partition("..")
                end = self._index[last] if last else len(self.versions) - 1
                found.update(range(self._index[first], end + 1))
            self._ranges[text] = frozenset(found)
        return self._ranges[text]

    def values(self, flag: str) -> dict[str, frozenset[int]] | None:
        values = self.table["values"].get(flag)
        return None if values is None else {value: self.ranges(text) for value, text in values.items()}

    def deprecated(self, flag: str, value: str) -> frozenset[int]:
        return self.ranges(self.table["deprecated_values"].get(flag, {}).get(value, ""))

    def variable(self, name: str) -> frozenset[int]:
        return self.ranges(self.table["environment"].get(name, ""))

    def bounds(self, versions: Iterable[int]) -> tuple[str | None, str | None]:
        found = sorted(versions)
        return (self.versions[found[0]], self.versions[found[-1]]) if found else (None, None)

    def absence(self, versions: frozenset[int], sample: int) -> tuple[str, str | None, str | None]:
        """Why a version lacks what `versions` have, with the first and last of those that tell it."""
        before = frozenset(one for one in versions if one < sample)
        if before:
            return (REMOVED, *self.bounds(before))
        return (NOT_YET, *self.bounds(versions)) if versions else (UNKNOWN, None, None)

    def names_at(self, samples: tuple[int, ...]) -> list[str]:
        return [name for name, all_of in self._names.items() if any(one.versions.issuperset(samples) for one in all_of)]

    def at(self, written: str, sample: int) -> FlagAnswer:
        """One sampled version's answer: the name itself, else a prefix of one flag's names, else why not."""
        name = self._normal(written)
        if name in _BUILT_IN:
            return FlagAnswer(KNOWN, written, "--help", nargs=0)
        for one in self._names.get(name, ()):
            if sample in one.versions:
                return self._known(written, one, EXACT, sample)
        fits = {other: one for other, all_of in self._prefixed(name) for one in all_of if sample in one.versions}
        if len({(one.flag, one.negates) for one in fits.values()}) == 1:
            return self._known(written, next(iter(fits.values())), PREFIX, sample)
        if fits:
            return FlagAnswer(AMBIGUOUS, written, candidates=tuple(sorted(fits)))
        return self._absent(written, name, sample)

    def _absent(self, written: str, name: str, sample: int) -> FlagAnswer:
        all_of = self._names.get(name) or []
        if not all_of:
            fits = {one.flag: one for _, found in self._prefixed(name) for one in found}
            all_of = list(fits.values()) if len(fits) == 1 else []
        if not all_of:
            return FlagAnswer(UNKNOWN, written)
        versions = frozenset().union(*(one.versions for one in all_of))
        status, first, last = self.absence(versions, sample)
        record = self.table["flags"][all_of[0].flag]
        return FlagAnswer(
            status,
            written,
            all_of[0].flag,
            EXACT if name in self._names else PREFIX,
            record.get("nargs", 1),
            first,
            last,
            replaced=record.get("replaced"),
            evidence=record.get("evidence"),
        )

    def _known(self, written: str, one: Name, matched: str, sample: int) -> FlagAnswer:
        record = self.table["flags"][one.flag]
        deprecated = sample in self.ranges(record.get("deprecated", ""))
        return FlagAnswer(
            KNOWN,
            written,
            one.flag,
            NEGATION if one.negates else matched,
            record.get("nargs", 1),
            *self.bounds(one.versions),
            deprecated=deprecated,
            replaced=record.get("replaced") if deprecated else None,
            evidence=record.get("evidence") if deprecated else None,
        )

    def _prefixed(self, name: str) -> list[tuple[str, list[Name]]]:
        """The names that an abbreviation may stand for, as argparse takes them."""
        if len(name) < 2 or name == "--":
            return []
        return [(other, all_of) for other, all_of in self._names.items() if other.startswith(name)]

    def _normal(self, written: str) -> str:
        return written.replace("_", "-") if self.engine in _UNDERSCORES and written.startswith("--") else written
