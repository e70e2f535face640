"""What an evaluation says of a quantized model: whether its tasks would show a loss, and repeat often enough."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from advisor.nel.benchmarks import Benchmark, benchmark_of, recommended
from advisor.nel.tasks import lookup
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.scopes import EXTRA, scopes
from advisor.subjects.subject import Place

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.scopes import Scope
    from advisor.subjects.subject import Subject, World

_NAME = pattern(
    r"(?<![a-z0-9])(?:nvfp4|mxfp4|mxfp8|fp4|fp8|awq|gptq|int4|int8|w4a16|w4a8|w8a8|w8a16|bnb)(?![a-z0-9])", re.I
)


def describe_benchmarks(world: World, document: Document, context: Context) -> None:
    """Computed attributes of `evaluation`, of `deployment`, and of each `task` whose harness repeats samples."""
    deployment, evaluation = world.singles["deployment"], world.singles["evaluation"]
    by_name = deployment.attributes["name_tells_quantization"] = name_tells_quantization(deployment)
    evaluation.attributes |= {
        "may_be_quantized": by_name or "checkpoint" in world.singles,
        "shows_quantization": partial(shows_quantization, world),
        "lacks_long_context": partial(lacks_long_context, world),
        "task_names": lambda: ", ".join(_names(world)),
        "recommended": lambda: recommended_text(world),
        "left_out": lambda: left_out(world),
    }
    if evaluation.attributes["may_be_quantized"]:
        _describe_repeats(world)


def _describe_repeats(world: World) -> None:
    for scope in scopes(world)[0].tasks:
        if scope.owner.kind == "task":
            scope.owner.attributes |= {
                "repeats_wanted": partial(repeats_wanted, scope.owner),
                "repeats": partial(repeats, scope),
                "repeats_are_own": partial(repeats_are_own, scope),
                "repeats_missing": partial(repeats_missing, scope),
                "benchmark": partial(_benchmark_name, scope.owner),
            }


def name_tells_quantization(deployment: Subject) -> bool:
    """Whether what is served is called FP8, NVFP4, AWQ or the like."""
    names = [deployment.get(key) for key in ("hf_model_handle", "checkpoint_path", "served_model_name")]
    return any(isinstance(name, str) and quantization_in(name) for name in names)


def quantization_in(name: str) -> str:
    """The quantization that the last part of a path or a handle says: NVFP4; '' for none."""
    found = _NAME.search(name.rstrip("/").rpartition("/")[2])
    return found[0].upper() if found else ""


def _names(world: World) -> list[str]:
    return [name for task in world.of("task") if isinstance(name := task.get("name"), str)]


def _benchmarks(world: World) -> list[Benchmark] | None:
    """The benchmarks of all tasks; None where one of them is not known."""
    names = _names(world)
    found = [one for name in names if (one := benchmark_of(name)) is not None]
    return found if names and len(found) == len(names) else None


def shows_quantization(world: World) -> Value:
    """Whether a task is among those in which quantization shows."""
    found = _benchmarks(world)
    if found is None:
        return Unknown("a task is not among those that we know")
    return any(one.sensitive or (one.base and _is_base(world)) for one in found)


def lacks_long_context(world: World) -> Value:
    """Whether the tasks show quantization, but none with long prompts."""
    found = _benchmarks(world)
    if found is None or _is_base(world):
        return False
    return any(one.sensitive for one in found) and not any(one.long_context for one in found)


def _is_base(world: World) -> bool:
    """Whether the model is known not to chat."""
    checkpoint = world.singles.get("checkpoint")
    return checkpoint is not None and checkpoint.get("has_chat_template") is False


def recommended_text(world: World) -> str:
    return ", ".join(_described(one) for one in recommended("base" if _is_base(world) else "chat"))


def _described(one: Benchmark) -> str:
    details = [f"{one.repeats} repeat{'s' if one.repeats != 1 else ''}"] if one.repeats else []
    details += [f"{one.context} tokens of context"] if one.long_context and one.context else []
    return f"{one.name} ({one.task}: {', '.join(details)})" if details else f"{one.name} ({one.task})"


def left_out(world: World) -> Value:
    """What of the recommended set no task is."""
    have = {one.name for one in _benchmarks(world) or ()}
    return ", ".join(_described(one) for one in recommended("chat") if one.name not in have)


def _benchmark_name(task: Subject) -> Value:
    found = _benchmark(task)
    return found.name if found else ABSENT


def _benchmark(task: Subject) -> Benchmark | None:
    name = task.get("name")
    return benchmark_of(name) if isinstance(name, str) else None


def repeats_wanted(task: Subject) -> Value:
    found = _benchmark(task)
    return found.repeats if found and found.repeats else ABSENT


def _field(task: Subject) -> tuple[str | None, int]:
    """The key of `extra` that repeats the task's samples, and its default."""
    query = task.get("query")
    found = lookup(query).task if isinstance(query, str) else None
    return (found.repeats_field, found.repeats) if found else (None, 1)


def repeats(scope: Scope) -> Value:
    """How often each sample is run; where it is said, and where it could be."""
    field, default = _field(scope.owner)
    if field is None:
        return Unknown("how often it repeats is not known")
    path = (*EXTRA, field)
    place = scope.place(path)
    scope.owner.places["repeats"] = place or Place((*scope.path, *path), scope.owner.place.span)
    value = scope.value(path)
    return default if value is ABSENT or value is None else value


def repeats_are_own(scope: Scope) -> Value:
    """Whether a person set them."""
    field, _ = _field(scope.owner)
    return field is not None and scope.merged.at((*EXTRA, field)) is not None


def repeats_missing(scope: Scope) -> Value:
    """How many repeats a comparison lacks; 0 for none."""
    have, wanted = scope.owner.get("repeats"), scope.owner.get("repeats_wanted")
    if isinstance(have, bool) or not isinstance(have, int) or not isinstance(wanted, int):
        return Unknown("how often it repeats is not known")
    return max(0, wanted - have)
