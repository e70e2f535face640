"""Which benchmarks fit a model, of the sets by use.

Source: rules/knowledge/benchmarks.json.
"""

from __future__ import annotations

from advisor.nel.benchmarks import (
    AGENTIC,
    CODE,
    LONG_CONTEXT,
    REASONING,
    STANDARD,
    Benchmark,
    benchmark_of,
    next_benchmark,
    set_named,
)
from advisor.nel.tasks import lookup
from advisor.records import NamedTuple

# The ruler tasks that stand for each other, by thousands of tokens; quantization hardly shows in shorter ones.
_RULER = "ruler.ruler-"
_LENGTHS = (128, 64)


class Model(NamedTuple):
    """What decides which benchmarks fit; `context` in tokens, None where it is not known."""

    is_base: bool = False
    writes_code: bool = False
    reasons: bool = False
    calls_tools: bool = False
    context: int | None = None

    @property
    def kind(self) -> str:
        if self.is_base:
            return "base"
        return CODE if self.writes_code else REASONING if self.reasons else "chat"

    @property
    def use(self) -> str:
        """The set that fits it best."""
        return CODE if self.writes_code else REASONING if self.reasons else STANDARD


def recommended(model: Model) -> tuple[str, ...]:
    """The tasks, as harness.task, that show what quantization costs this model."""
    found = list(_of_set(model.use, model))
    if not any((one := benchmark_of(task)) is not None and one.long_context for task in found):
        found += long_tasks(model)[:1]
    if model.calls_tools and not model.is_base:
        found += _of_set(AGENTIC, model)[:1]
    return tuple(found)


def long_tasks(model: Model) -> tuple[str, ...]:
    """Those with long prompts that the server has room for."""
    found = _of_set(LONG_CONTEXT, model)
    return tuple(task for task in found if (one := benchmark_of(task)) is not None and one.long_context)


def recommended_next(model: Model) -> tuple[str, ...]:
    """The same by nel-next's names and playbooks, as far as it has them."""
    found = set_named(model.use).next
    return (*found, *set_named(AGENTIC).next) if model.calls_tools else found


def fitting(task: str, context: int | None, answer: int = 0) -> str | None:
    """A task of a set; of ruler the longest whose prompts leave `answer` tokens of the context; None where it needs
    more."""
    if task.startswith(_RULER):
        kind = task.rpartition("-")[2]
        lengths = (n for n in _LENGTHS if context is None or (n * 1024 <= context and n * 1000 + answer <= context))
        return next((f"{_RULER}{length}k-{kind}" for length in lengths), None)
    needed = context_needed(task)
    return task if needed is None or context is None or needed <= context else None


def context_needed(task: str) -> int | None:
    """The tokens that a recommended task's prompts and answers need; None where no source says."""
    if task.startswith(_RULER):
        return int(task.removeprefix(_RULER).partition("k-")[0]) * 1024
    found = benchmark_of(task)
    return found.context if found is not None else None


def repeats_wanted(task: str) -> int | None:
    """How often a task is to run every sample; None where its harness cannot repeat them, or no source says."""
    found, packaged = benchmark_of(task), lookup(task).task
    repeats = packaged is not None and packaged.repeats_field is not None
    return found.repeats if found is not None and repeats else None


def short_name(task: str) -> str:
    """The task without its harness, where that is enough."""
    bare = task.rpartition(".")[2]
    return bare if lookup(bare).task is not None else task


def described(task: str) -> str:
    """`GPQA Diamond (ns_gpqa, 16 repeats)`."""
    found = benchmark_of(task)
    context = context_needed(task) if found is not None and found.long_context else None
    return _told(found, short_name(task), repeats_wanted(task), context)


def described_next(name: str) -> str:
    """The same of a benchmark or playbook of nel-next."""
    found = next_benchmark(name)
    return _told(found, name, found.repeats if found is not None else None, None)


def _told(benchmark: Benchmark | None, name: str, repeats: int | None, context: int | None) -> str:
    details = [name, *([f"{repeats} repeats"] if repeats and repeats > 1 else [])]
    details += [f"{context} tokens of context"] if context else []
    return f"{benchmark.name} ({', '.join(details)})" if benchmark is not None else name


def _of_set(name: str, model: Model) -> tuple[str, ...]:
    chosen = set_named(name)
    fits = (fitting(task, model.context) for task in (chosen.base if model.is_base else chosen.chat))
    return tuple(task for task in fits if task is not None)
