"""The benchmarks that a launcher's config runs: whether a quantized model's losses would show, and what to add."""

from __future__ import annotations

import re

from advisor.nel.benchmarks import Benchmark, benchmark_of, gym_benchmark
from advisor.nel.recommended import Model, described, long_tasks, recommended
from advisor.nel.values import Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.reasoning import model_name, server_parses
from advisor.subjects.scopes import EXTRA
from advisor.subjects.topology import as_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.subjects.scopes import Scope
    from advisor.subjects.subject import Subject, World

_CODE = pattern(r"(?<![a-z])(?:coder?|codestral|devstral|starcoder2?|code-?llama|codegemma)(?![a-z])", re.I)
# In NeMo Gym the settings of the run name the benchmark.
GYM = (*EXTRA, "nemo_gym")
_GYM_FOLDER = pattern(r"\bbenchmarks/(\w+)/")


def benchmarks_in(world: World) -> list[Benchmark] | None:
    """Those of all tasks; None where there are none, or one is not in the table."""
    found = [task.view.benchmark for task in world.of("task")]
    known = [one for one in found if one is not None]
    return known if known and len(known) == len(found) else None


def benchmark_in(scope: Scope) -> Benchmark | None:
    """The benchmark of a task; that of a task of NeMo Gym stands in its settings."""
    task = scope.owner
    name, harness = task.get("name"), task.get("harness")
    if not isinstance(name, str):
        return None
    if task.get("is_gym") is True:
        folders = {match for text in gym_texts(scope) for match in _GYM_FOLDER.findall(text)}
        return gym_benchmark(folders.pop()) if len(folders) == 1 else None
    return benchmark_of(name, harness if isinstance(harness, str) else "")


def gym_texts(scope: Scope) -> list[str]:
    """The settings of a run of NeMo Gym."""
    settings = scope.value(GYM)
    return [text for text in settings.values() if isinstance(text, str)] if isinstance(settings, dict) else []


def shows(found: list[Benchmark] | None) -> Value:
    """Whether quantization shows in some benchmarks; Unknown where that hangs on one that no source rates."""
    if found is None:
        return Unknown("a benchmark is not among those that we know")
    answers = [one.shows for one in found]
    if True in answers:
        return True
    return Unknown("no source rates a benchmark") if None in answers else False


def lacks_long_context(world: World) -> Value:
    """Whether none of the tasks has long prompts, where the server has room for some. A quantized model whose tasks
    show nothing at all is told of that instead."""
    found = benchmarks_in(world)
    if found is None or any(one.long_context for one in found) or not long_tasks(model_of(world)):
        return False
    if world.singles["evaluation"].get("is_quantized") is True:
        return shows(found) is True
    return any(one.shows is not None for one in found)


def model_of(world: World) -> Model:
    checkpoint, command = world.singles.get("checkpoint"), world.singles.get("command")
    return Model(
        is_base=checkpoint is not None and checkpoint.get("has_chat_template") is False,
        writes_code=writes_code(model_name(world)),
        reasons=server_parses(world) is True,
        calls_tools=command is not None and command.get("parses_tool_calls") is True,
        context=context_of(command, checkpoint),
    )


def writes_code(name: Value) -> bool:
    """Whether a model's name is that of one for code."""
    return isinstance(name, str) and _CODE.search(name) is not None


def context_of(command: Subject | None, checkpoint: Subject | None) -> int | None:
    """The server's context in tokens, else the model's own."""
    for owner in (command, checkpoint):
        length = as_int(owner.get("context_length")) if owner is not None else None
        if length:
            return length
    return None


def _task_names(world: World) -> str:
    return ", ".join(str(one.get("name")) for one in world.of("task"))


def _told(world: World, tasks: tuple[str, ...]) -> str:
    """The tasks whose benchmarks a config does not run yet."""
    have = {one.name for one in benchmarks_in(world) or ()}
    return ", ".join(described(task) for task in tasks if (of := benchmark_of(task)) is None or of.name not in have)


# What rules ask of `evaluation`.
ATTRIBUTES: dict[str, Callable[[World], Value]] = {
    "shows_quantization": lambda world: shows(benchmarks_in(world)),
    "lacks_long_context": lacks_long_context,
    "task_names": _task_names,
    "model_kind": lambda world: model_of(world).kind,
    "recommended": lambda world: _told(world, recommended(model_of(world))),
    "long_tasks": lambda world: _told(world, long_tasks(model_of(world))),
}
