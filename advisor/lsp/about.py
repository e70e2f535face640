"""What a key is, what a flag, a task or a checkpoint: Markdown for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.document.nodes import Path, dotted
from advisor.knowledge import table
from advisor.nel.benchmarks import HIGH, LOW, MEDIUM, UNRATED, Benchmark, benchmark_of, next_benchmark, sets_of
from advisor.nel.engine_table import AMBIGUOUS, KNOWN, NOT_YET, REMOVED, UNKNOWN, FlagAnswer
from advisor.nel.schema import Section, Unknown, section_name
from advisor.nel.tasks import Lookup, Status, Task

if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint

_FATE = {
    Unknown.SUBMIT: "The launcher refuses a key of this name here.",
    Unknown.CONTAINER: "The evaluation container refuses a key of this name here, after the model is served.",
    Unknown.EXPORT: "The exporter refuses a key of this name here, after the run.",
    Unknown.IGNORED: "Nobody reads a key of this name here.",
}
_SHOWN = {
    HIGH: "quantization shows in it (high)",
    MEDIUM: "quantization may show in it (medium)",
    LOW: "quantization hardly shows in it (low)",
    UNRATED: "how much quantization shows in it is not known",
}


def key_summary(path: Path) -> str:
    """One sentence on a key; '' for one that nothing is written on."""
    name = section_name(path[:-1])
    found: str = table("keys")["keys"].get(f"{name}.{path[-1]}" if name else str(path[-1]), "")
    return found


def about_key(path: Path, section: Section | None) -> str:
    """What a key is, its type, and what becomes of one that is not known."""
    name = str(path[-1])
    lines = [f"**{dotted(path)}**"]
    kind = section.keys.get(name, "") if section is not None else ""
    if kind not in ("", "any"):
        lines[0] += f" · `{kind}`"
    summary = key_summary(path)
    if summary:
        lines.append(summary)
    elif section is not None and name in section.refused:
        lines.append("The launcher refuses it, with a message of its own.")
    elif section is not None and name not in section.keys and section.unknown in _FATE:
        lines.append(_FATE[section.unknown])
    return "\n\n".join(lines)


def about_flag(answer: FlagAnswer, engine: str, version: str | None) -> str:
    """In which versions of the pinned engine a flag exists, and what replaced it."""
    name = answer.flag or answer.written
    head = f"**{name}**" + (f", written `{answer.written}`" if answer.written != name else "")
    pinned = f"{engine} {version}" if version else engine
    since = f" (in {answer.first} to {answer.last} of those read)" if answer.first else ""
    said = {
        KNOWN: f"{pinned} has it{since}.",
        UNKNOWN: f"No version of {engine} that was read has it.",
        REMOVED: f"{pinned} has it no more: {answer.last} was the last that was read to have it.",
        NOT_YET: f"{pinned} does not have it yet: {answer.first} is the first that was read to have it.",
        AMBIGUOUS: f"It may stand for {', '.join(f'`{one}`' for one in answer.candidates)}: {pinned} refuses it.",
    }.get(answer.status, f"Not known: {answer.reason}{since}.")
    lines = [head, said]
    if answer.deprecated:
        lines.append("It is deprecated.")
    if answer.replaced:
        lines.append(f"Use {answer.replaced}.")
    if answer.evidence:
        lines.append(f"Source: {answer.evidence}")
    return "\n\n".join(lines)


def about_task(found: Lookup) -> str:
    """Harness, endpoint types, container, what other models it needs, and whether quantization shows in it."""
    task = found.task
    if task is not None:
        return "\n\n".join(_task_lines(task))
    if found.status is Status.AMBIGUOUS:
        names = ", ".join(f"`{one.query}`" for one in found.candidates)
        return f"**{found.query}**\n\nSeveral harnesses have a task of this name: {names}."
    near = f" Nearest: {', '.join(f'`{one}`' for one in found.nearest)}." if found.nearest else ""
    said = {
        Status.UNLISTED: "The harness is packaged, the task is not: NEL asks the image for it.",
        Status.UNKNOWN: "NEL knows no task of this name.",
    }.get(found.status, "Only its container knows this task.")
    return f"**{found.query}**\n\n{said}{near}"


def _task_lines(task: Task) -> list[str]:
    lines = [
        f"**{task.query}**",
        f"endpoint: {', '.join(task.endpoints)}  \ncontainer: `{task.container}` ({task.arch})",
    ]
    for service in task.services():
        key = f", its key in `{service.key_env}`" if service.key_env else ""
        model = f" {service.model}" if service.model else ""
        lines.append(f"calls another model ({service.name}{model}){key}")
    if task.repeats_field:
        lines.append(f"`extra.{task.repeats_field}`: every sample is run {task.repeats} time(s) by default")
    if task.needs_tokenizer:
        lines.append("needs `extra.tokenizer`")
    benchmark = benchmark_of(task.query)
    if benchmark is not None:
        lines += _benchmark_lines(benchmark, sets_of(task.query))
    return lines


def _benchmark_lines(benchmark: Benchmark, among: tuple[str, ...]) -> list[str]:
    """How much quantization shows in it and why, how often to repeat it, and which sets recommend it."""
    lines = [f"**{benchmark.name}** · {_SHOWN[benchmark.level]}: {benchmark.why}."]
    more = [f"compare with {benchmark.repeats} repeats"] if benchmark.repeats and benchmark.repeats > 1 else []
    more += [f"needs {benchmark.context} tokens of context"] if benchmark.context else []
    more += [f"in the set{'s' if len(among) > 1 else ''} {', '.join(f'`{name}`' for name in among)}"] if among else []
    return [*lines, "; ".join(more)] if more else lines


def about_next_benchmark(name: str) -> str:
    """The same of a benchmark or playbook of nel-next; '' for one that is not known."""
    found = next_benchmark(name)
    return "\n\n".join(_benchmark_lines(found, sets_of(name))) if found is not None else ""


def about_checkpoint(checkpoint: Checkpoint) -> str:
    """Format, size, whether it is whole, and its context."""
    found, config = checkpoint.quantization, checkpoint.config
    lines = [f"**{checkpoint.path}**"]
    lines.append(
        f"quantization: {found.algo or found.method} (by {found.method})" if found is not None else "not quantized"
    )
    size = checkpoint.weight_bytes / 2**30
    lines.append(f"{size:.1f} GiB in {len(checkpoint.shards)} shard(s), {checkpoint.tensors} tensors")
    if config is not None:
        model = ", ".join(config.architectures) or config.model_type or "unknown model"
        context = f", context {config.context_length} tokens" if config.context_length else ""
        lines.append(f"{model}{context}")
    state = checkpoint.completeness
    gaps = "; ".join(gap.detail for gap in state.gaps[:3])
    lines.append("whole" if state.complete else f"not whole ({state.state}): {gaps}")
    return "\n\n".join(lines)
