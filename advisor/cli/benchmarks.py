"""`nel-advisor benchmarks`: what a quantized model is best compared with."""

from __future__ import annotations

import json
import sys

import click

from advisor.cli.failures import fail
from advisor.cli.options import output_format
from advisor.nel.benchmarks import (
    LEVELS,
    Benchmark,
    TaskSet,
    benchmark_called,
    benchmark_of,
    benchmarks,
    next_benchmark,
    sets,
)
from advisor.nel.names import nearest
from advisor.nel.tasks import lookup
from advisor.report.benchmarks import benchmark_json, benchmark_lines, benchmark_text, set_json, set_text
from advisor.report.style import style_for


@click.command("benchmarks")
@click.argument("words", nargs=-1, metavar="[NAME]...")
@output_format
def command(words: tuple[str, ...], output: str) -> None:
    """Show what to compare a quantized model by.

    Lists the sets by use that `new --for` writes, and how much quantization shows in each benchmark. NAME is a set, a
    task of the launcher, a benchmark or playbook of nel-next, or a benchmark: all that is known of it, with sources.
    """
    found_sets: list[TaskSet] = []
    found: list[Benchmark] = []
    for word in words:
        chosen = next((one for one in sets() if one.name == word), None)
        if chosen is not None:
            found_sets.append(chosen)
        else:
            found.append(_benchmark(word))
    found = list(dict.fromkeys(found))
    if not words:
        found_sets, found = list(sets()), sorted(benchmarks(), key=lambda one: LEVELS.index(one.level))
    if output == "json":
        data = {"sets": [set_json(one) for one in found_sets], "benchmarks": [benchmark_json(one) for one in found]}
        click.echo(json.dumps(data, ensure_ascii=False, indent=1))
        return
    style = style_for(sys.stdout, "auto")
    texts = [set_text(one, style) for one in found_sets]
    if words:
        texts += [benchmark_text(one, style) for one in found]
    else:
        width = max(len(one.name) for one in found)
        texts.append("\n".join(line for one in found for line in benchmark_lines(one, width, style)))
    click.echo("\n\n".join(texts), color=True)


def _benchmark(word: str) -> Benchmark:
    """The benchmark that a word names; ends the command where it names none."""
    found = benchmark_called(word) or benchmark_of(word) or next_benchmark(word)
    if found is None:
        names = [*(one.name for one in sets()), *(one.name for one in benchmarks())]
        near = lookup(word).nearest or ((one,) if (one := nearest(word, names)) else ())
        meant = f"; did you mean {' or '.join(near)}" if near else ""
        fail(f"{word}: no set, task or benchmark of this name is known{meant}")
    return found
