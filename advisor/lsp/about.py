"""What a key is, what a flag, a task or a checkpoint: Markdown for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.document.nodes import Path, dotted
from advisor.knowledge import table
from advisor.lsp.legal import summary_of
from advisor.lsp.shown import short, shown_type
from advisor.nel.benchmarks import HIGH, LOW, MEDIUM, UNRATED, Benchmark, benchmark_of, next_benchmark, sets_of
from advisor.nel.compose import shipped_groups
from advisor.nel.dialect import NEXT
from advisor.nel.engine import EngineVersion
from advisor.nel.engine_table import AMBIGUOUS, KNOWN, NOT_YET, REMOVED, UNKNOWN, FlagAnswer
from advisor.nel.names import nearest
from advisor.nel.schema import Section, Unknown
from advisor.nel.tasks import Lookup, Status, Task
from advisor.subjects.next_services import find_service

if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint
    from advisor.nel.effective import Effective
    from advisor.nel.values import Value
    from advisor.subjects.subject import World

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
_HARNESSES = {
    "lm-eval": "lm-evaluation-harness",
    "skills": "NeMo Skills",
    "harbor": "Harbor",
    "gym": "a nemo-gym server",
    "vlmevalkit": "VLMEvalKit",
    "container": "a whole harness in its container, as the launcher runs it",
}


def about_key(dialect: str, path: Path, section: Section | None) -> str:
    """What a key is, its type, and what becomes of one that is not known."""
    name = str(path[-1])
    lines = [f"**{dotted(path)}**"]
    kind = shown_type(section.keys.get(name, "")) if section is not None else ""
    needed = "required" if section is not None and name in section.required else ""
    lines[0] += "".join(f" · {part}" for part in (kind, needed) if part)
    summary = summary_of(dialect, path, section)
    if summary:
        lines.append(summary)
    elif section is not None and name in section.refused:
        lines.append("The launcher refuses it, with a message of its own.")
    elif section is not None and name not in section.keys and dialect == NEXT:
        lines.append("nel-next refuses a key of this name here.")
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


def about_value(engine: EngineVersion, flag: str, value: str, shown: str) -> str:
    """Whether the pinned engine version takes a value for a flag; '' for a flag whose values are not known."""
    known = engine.values(flag)
    answer = engine.value(flag, value)
    if not known or answer.status not in (KNOWN, UNKNOWN, REMOVED, NOT_YET):
        return ""
    said = {
        KNOWN: f"{shown} takes it (in {answer.first} to {answer.last} of those read).",
        UNKNOWN: f"No version of {shown.partition(' ')[0]} that was read takes it.",
        REMOVED: f"{shown} takes it no more: {answer.last} was the last that was read to take it.",
        NOT_YET: f"{shown} does not take it yet: {answer.first} is the first that was read to take it.",
    }[answer.status]
    lines = [f"**{value}** for `{flag}`", said]
    if answer.deprecated:
        lines.append("It is deprecated.")
    if answer.status != KNOWN:
        lines.append("It takes " + ", ".join(f"`{one}`" for one in known) + ".")
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
        often = "once" if task.repeats == 1 else f"{task.repeats} times"
        lines.append(f"`extra.{task.repeats_field}`: every sample is run {often} by default")
    if task.needs_tokenizer:
        lines.append("needs `extra.tokenizer`")
    return lines + _sensitivity(benchmark_of(task.query), task.query)


def _sensitivity(benchmark: Benchmark | None, name: str) -> list[str]:
    """Whether quantization shows in a benchmark, where that is known."""
    return _benchmark_lines(benchmark, sets_of(name)) if benchmark is not None else []


def about_benchmark(name: str) -> str:
    """What nel-next takes a benchmark's name for, and whether quantization shows in it."""
    scheme, separator, _ = name.partition("://")
    known = table("next")
    if separator:
        said = f"of {_HARNESSES.get(scheme, scheme)}" if scheme in known["schemes"] else "nel-next knows no such scheme"
    elif name.lower() in known["benchmarks"]:
        said = "one of nel-next's own benchmarks"
    elif name.endswith(".py") or ".py:" in name:
        said = "a benchmark in a file of yours"
    else:
        near = nearest(name, known["benchmarks"])
        said = "nel-next has no benchmark of this name" + (f"; nearest: `{near}`" if near else "")
    return "\n\n".join([f"**{name}**", f"{said[:1].upper()}{said[1:]}.", *_sensitivity(next_benchmark(name), name)])


def about_playbook(name: str) -> str:
    """What a packaged benchmark sets."""
    stem = name.removesuffix(".yaml")
    values = table("next")["playbooks"].get(stem)
    if values is None:
        near = nearest(stem, table("next")["playbooks"])
        return f"**{name}**\n\nnel-next has no playbook of this name." + (f" Nearest: `{near}`." if near else "")
    solver, sandbox = values.get("solver", {}), values.get("sandbox", {})
    agent = f" with the agent {solver['agent']}" if "agent" in solver else ""
    facts = [
        f"benchmark: `{values['name']}`",
        f"solver: {solver.get('type')}{agent}, asks the service `{solver.get('service')}`",
        f"sandbox: {sandbox.get('type', 'none')}, {sandbox.get('concurrency', 1)} at once",
        f"{values.get('max_concurrent', 32)} problems at once, {values.get('timeout', 1800):g} s for each",
    ]
    said = "A packaged benchmark; what stands beside `playbook` wins over it."
    return "\n\n".join([f"**{stem}**", said, "  \n".join(facts), *_sensitivity(next_benchmark(stem), stem)])


def about_service(world: World, name: str) -> str:
    """What a service of a nel-next config is."""
    service = find_service(world, name)
    if service is None:
        return f"**{name}**\n\nThere is no service of this name."
    return _about_named(
        name, "service", {key: service.get(key) for key in ("type", "model", "url", "image", "protocol")}
    )


def about_block(world: World, path: Path, kind: str) -> str:
    """What a node pool or a sandbox of a nel-next config holds, which another key asks for by its name."""
    node = world.values.tree.at(path)
    if node is None or not isinstance(node.data, dict):
        return f"**{path[-1]}**\n\nThere is no {kind} of this name."
    return _about_named(str(path[-1]), kind, {key: world.values.resolve(child) for key, child in node.data.items()})


def _about_named(name: str, kind: str, values: dict[str, Value]) -> str:
    lines = [f"{key}: `{short(value)}`" for key, value in values.items() if isinstance(value, str | int | float)]
    return "\n\n".join(part for part in (f"**{name}** · {kind}", "  \n".join(lines)) if part)


def about_engine_variable(engine: EngineVersion, name: str, shown: str) -> str:
    """In which versions of the pinned engine a variable exists; '' where it is none of the engine's."""
    answer = engine.variable(name)
    return {
        KNOWN: f"{shown} reads it (in {answer.first} to {answer.last} of those read).",
        REMOVED: f"{shown} reads it no more: {answer.last} was the last that was read to do so.",
        NOT_YET: f"{shown} does not read it yet: {answer.first} is the first that was read to do so.",
    }.get(answer.status, "")


def about_group(group: str, option: str) -> str:
    """What one of NEL's shipped configs sets; '' for one that is none."""
    values = shipped_groups().get(f"{group}/{option}")
    if values is None or not isinstance(values.data, dict):
        return ""
    inner = values.data.get(group)
    held = inner.data if inner is not None and isinstance(inner.data, dict) else values.data
    needed = [name for name, child in held.items() if child.is_missing]
    shown = [f"{name}: {short(child.data)}" for name, child in held.items() if _is_plain(child)]
    lines = [f"**{group}: {option}**", f"NEL's own config for {group}."]
    if needed:
        lines.append("To be filled in: " + ", ".join(f"`{name}`" for name in needed) + ".")
    return "\n\n".join([*lines, "```yaml\n" + "\n".join(shown) + "\n```"] if shown else lines)


def _is_plain(value: Effective) -> bool:
    data = value.data
    is_line = not isinstance(data, dict | list) and "\n" not in str(data) and len(str(data)) < 60
    return is_line and not value.is_missing and data not in (None, "")


def about_variable(prefix: str, name: str, names: frozenset[str]) -> str:
    """What a value of `env_vars` is read as. `names` are the variables of this shell, whose values are never read."""
    is_set = "It is set in the shell of this server." if name in names else "It is not set in the shell of this server."
    return {
        "host": f"**{name}** of the shell that submits the job. {is_set}",
        "runtime": f"**{name}** of the container, read when the job runs.",
        "lit": "The text itself. Anybody may read it in the job's files: keep keys out of it.",
    }[prefix]


def _benchmark_lines(benchmark: Benchmark, among: tuple[str, ...]) -> list[str]:
    """How much quantization shows in it and why, how often to repeat it, and which sets recommend it."""
    lines = [f"**{benchmark.name}** · {_SHOWN[benchmark.level]}: {benchmark.why}."]
    more = [f"compare with {benchmark.repeats} repeats"] if benchmark.repeats and benchmark.repeats > 1 else []
    more += [f"needs {benchmark.context} tokens of context"] if benchmark.context else []
    more += [f"in the set{'s' if len(among) > 1 else ''} {', '.join(f'`{name}`' for name in among)}"] if among else []
    return [*lines, "; ".join(more)] if more else lines


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
