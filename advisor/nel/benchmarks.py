"""Which benchmarks show what quantization costs, and how often they are to be repeated.

Source: rules/knowledge/benchmarks.json.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from advisor.knowledge import table
from advisor.patterns import pattern


class Benchmark(NamedTuple):
    """`repeats` of every sample in a comparison, None where the task sets them; `context` in tokens; `task` is NEL's
    name for the one that is recommended."""

    name: str
    sensitive: bool
    repeats: int | None = None
    context: int | None = None
    long_context: bool = False
    base: bool = False
    task: str | None = None


def benchmark_of(task: str) -> Benchmark | None:
    """The benchmark of a task, named with or without its harness; None where it is not in the table."""
    name = task.rpartition(".")[2]
    return next((found for pattern, found in _benchmarks() if pattern.fullmatch(name)), None)


def recommended(kind: str) -> tuple[Benchmark, ...]:
    """The set for a `chat` or a `base` model."""
    by_name = {found.name: found for _, found in _benchmarks()}
    return tuple(by_name[name] for name in table("benchmarks")["recommended"][kind])


@cache
def _benchmarks() -> tuple[tuple[re.Pattern[str], Benchmark], ...]:
    return tuple(
        (pattern(one["tasks"]), Benchmark(**{key: value for key, value in one.items() if key != "tasks"}))
        for one in table("benchmarks")["benchmarks"]
    )
