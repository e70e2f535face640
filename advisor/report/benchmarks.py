"""Benchmarks and recommended sets for people and for programs."""

from __future__ import annotations

from advisor.nel.benchmarks import Benchmark, TaskSet, benchmark_of, next_benchmark, sets_with
from advisor.nel.recommended import context_needed, repeats_wanted
from advisor.nel.tasks import tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from advisor.report.style import Style

_INDENT = "    "
_SHOWN = 12
_PAINT = {"high": "error", "medium": "warning", "low": "fix", "unknown": "dim"}


def set_text(one: TaskSet, style: Style) -> str:
    """A set with its tasks, by the kind of model, and what each needs."""
    lines = [f"{style.paint(one.name, 'bold')}: {one.use}"]
    for kind, names in (("", one.chat), ("base models", one.base)):
        lines += [f"  {kind}:"] if kind and names else []
        lines += [f"  {'  ' if kind else ''}{_member(name)}" for name in names]
    if one.next:
        lines.append("  nel-next:")
        found = ((name, next_benchmark(name)) for name in one.next)
        lines += [f"    {name}  {', '.join([of.name, *_needs(of.repeats, of.context)])}" for name, of in found if of]
    return "\n".join(lines)


def _member(name: str) -> str:
    found = benchmark_of(name)
    known = [found.name] if found is not None else []
    return f"{name}  {', '.join([*known, *_needs(repeats_wanted(name), context_needed(name))])}"


def _needs(repeats: int | None, context: int | None) -> Iterator[str]:
    if repeats:
        yield f"{repeats} repeat{'s' if repeats > 1 else ''}"
    if context:
        yield f"{context} tokens of context"


def benchmark_lines(one: Benchmark, width: int, style: Style) -> list[str]:
    """An entry of the list."""
    first = f"{one.level:<7}  {one.name:<{width}}  "
    lines = style.wrap(one.why, " " * len(first), first)
    return [style.paint(lines[0][:7], _PAINT[one.level]) + lines[0][7:], *lines[1:]]


def benchmark_text(one: Benchmark, style: Style) -> str:
    """All that is known of a benchmark."""
    lines = [f"{style.paint(one.name, 'bold')}  sensitivity {style.paint(one.level, _PAINT[one.level])}"]
    lines += style.wrap(one.why, "  ", "  ")
    needs = ", ".join(_needs(one.repeats, one.context))
    lines += [f"  in a comparison: {needs}"] if needs else []
    found = ", ".join(sets_with(one))
    lines += [f"  sets: {found}"] if found else []
    names = names_of(one)
    more = f", and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    lines += style.wrap(f"{', '.join(names[:_SHOWN])}{more}", _INDENT, "  tasks: ") if names else []
    lines += [line for source in one.sources for line in style.wrap(source, _INDENT, "  source: ")]
    return "\n".join(lines)


def names_of(one: Benchmark) -> list[str]:
    """The launcher's tasks that are of a benchmark."""
    return [task.query for task in tasks() if benchmark_of(task.query) is one]


def set_json(one: TaskSet) -> dict[str, Any]:
    return {
        "name": one.name,
        "use": one.use,
        "chat": list(one.chat),
        "base": list(one.base),
        "next": list(one.next),
        "sources": list(one.sources),
    }


def benchmark_json(one: Benchmark) -> dict[str, Any]:
    return {
        "name": one.name,
        "sensitivity": one.level,
        "why": one.why,
        "repeats": one.repeats,
        "context": one.context,
        "long_context": one.long_context,
        "tasks": names_of(one),
        "sets": list(sets_with(one)),
        "sources": list(one.sources),
    }
