"""What benchmarks tell of a quantized model: how much a loss shows in them, and which to run for what.

Source: rules/knowledge/benchmarks.json, with its own sources.
"""

from __future__ import annotations

from functools import cache, lru_cache

from advisor.knowledge import table
from advisor.nel.tasks import lookup
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

HIGH, MEDIUM, LOW, UNRATED = "high", "medium", "low", "unknown"
LEVELS = (HIGH, MEDIUM, LOW, UNRATED)
STANDARD, CODE, REASONING, LONG_CONTEXT, AGENTIC = "standard", "code", "reasoning", "long-context", "agentic"


class Benchmark(NamedTuple):
    """`why` the level is what it is, and the `sources` that say so; `repeats` of every sample in a comparison, None
    where no source says; `context` in tokens. `tasks`, `next` and `gym` are words for the names that it has."""

    name: str
    level: str
    why: str
    sources: tuple[str, ...]
    harness: str = ""
    tasks: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    gym: tuple[str, ...] = ()
    repeats: int | None = None
    context: int | None = None
    long_context: bool = False

    @property
    def shows(self) -> bool | None:
        """Whether a loss shows; None where no source rates it."""
        return None if self.level == UNRATED else self.level != LOW


class TaskSet(NamedTuple):
    """Recommended tasks for a use: `chat` and `base` as harness.task, `next` by nel-next's names and playbooks."""

    name: str
    use: str
    chat: tuple[str, ...]
    base: tuple[str, ...]
    next: tuple[str, ...]
    sources: tuple[str, ...]


@lru_cache(maxsize=1024)
def benchmark_of(task: str, harness: str = "") -> Benchmark | None:
    """The benchmark of a launcher's task, named with or without its harness; None for one that is not in the table."""
    owner, _, name = task.rpartition(".")
    harness = owner or harness or _harness_of(name)
    return next(
        (one for one in benchmarks() if _matches(name, one.tasks) and one.harness in ("", harness)),
        None,
    )


def next_benchmark(name: str) -> Benchmark | None:
    """The benchmark that nel-next means by a name, with or without a scheme, or by a playbook."""
    scheme, _, rest = name.partition("://")
    bare = (rest or scheme).rpartition("#")[2].partition("@")[0].rpartition("/")[2]
    plain = bare.lower().replace("-", "_")
    if not plain:
        return None
    own = next((one for one in benchmarks() if _matches(plain, one.next)), None)
    return own or benchmark_of(bare) or benchmark_of(plain)


def gym_benchmark(folder: str) -> Benchmark | None:
    """The benchmark of a folder of NeMo Gym."""
    return next((one for one in benchmarks() if _matches(folder, one.gym)), None)


def sets_of(task: str) -> tuple[str, ...]:
    """The names of the sets that recommend a task, named as harness.task or as nel-next does; ruler's lengths count
    as one."""
    return tuple(one.name for one in sets() if {task, _ruler(task)} & {*one.chat, *one.base, *one.next})


def sets_with(benchmark: Benchmark) -> tuple[str, ...]:
    """The names of the sets that recommend a task of a benchmark."""
    return tuple(
        one.name
        for one in sets()
        if any(benchmark_of(task) is benchmark for task in (*one.chat, *one.base))
        or any(next_benchmark(name) is benchmark for name in one.next)
    )


def benchmark_called(name: str) -> Benchmark | None:
    """The benchmark of that name, however its letters are."""
    return next((one for one in benchmarks() if one.name.lower() == name.lower()), None)


def set_named(name: str) -> TaskSet:
    return next(one for one in sets() if one.name == name)


@cache
def sets() -> tuple[TaskSet, ...]:
    return tuple(
        TaskSet(
            one["name"],
            one["for"],
            tuple(one["chat"]),
            tuple(one["base"]),
            tuple(one["next"]),
            _cited(one["source"]),
        )
        for one in table("benchmarks")["sets"]
    )


@cache
def benchmarks() -> tuple[Benchmark, ...]:
    """The whole table, in the order in which names are tried."""
    return tuple(_benchmark(one) for one in table("benchmarks")["benchmarks"])


def _benchmark(one: dict[str, Any]) -> Benchmark:
    return Benchmark(
        one["name"],
        one["level"],
        one["why"],
        _cited(one["source"]),
        one.get("harness", ""),
        tuple(one.get("tasks", "").split()),
        tuple(one.get("next", "").split()),
        tuple(one.get("gym", "").split()),
        one.get("repeats"),
        one.get("context"),
        one.get("long_context", False),
    )


def _cited(names: Iterable[str]) -> tuple[str, ...]:
    sources = table("benchmarks")["sources"]
    return tuple(sources[name] for name in names)


def _matches(name: str, words: tuple[str, ...]) -> bool:
    return any(name.startswith(word[:-1]) if word.endswith("*") else name == word for word in words)


def _harness_of(name: str) -> str:
    found = lookup(name).task
    return found.harness if found is not None else ""


def _ruler(task: str) -> str:
    """The length that the sets name for a task of ruler."""
    family, dash, length = task.partition("-")
    kind = length.rpartition("-")[2]
    return f"ruler.ruler-128k-{kind}" if dash and family == "ruler.ruler" and kind in ("chat", "completions") else task
