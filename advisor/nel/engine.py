"""What an engine's version knows: flags, values and environment variables, or why that cannot be said."""

from __future__ import annotations

from functools import lru_cache

from advisor.nel.engine_table import (
    KNOWN,
    REMOVED,
    UNCHECKED,
    FlagAnswer,
    Table,
    ValueAnswer,
    engine_table,
)
from advisor.nel.names import nearest
from advisor.nel.versions import version_key
from advisor.records import NamedTuple


class EngineVersion(NamedTuple):
    """One version of an engine: `samples` are the sampled versions that speak for it, one for a sampled version, its
    two neighbours between them, none where `reason` says why nothing can be said."""

    engine: str
    version: str | None
    samples: tuple[int, ...]
    reason: str = ""

    def flag(self, written: str) -> FlagAnswer:
        """A flag as written (without `=value` and dotted keys): does this version have it?"""
        return _flag(self, written)

    def value(self, flag: str, value: str) -> ValueAnswer:
        """A value of `--quantization`, `--kv-cache-dtype`, `--reasoning-parser` or `--tool-call-parser`."""
        book = engine_table(self.engine)
        values = book.values(flag) if book else None
        if values is None:
            return ValueAnswer(
                UNCHECKED, value, reason=self.reason or f"the legal values of {flag} are not in our tables"
            )
        if value in ("", "None"):
            return ValueAnswer(UNCHECKED, value, reason="it may stand for the default")
        return self._lookup(
            value, values.get(value, frozenset()), deprecated=book.deprecated(flag, value) if book else None
        )

    def values(self, flag: str) -> tuple[str, ...]:
        """Every value that all samples of this version have; () where that is not known."""
        book = engine_table(self.engine)
        known = (book.values(flag) if book else None) or {}
        return tuple(value for value, versions in known.items() if self.samples and versions.issuperset(self.samples))

    def variable(self, name: str) -> ValueAnswer:
        """A variable of the environment; UNKNOWN where no sampled version names it."""
        book = engine_table(self.engine)
        if book is None:
            return ValueAnswer(UNCHECKED, name, reason=self.reason)
        if not name.startswith(book.prefixes):
            return ValueAnswer(UNCHECKED, name, reason=f"not a variable of {self.engine}")
        answer = self._lookup(name, book.variable(name))
        if answer.status == REMOVED and (flag := book.table["environment_replaced"].get(name)):
            return ValueAnswer(REMOVED, name, answer.first, answer.last, replaced=flag)
        return answer

    def nearest_flag(self, written: str) -> str | None:
        """The flag of this version (of any, where it is not known) that `written` is a slip of."""
        book = engine_table(self.engine)
        return nearest(written, book.names_at(self.samples)) if book else None

    def nearest_value(self, flag: str, value: str) -> str | None:
        book = engine_table(self.engine)
        return nearest(value, self.values(flag) or (book.values(flag) if book else None) or ())

    def nearest_variable(self, name: str) -> str | None:
        book = engine_table(self.engine)
        if book is None:
            return None
        return nearest(name, [one for one in book.table["environment"] if book.variable(one).issuperset(self.samples)])

    def _lookup(self, value: str, versions: frozenset[int], deprecated: frozenset[int] | None = None) -> ValueAnswer:
        book = engine_table(self.engine)
        assert book is not None
        first, last = book.bounds(versions)
        if not self.samples:
            return ValueAnswer(UNCHECKED, value, first, last, reason=self.reason)
        here = [sample in versions for sample in self.samples]
        if any(here) != all(here):
            return ValueAnswer(UNCHECKED, value, first, last, reason=f"{self.between(book)} disagree on {value}")
        if all(here):
            old = deprecated is not None and deprecated.issuperset(self.samples)
            return ValueAnswer(KNOWN, value, first, last, deprecated=old)
        status, first, last = book.absence(versions, self.samples[0])
        return ValueAnswer(status, value, first, last)

    def between(self, book: Table) -> str:
        """The sampled versions, as people read them."""
        return f"{self.engine} " + " and ".join(book.versions[sample] for sample in self.samples)


@lru_cache(maxsize=2048)
def _flag(version: EngineVersion, written: str) -> FlagAnswer:
    """What a version says of a flag: the same few are asked of every config."""
    book = engine_table(version.engine)
    if book is None:
        return FlagAnswer(UNCHECKED, written, reason=version.reason)
    if not version.samples:
        return _in_newest(version, book, written)
    answers = [book.at(written, sample) for sample in version.samples]
    first = answers[0]
    if any((one.status == KNOWN) != (first.status == KNOWN) or one.flag != first.flag for one in answers):
        reason = f"{version.between(book)} disagree on {written}"
        known = next(one for one in answers if one.status == KNOWN or one.flag)
        return FlagAnswer(
            UNCHECKED, written, known.flag, known.matched, known.nargs, known.first, known.last, reason=reason
        )
    return answers[-1] if first.status == KNOWN else first


def _in_newest(version: EngineVersion, book: Table, written: str) -> FlagAnswer:
    """Of a version that nothing is known of: what the name would mean in the newest version that has it."""
    for sample in range(len(book.versions) - 1, -1, -1):
        one = book.at(written, sample)
        if one.status == KNOWN:
            return FlagAnswer(
                UNCHECKED, written, one.flag, one.matched, one.nargs, one.first, one.last, reason=version.reason
            )
    return FlagAnswer(UNCHECKED, written, reason=version.reason)


@lru_cache(maxsize=256)
def engine_version(engine: str | None, version: str | None) -> EngineVersion:
    """An engine at a version, by the sampled versions around it."""
    if engine is None:
        return EngineVersion("", version, (), "the engine is not known")
    book = engine_table(engine)
    if book is None:
        return EngineVersion(engine, version, (), f"the flags of {engine} are not in our tables")
    key = version_key(version) if version else None
    if version is None or key is None:
        return EngineVersion(engine, version, (), f"the {engine} version is not known")
    if key in book.keys:
        return EngineVersion(engine, version, (book.keys.index(key),))
    after = sum(1 for one in book.keys if one < key)
    if after == 0:
        return EngineVersion(
            engine, version, (), f"{engine} {version} is older than what was read ({book.versions[0]})"
        )
    if after == len(book.keys):
        return EngineVersion(
            engine, version, (), f"{engine} {version} is newer than what was read ({book.versions[-1]})"
        )
    return EngineVersion(engine, version, (after - 1, after))


def flag_names(engine: EngineVersion) -> list[str]:
    """The flags that this version has, by their main names, sorted; those of any version where it is not known."""
    book = engine_table(engine.engine)
    if book is None:
        return []
    names = book.names_at(engine.samples)
    return sorted(name for name in names if name.startswith("--") and name in book.table["flags"])


def variable_names(engine: EngineVersion) -> list[str]:
    """The engine's own variables that this version has; those of any version where it is not known."""
    book = engine_table(engine.engine)
    if book is None:
        return []
    return sorted(name for name in book.table["environment"] if book.variable(name).issuperset(engine.samples))


def sampled_versions(engine: str) -> tuple[str, ...]:
    """The versions of an engine that were read, the oldest first."""
    book = engine_table(engine)
    return tuple(book.versions) if book is not None else ()
