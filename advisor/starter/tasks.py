"""The tasks of a starter config: those of the set that fit the model, and what each needs beside its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.nel.benchmarks import Benchmark, benchmark_of, set_named
from advisor.nel.recommended import fitting, short_name
from advisor.nel.tasks import lookup

if TYPE_CHECKING:
    from collections.abc import Iterator

# Variables that hold the keys of the models that judge answers, and that play the user.
JUDGE_KEY, USER_KEY = "JUDGE_API_KEY", "USER_API_KEY"
_JUDGED = ("nemo_skills.ns_aa_lcr", "nemo_skills.ns_hle_aa", "simple_evals.AIME_2025_aa_v2")
_SIMULATED = ("tau2_bench.tau2_bench_telecom",)
_PARALLELISM = {
    "nemo_skills.ns_scicode": "its tests run in one sandbox",
    "nemo_skills.ns_aa_lcr": "prompts of 120000 tokens fill the KV cache",
}
_FEW_AT_ONCE = 8
# Answers of this many tokens hold more than what RULER asks for.
_THINKING = 4096
# The context of the shortest task of ruler that is recommended.
_LEAST = 65536
_RULER = "ruler.ruler-"


# One line of the text: depth, key and value, comment.
Line = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Around:
    """What tasks take from the rest of the text: a scalar for the `tokenizer`, '' where all tasks have it; the chat
    template's variable that turns reasoning on, '' where there is none; whether traces are cut off for all."""

    tokenizer: str
    switch: str
    strips_traces: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """A task as harness.task, with its benchmark; `answer` are the tokens that its answers may have, 0 for any."""

    task: str
    benchmark: Benchmark
    answer: int = 0

    @property
    def is_judged(self) -> bool:
        return self.task in _JUDGED

    @property
    def has_simulated_user(self) -> bool:
        return self.task in _SIMULATED

    @property
    def needs_tool_parser(self) -> bool:
        return self.task in _SIMULATED

    @property
    def is_ruler(self) -> bool:
        return self.task.startswith(_RULER)


def wanted_tasks(use: str, is_base: bool) -> tuple[str, ...]:
    """The set's tasks for a chat or a base model."""
    chosen = set_named(use)
    return chosen.base if is_base else chosen.chat


def planned(
    tasks: tuple[str, ...], context: int | None, ruler_answer: int, has_tool_parser: bool
) -> tuple[tuple[Planned, ...], tuple[str, ...]]:
    """Those that fit, and for each that does not a sentence that says why."""
    kept, dropped = [], []
    for task in tasks:
        is_ruler = task.startswith(_RULER)
        found = fitting(task, context, ruler_answer if is_ruler else 0)
        benchmark = benchmark_of(found or task)
        if benchmark is None:
            continue
        one = Planned(found or task, benchmark, ruler_answer if is_ruler else 0)
        if found is None:
            other = _stand_in(benchmark, tasks, context, ruler_answer)
            needed = _LEAST if is_ruler else benchmark.context
            reason = f"{benchmark.name} is left out: it needs {needed} tokens of context"
            dropped.append(f"{reason}, and {other.benchmark.name} stands in for it" if other else reason)
            kept += [other] if other else []
        elif one.needs_tool_parser and not has_tool_parser:
            dropped.append(f"{benchmark.name} is left out: no --tool-call-parser is known to fit the model")
        else:
            kept.append(one)
    return tuple(kept), tuple(dropped)


def _stand_in(benchmark: Benchmark, tasks: tuple[str, ...], context: int | None, answer: int) -> Planned | None:
    """A task with shorter long prompts, where the set has none itself."""
    if not benchmark.long_context or any(task.startswith(_RULER) for task in tasks):
        return None
    found = fitting(f"{_RULER}128k-chat", context, answer)
    other = benchmark_of(found) if found is not None else None
    return Planned(found, other, answer) if found is not None and other is not None else None


def task_lines(one: Planned, around: Around) -> Iterator[Line]:
    """A task of the list, with comments."""
    yield 2, f"- name: {short_name(one.task)}", f"{one.benchmark.name}, sensitivity {one.benchmark.level}"
    params, extra, adapter = [*_params(one)], [*_extra(one, around)], [*_adapter(one, around)]
    if params or extra or adapter:
        yield 3, "nemo_evaluator_config:", ""
    if params or extra:
        yield 4, "config:", ""
        yield 5, "params:", ""
        yield from params
    if extra:
        yield 6, "extra:", ""
        yield from extra
    yield from adapter


def _params(one: Planned) -> Iterator[Line]:
    if one.task in _PARALLELISM:
        yield 6, f"parallelism: {_FEW_AT_ONCE}", _PARALLELISM[one.task]
    if one.is_ruler:
        yield 6, f"parallelism: {_FEW_AT_ONCE}", "long prompts fill the KV cache"
        if one.answer:
            yield 6, "temperature: 0.00001", "what stands in the prompt is to be found, not thought up"
            room = "its answers are short" if one.answer < _THINKING else "room to think before a short answer"
            yield 6, f"max_new_tokens: {one.answer}", room


def _extra(one: Planned, around: Around) -> Iterator[Line]:
    found = lookup(one.task).task
    if found is not None and found.repeats_field and one.benchmark.repeats and one.benchmark.repeats != found.repeats:
        yield 7, f"{found.repeats_field}: {one.benchmark.repeats}", "fewer cannot tell a loss from noise"
    if one.is_ruler:
        if around.tokenizer:
            yield 7, f"tokenizer: {around.tokenizer}", "prompts are made as long as it counts"
        yield 7, "tokenizer_backend: hf", ""
    if one.is_judged:
        yield from _other("judge", "judge", "up to and with /v1", JUDGE_KEY)
    if one.has_simulated_user:
        yield from _other("user", "simulated user", "up to and with /v1/chat/completions", USER_KEY)


def _adapter(one: Planned, around: Around) -> Iterator[Line]:
    """RULER is run without reasoning, as NEL's own templates do."""
    if not one.is_ruler or not around.switch:
        return
    yield 4, "target:", ""
    yield 5, "api_endpoint:", ""
    yield 6, "adapter_config:", ""
    if around.strips_traces:
        yield 7, "process_reasoning_traces: false", ""
    yield 7, "params_to_add:", ""
    yield 8, "chat_template_kwargs:", ""
    yield 9, f"{around.switch}: false", "NEL's own templates run RULER so"


def _other(block: str, who: str, end: str, key: str) -> Iterator[Line]:
    yield 7, f"{block}:", "the same for baseline and candidate"
    yield 8, "url: ???", f"the {who}'s endpoint, {end}"
    yield 8, "model_id: ???", f"the {who}'s name there"
    yield 8, f"api_key: {key}", "the name of the variable, not the key"
