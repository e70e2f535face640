"""The benchmarks that a nel-next config runs: whether a quantized model's losses would show, and how often they run."""

from __future__ import annotations

from advisor.nel.benchmarks import Benchmark, next_benchmark
from advisor.nel.next_compose import playbook
from advisor.nel.recommended import Model, described, described_next, long_tasks, recommended_next
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.records import NamedTuple
from advisor.subjects.evaluated import context_of, shows, writes_code
from advisor.subjects.topology import as_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.subjects.subject import Subject


class Served(NamedTuple):
    """A service, its server and the checkpoint that it loads, as far as they are known."""

    service: Subject
    command: Subject | None
    checkpoint: Subject | None

    @property
    def own(self) -> list[Subject]:
        return [one for one in self.service.world.of("benchmark") if one.parent is self.service]

    @property
    def benchmarks(self) -> list[Benchmark] | None:
        """Those of all of the service's; None where there are none, or one is not in the table."""
        own = self.own
        found = [one for one in map(benchmark_in, own) if one is not None]
        return found if found and len(found) == len(own) else None

    @property
    def model(self) -> Model:
        service, command = self.service, self.command
        return Model(
            writes_code=writes_code(service.get("model")) or writes_code(service.get("served_model_name")),
            reasons=command is not None and command.get("parses_reasoning") is True,
            calls_tools=service.get("calls_tools") is True,
            context=context_of(command, self.checkpoint),
        )


def benchmark_in(benchmark: Subject) -> Benchmark | None:
    """What a `benchmark` runs, by its playbook where nel-next has that."""
    packaged, name = benchmark.get("playbook"), benchmark.get("name")
    known = packaged if isinstance(packaged, str) and playbook(packaged) is not None else name
    return next_benchmark(known) if isinstance(known, str) else None


def lacks_long_context(served: Served) -> bool:
    """Whether none of the benchmarks has long prompts, which the many turns of an agent come to as well. A quantized
    model whose benchmarks show nothing at all is told of that instead."""
    found = served.benchmarks
    if found is None or any(one.long_context for one in found):
        return False
    if any(one.get("is_agentic") is True for one in served.own) or not long_tasks(served.model):
        return False
    if served.service.get("is_quantized") is True and shows(found) is False:
        return False
    return any(one.shows is not None for one in found)


def repeats_missing(benchmark: Subject) -> Value:
    """How many repeats a comparison lacks; those of playbooks that every run repeats are told of anyway."""
    if benchmark.get("advised_repeats") is not ABSENT:
        return 0
    have, wanted = as_int(benchmark.get("repeats_now")), as_int(benchmark.get("repeats_wanted"))
    return Unknown("how often it repeats is not known") if have is None or wanted is None else max(0, wanted - have)


def _of(benchmark: Subject, field: str) -> Value:
    found = benchmark_in(benchmark)
    value: Value = getattr(found, field) if found is not None else None
    return ABSENT if value is None else value


# What rules ask of a `service`, and of a `benchmark`.
ATTRIBUTES: dict[str, Callable[[Served], Value]] = {
    "shows_quantization": lambda served: shows(served.benchmarks),
    "lacks_long_context": lacks_long_context,
    "benchmark_names": lambda served: ", ".join(str(one.get("label")) for one in served.own),
    "model_kind": lambda served: served.model.kind,
    "recommended": lambda served: ", ".join(map(described_next, recommended_next(served.model))),
    "long_tasks": lambda served: ", ".join(map(described, long_tasks(served.model))),
}
BENCHMARK_ATTRIBUTES: dict[str, Callable[[Subject], Value]] = {
    "repeats_wanted": lambda benchmark: _of(benchmark, "repeats"),
    "repeats_missing": repeats_missing,
    "benchmark": lambda benchmark: _of(benchmark, "name"),
}
