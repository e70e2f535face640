"""What an engine's version does with a ModelOpt checkpoint under a value of `--quantization`.

Source: rules/knowledge/outcomes.json, from the engines' own functions run on the metadata; no model was loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from advisor.knowledge import table
from advisor.nel.engine import engine_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.nel.engine import EngineVersion

LOADS, NATIVE, NOT_LEGAL, UNTESTED, UNCHECKED = "loads", "native", "not-legal", "untested", "unchecked"
WRONG_CLASS = "wrong-class"
# The engine stops, or loads something else than what is on disk.
FAILS = frozenset({"mismatch", "unsupported", "unreadable", "unquantized", "other-method"})
NO_FLAG = ""
_REFUSALS = ("ERROR at config: ", "ERROR at quant config")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`kind` as the table names them, or `unchecked` with the `reason`; `words` are the engine's own."""

    kind: str
    words: str = ""
    reason: str = ""

    @property
    def fails(self) -> bool:
        return self.kind in FAILS

    @property
    def refusal(self) -> str:
        """The engine's error message; '' where it gives none."""
        if not self.words.startswith(_REFUSALS):
            return ""
        return (
            self.words.removeprefix(_REFUSALS[0])
            if self.words.startswith(_REFUSALS[0])
            else self.words.partition(": ")[2]
        )


def outcome(engine: EngineVersion, algo: str, layout: str, flag: str = NO_FLAG) -> Outcome:
    """One cell. Between two sampled versions only what both say."""
    if not engine.samples:
        return Outcome(UNCHECKED, reason=engine.reason)
    cells = _cells(engine.engine, algo, layout)
    row = cells.get(flag)
    if row is None:
        what = f"--quantization {flag} on a ModelOpt checkpoint" if cells else f"{algo} checkpoints"
        return Outcome(UNCHECKED, reason=f"what {engine.engine} does with {what} was not tried")
    found = [row[sample] for sample in engine.samples]
    kinds = {kind for kind, _ in found}
    if len(kinds) > 1:
        versions = table("outcomes")["engines"][engine.engine]["versions"]
        between = " and ".join(versions[sample] for sample in engine.samples)
        return Outcome(
            UNCHECKED, reason=f"{engine.engine} {between} differ on {algo} checkpoints, this version lies between"
        )
    kind, words = found[0]
    same = all(one == found[0] for one in found)
    return Outcome(kind, words.replace("{algo}", algo).replace("{flag}", flag) if same else "")


def loading_flags(engine: EngineVersion, algo: str, layout: str) -> tuple[str, ...]:
    """The values of `--quantization` that make this version load the checkpoint; NO_FLAG first, where it needs none."""
    flags = _cells(engine.engine, algo, layout)
    return tuple(flag for flag in flags if outcome(engine, algo, layout, flag).kind in (LOADS, NATIVE))


def none_loads(engine: EngineVersion, algo: str, layout: str) -> bool:
    """Whether this version is known to load the checkpoint under no value at all."""
    flags = _cells(engine.engine, algo, layout)
    kinds = {outcome(engine, algo, layout, flag).kind for flag in flags}
    return bool(kinds) and kinds <= FAILS | {NOT_LEGAL, WRONG_CLASS}


@cache
def loading_versions(engine: str, algo: str, layout: str) -> tuple[str, ...]:
    """The sampled versions that load the checkpoint with some value or none, oldest first."""
    versions: list[str] = table("outcomes")["engines"].get(engine, {"versions": []})["versions"]
    return tuple(one for one in versions if loading_flags(engine_version(engine, one), algo, layout))


@cache
def _cells(engine: str, algo: str, layout: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """The rows of one algorithm and layout by flag: (kind, words) for each sampled version; {} where there are none."""
    book = table("outcomes")["engines"].get(engine)
    if book is None:
        return {}
    for names, layouts in book["cells"].items():
        if algo in names.split():
            return {flag: tuple(_row(book, text)) for flag, text in layouts.get(layout, {}).items()}
    return {}


def _row(book: dict[str, dict[str, list[str]]], text: str) -> list[tuple[str, str]]:
    """`0.9.2 a; 0.10.0 b` as one outcome for each sampled version."""
    begins = dict(part.split(" ") for part in text.split("; "))
    row: list[tuple[str, str]] = []
    for version in book["versions"]:
        name = begins.get(version)
        row.append(row[-1] if name is None else (book["outcomes"][name][0], book["outcomes"][name][1]))
    return row
