"""What a nel-next config says of a quantized model: whether benchmarks would show a loss, and repeat often enough."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from advisor.nel.benchmarks import Benchmark, next_benchmark
from advisor.nel.next_compose import playbook
from advisor.nel.recommended import Model, described, described_next, long_tasks, recommended_next
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.benchmarks import (
    context_of,
    is_quantized,
    kv_quantized_by,
    name_tells_quantization,
    shows,
    writes_code,
)
from advisor.subjects.topology import as_int

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.subject import Subject, World


def describe_next_benchmarks(world: World, document: Document, context: Context) -> None:
    """Computed attributes of each `service` that serves a model, and of each `benchmark` of a quantized one."""
    for service in world.of("service"):
        if service.get("has_server") is True:
            _describe(world, service)


def _describe(world: World, service: Subject) -> None:
    read = service.attributes["checkpoint_is_read"] = service.get("checkpoint_is_read") is True
    checkpoint = world.singles.get("checkpoint") if read else None
    command = next((one for one in world.of("command") if one.parent is service), None)
    own = [one for one in world.of("benchmark") if one.parent is service]
    service.attributes |= {
        "name_tells_quantization": name_tells_quantization(service.get("model"), service.get("served_model_name")),
        "kv_quantized_by": lambda: kv_quantized_by(command, checkpoint),
        "shows_quantization": lambda: _shows(own),
        "lacks_long_context": lambda: lacks_long_context(service, own, _model(service, command, checkpoint)),
        "benchmark_names": lambda: ", ".join(str(one.get("label")) for one in own),
        "model_kind": lambda: _model(service, command, checkpoint).kind,
        "recommended": lambda: ", ".join(map(described_next, recommended_next(_model(service, command, checkpoint)))),
        "long_tasks": lambda: ", ".join(map(described, long_tasks(_model(service, command, checkpoint)))),
    }
    quantized = service.attributes["is_quantized"] = is_quantized(service, checkpoint)
    for benchmark in own if quantized else ():
        benchmark.attributes |= {
            "repeats_wanted": partial(_repeats_wanted, benchmark),
            "repeats_missing": partial(repeats_missing, benchmark),
            "benchmark": partial(_benchmark_name, benchmark),
        }


def _model(service: Subject, command: Subject | None, checkpoint: Subject | None) -> Model:
    return Model(
        writes_code=writes_code(service.get("model")) or writes_code(service.get("served_model_name")),
        reasons=command is not None and command.get("parses_reasoning") is True,
        calls_tools=service.get("calls_tools") is True,
        context=context_of(command, checkpoint),
    )


def _found(benchmark: Subject) -> Benchmark | None:
    packaged, name = benchmark.get("playbook"), benchmark.get("name")
    known = packaged if isinstance(packaged, str) and playbook(packaged) is not None else name
    return next_benchmark(known) if isinstance(known, str) else None


def _all(own: list[Subject]) -> list[Benchmark] | None:
    found = [one for one in map(_found, own) if one is not None]
    return found if found and len(found) == len(own) else None


def _shows(own: list[Subject]) -> Value:
    found = _all(own)
    return shows(found) if found is not None else Unknown("a benchmark is not among those that we know")


def lacks_long_context(service: Subject, own: list[Subject], model: Model) -> bool:
    """Whether none of the benchmarks has long prompts, which the many turns of an agent come to as well. A quantized
    model whose benchmarks show nothing at all is told of that instead."""
    found = _all(own)
    if found is None or any(one.long_context for one in found) or any(one.get("is_agentic") is True for one in own):
        return False
    if not long_tasks(model) or (service.get("is_quantized") is True and shows(found) is False):
        return False
    return any(one.shows is not None for one in found)


def _benchmark_name(benchmark: Subject) -> Value:
    found = _found(benchmark)
    return found.name if found is not None else ABSENT


def _repeats_wanted(benchmark: Subject) -> Value:
    found = _found(benchmark)
    return found.repeats if found is not None and found.repeats else ABSENT


def repeats_missing(benchmark: Subject) -> Value:
    """How many repeats a comparison lacks; those of playbooks that every run repeats are told of anyway."""
    if benchmark.get("advised_repeats") is not ABSENT:
        return 0
    have, wanted = as_int(benchmark.get("repeats_now")), as_int(benchmark.get("repeats_wanted"))
    return Unknown("how often it repeats is not known") if have is None or wanted is None else max(0, wanted - have)
