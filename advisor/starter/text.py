"""The choices as a launcher config: YAML with a comment on every value that is not obvious."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from advisor.nel.benchmarks import set_named
from advisor.nel.image import TRTLLM
from advisor.starter.tasks import JUDGE_KEY, USER_KEY, Around, Line, task_lines
from advisor.subjects.weights import gigabytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from advisor.starter.choices import Choices

_PLAIN = re.compile(r"[A-Za-z/][\w./@+-]*(?::[\w./@+-]+)*\Z")
_WORDS = frozenset({"true", "false", "yes", "no", "on", "off", "null", "none", "y", "n"})
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+\Z")
_KEY = "DUMMY_API_KEY"
_PARALLELISM = 32


def starter_text(choices: Choices) -> str:
    """The whole file."""
    lines = [*_head(choices)]
    for part in (_execution, _environment, _deployment, _evaluation):
        lines += ["", *_laid_out(part(choices))]
    return "\n".join(lines) + "\n"


def questions(text: str) -> list[str]:
    """The keys whose value a person must give, with their line numbers from 1."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(r"\s*(?:- )?[\w-]+: \?\?\?", line):
            found.append(f"{line.strip().partition(':')[0].removeprefix('- ')} (line {number})")
    return found


def _head(choices: Choices) -> list[str]:
    checkpoint = choices.checkpoint
    found = checkpoint.quantization
    kind = f"{found.algo or found.method} ({found.method})" if found else "not quantized"
    execution = "local" if choices.wanted.execution == "local" else "slurm/default"
    return [
        f"# A starter config for {_comment(choices.name)}: {_comment(kind)}, {gigabytes(checkpoint.weight_bytes)}.",
        "# Fill in every ???, then ask `nel-advisor advise` and `nel run --dry-run` about it.",
        "defaults:",
        f"  - execution: {execution}",
        f"  - deployment: {choices.engine}",
        "  - _self_",
    ]


def _execution(choices: Choices) -> Iterator[Line]:
    yield 0, "execution:", ""
    if choices.wanted.execution == "local":
        yield 1, "output_dir: ???", "where results go; an absolute path"
        yield 1, "endpoint_readiness_timeout: 3600", "600 seconds are the default, and loading takes longer"
        return
    yield 1, "hostname: ???", "the cluster's login node"
    yield 1, "account: ???", "who pays for the GPUs"
    yield 1, "output_dir: ???", "where results go; an absolute path on the cluster"
    yield 1, 'walltime: "04:00:00"', "quoted, since YAML reads bare times as numbers; jobs resume after it"
    yield 1, f"gres: gpu:{choices.gpus}", "GPUs of one node" if choices.wanted.gpus else "GPUs of one node, as assumed"
    yield 1, "mounts:", ""
    yield 2, "mount_home: false", "a home directory brings caches and packages of its own into the container"


def _environment(choices: Choices) -> Iterator[Line]:
    yield 0, "env_vars:", ""
    yield 1, "HF_TOKEN: runtime:HF_TOKEN", "for gated data; from where the job runs (host:HF_TOKEN takes your shell's)"


def _deployment(choices: Choices) -> Iterator[Line]:
    path = os.path.abspath(choices.checkpoint.path)
    yield 0, "deployment:", ""
    yield 1, f"image: {choices.image.value}", choices.image.reason
    seen = "" if choices.wanted.execution == "local" else "as compute nodes see it"
    yield 1, f"checkpoint_path: {_scalar(path)}", seen
    if choices.engine != TRTLLM:
        yield 1, "hf_model_handle: null", "one that is set would be served in place of the checkpoint"
    yield 1, f"served_model_name: {_scalar(choices.name)}", ""
    yield 1, f"tensor_parallel_size: {choices.tensor_parallel.value}", choices.tensor_parallel.reason
    if choices.engine != TRTLLM:
        copies = f"copies of the model, to use all {choices.gpus} GPUs" if choices.data_parallel > 1 else ""
        yield 1, f"data_parallel_size: {choices.data_parallel}", copies
    for said in choices.flags:
        yield 1, "", f"{said.value}: {said.reason}"
    if choices.flags:
        yield 1, f"extra_args: {_scalar(' '.join(str(said.value) for said in choices.flags))}", ""


def _evaluation(choices: Choices) -> Iterator[Line]:
    yield 0, "evaluation:", ""
    yield from _variables(choices)
    yield 1, "nemo_evaluator_config:", ""
    yield 2, "config:", ""
    yield 3, "params:", ""
    for name, said in choices.sampling:
        yield 4, f"{name}: {said.value}", said.reason
    if choices.longest_answer is not None:
        yield 4, f"max_new_tokens: {choices.longest_answer.value}", choices.longest_answer.reason
    yield 4, f"parallelism: {_PARALLELISM}", "requests at a time; the same for baseline and candidate"
    yield 4, "request_timeout: 3600", "seconds; long answers take their time"
    if choices.is_base:
        yield from _tokenizer(choices)
    yield from _target(choices)
    for text in choices.dropped:
        yield 1, "", text
    use = choices.wanted.use
    yield 1, "tasks:", f"the set {use}: {set_named(use).use}"
    tokenizer = "" if choices.is_base else _tokenizer_name(choices)[0]
    switch = str(choices.switch.value) if choices.switch is not None else ""
    around = Around(tokenizer, switch, bool(switch) and not choices.parses_reasoning)
    for one in choices.tasks:
        yield from task_lines(one, around)


def _variables(choices: Choices) -> Iterator[Line]:
    if choices.is_base:
        return
    yield 1, "env_vars:", ""
    yield 2, f"{_KEY}: lit:dummy", "the server wants no key, and the harness asks for one"
    judged = [one.benchmark.name for one in choices.tasks if one.is_judged]
    if judged:
        yield 2, f"{JUDGE_KEY}: runtime:{JUDGE_KEY}", f"another model judges the answers: {', '.join(judged)}"
    if any(one.has_simulated_user for one in choices.tasks):
        yield 2, f"{USER_KEY}: runtime:{USER_KEY}", "another model plays the user"


def _tokenizer(choices: Choices) -> Iterator[Line]:
    name, reason = _tokenizer_name(choices)
    yield 4, "extra:", ""
    yield 5, f"tokenizer: {name}", reason
    yield 5, "tokenizer_backend: huggingface", ""


def _tokenizer_name(choices: Choices) -> tuple[str, str]:
    """A scalar for the model's name on the hub, with where it came from."""
    card = choices.checkpoint.card
    name = next((one for one in card.base_models if _HUB_NAME.match(one)), None) if card else None
    if name:
        return _scalar(name), "base_model of the model card"
    return "???", "the model's name on the hub: prompts are counted in its tokens"


def _target(choices: Choices) -> Iterator[Line]:
    if choices.is_base:
        return
    yield 2, "target:", ""
    yield 3, "api_endpoint:", ""
    yield 4, f"api_key_name: {_KEY}", ""
    switch = choices.switch
    if switch is None and not choices.parses_reasoning:
        return
    if switch is not None or not choices.parses_reasoning:
        yield 4, "adapter_config:", ""
    if switch is not None:
        yield 5, "params_to_add:", ""
        yield 6, "chat_template_kwargs:", ""
        yield 7, f"{switch.value}: true", switch.reason
        if not choices.parses_reasoning:
            yield (
                5,
                "process_reasoning_traces: true",
                "cuts off what ends with </think>, so that only the answer is graded",
            )


def _laid_out(lines: Iterable[Line]) -> list[str]:
    """Two blanks a level; a comment that makes a line too long goes above it."""
    out: list[str] = []
    for depth, text, comment in lines:
        indent = "  " * depth
        comment = _comment(comment)
        if text and len(indent + text + comment) + 4 <= 110:
            out.append(f"{indent}{text}" + (f"  # {comment}" if comment else ""))
            continue
        out += [f"{indent}# {comment}"] if comment else []
        out += [f"{indent}{text}"] if text else []
    return out


def _comment(text: str) -> str:
    """A text on one line, with nothing that ends a comment."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _scalar(value: str) -> str:
    """A string that YAML reads as it is; quoted where it could be read otherwise."""
    if _PLAIN.match(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)
