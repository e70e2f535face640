"""Whether the models of a nel-next config are quantized, and so whether their benchmarks are to be looked at."""

from __future__ import annotations

from functools import partial

from advisor.subjects.benchmarks import is_quantized, kv_quantized_by, name_tells_quantization

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.nel.values import Value
    from advisor.subjects.subject import Subject, World

_ASKED = ("shows_quantization", "lacks_long_context", "benchmark_names", "model_kind", "recommended", "long_tasks")
_ASKED_OF_ONE = ("repeats_wanted", "repeats_missing", "benchmark")


def describe_next_benchmarks(world: World, document: Document, context: Context) -> None:
    """Computed attributes of each `service` that serves a model, and of each `benchmark` of a quantized one."""
    for service in world.of("service"):
        if service.get("has_server") is True:
            _describe(world, service)


def _describe(world: World, service: Subject) -> None:
    command, checkpoint = ((service.own or {}).get(kind) for kind in ("command", "checkpoint"))
    service.attributes["checkpoint_is_read"] = checkpoint is not None
    service.attributes["name_tells_quantization"] = name_tells_quantization(
        service.get("model"), service.get("served_model_name")
    )
    quantized = service.attributes["is_quantized"] = is_quantized(service, checkpoint)
    service.attributes["kv_quantized_by"] = lambda: kv_quantized_by(command, checkpoint)
    for name in _ASKED:
        service.attributes[name] = partial(_ask, service, name, command, checkpoint)
    own = [one for one in world.of("benchmark") if one.parent is service] if quantized else []
    for benchmark in own:
        benchmark.attributes |= {name: partial(_ask_one, benchmark, name) for name in _ASKED_OF_ONE}


def _ask(service: Subject, name: str, command: Subject | None, checkpoint: Subject | None) -> Value:
    from advisor.subjects.next_evaluated import ATTRIBUTES, Served

    return ATTRIBUTES[name](Served(service, command, checkpoint))


def _ask_one(benchmark: Subject, name: str) -> Value:
    from advisor.subjects.next_evaluated import BENCHMARK_ATTRIBUTES

    return BENCHMARK_ATTRIBUTES[name](benchmark)
