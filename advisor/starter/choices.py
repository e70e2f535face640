"""What a starter config says, each value with where it came from."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.checkpoint.parallelism import smallest_tensor_parallel
from advisor.knowledge import table
from advisor.nel.benchmarks import STANDARD
from advisor.nel.engine import EngineVersion, engine_version
from advisor.nel.engine_table import KNOWN
from advisor.nel.families import ALWAYS, BY_DEFAULT, FLAGS, Family, family_of
from advisor.nel.image import SGLANG, TRTLLM, VLLM
from advisor.nel.outcomes import NO_FLAG, loading_flags, loading_versions
from advisor.starter.tasks import Planned, planned, wanted_tasks
from advisor.subjects.command import CONTEXT_LENGTH, NAMES
from advisor.subjects.weights import gigabytes

if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint

ENGINES = (VLLM, SGLANG, TRTLLM)
_IMAGES = {
    VLLM: "vllm/vllm-openai:v{}",
    SGLANG: "lmsysorg/sglang:v{}",
    TRTLLM: "nvcr.io/nvidia/tensorrt-llm/release:{}",
}
_TRTLLM_VERSION = "1.2.0"
# A node of a cluster where nothing else is said, and GPUs of the most common size.
_NODE_GPUS, _GPU_MEMORY = 8, 80
# Prompts and answers of AA-LCR, and of all others; longer contexts only take room from the KV cache.
_LONGEST_CONTEXT, _USUAL_CONTEXT = 196608, 131072
_LONGEST_ANSWER = 65536
# RULER's answers, of models whose thinking nothing switches off and of others.
_THOUGHT, _SHORT_ANSWER = 16384, 2048
_SWITCHES = ("enable_thinking", "thinking")
_HUB_DIRECTORY = re.compile(r"models--[^/]+--([^/]+)/snapshots/[0-9a-f]+\Z")


class CannotStart(ValueError):
    """No config can be written for this checkpoint as it is, or as it is wanted."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller says; None where the checkpoint decides. `gpu_memory` in GB; `use` names a set of tasks."""

    execution: str = "slurm"
    deployment: str | None = None
    gpus: int | None = None
    gpu_memory: int | None = None
    use: str = STANDARD


@dataclass(frozen=True, slots=True)
class Said:
    """A value with its reason."""

    value: str | int | float
    reason: str


@dataclass(frozen=True, slots=True)
class Choices:
    """All that the text is written from. `flags` are the server's, `sampling` by parameter, `switch` the template's
    variable that turns reasoning on; `dropped` says which tasks of the set are left out, and why."""

    checkpoint: Checkpoint
    wanted: Wanted
    name: str
    engine: str
    image: Said
    tensor_parallel: Said
    data_parallel: int
    gpus: int
    flags: tuple[Said, ...]
    sampling: tuple[tuple[str, Said], ...]
    longest_answer: Said | None
    switch: Said | None
    parses_reasoning: bool
    tasks: tuple[Planned, ...]
    dropped: tuple[str, ...]
    is_base: bool


def choose(checkpoint: Checkpoint, wanted: Wanted) -> Choices:
    """Raises CannotStart, with the reason."""
    if not checkpoint.completeness.complete:
        gaps = "; ".join(gap.detail for gap in checkpoint.completeness.gaps[:3])
        raise CannotStart(f"{checkpoint.path} is not whole: {gaps}")
    if "${" in checkpoint.path or not checkpoint.path.isprintable():
        raise CannotStart("NEL would take a part of the checkpoint's path for something else")
    name = model_name(checkpoint.path)
    engine, version = _engine(checkpoint, wanted.deployment)
    gpus, tensor = _gpus(checkpoint, wanted, engine)
    data = 1 if engine == TRTLLM else max(1, gpus // int(tensor.value))
    base = not checkpoint.tokenizer.templates
    tasks = wanted_tasks(wanted.use, base)
    context = _context(checkpoint, tasks)
    switch = None if base else _switch(checkpoint)
    thinks = not base and _thinks(checkpoint, name)
    parser = _parser(checkpoint, version, name) if thinks else None
    tools = [] if base else _tool_parser(checkpoint, version, name)
    answer = 0 if base else _THOUGHT if thinks and switch is None else _SHORT_ANSWER
    kept, dropped = planned(tasks, int(context.value) if context else None, answer, bool(tools))
    if not kept:
        reasons = "; ".join(dropped) or "it has none for a base model"
        raise CannotStart(f"no task of the set {wanted.use} fits this model: {reasons}")
    parsers = ([parser] if parser else []) + (tools if any(one.needs_tool_parser for one in kept) else [])
    return Choices(
        checkpoint=checkpoint,
        wanted=wanted,
        name=name,
        engine=engine,
        image=_image(checkpoint, engine, version),
        tensor_parallel=tensor,
        data_parallel=data,
        gpus=int(tensor.value) * data,
        flags=(*_flags(checkpoint, engine, version, context, int(tensor.value) * data), *parsers),
        sampling=() if base else tuple(_sampling(checkpoint)),
        longest_answer=None if base else _longest_answer(context),
        switch=switch,
        parses_reasoning=parser is not None,
        tasks=kept,
        dropped=dropped,
        is_base=base,
    )


def model_name(path: str) -> str:
    """What to call the model: the directory's name, or the repository's in the hub's cache; a text NEL can serve."""
    whole = os.path.abspath(path)
    cached = _HUB_DIRECTORY.search(whole)
    name = cached[1] if cached else whole.rpartition("/")[2]
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "model"


def _engine(checkpoint: Checkpoint, wanted: str | None) -> tuple[str, EngineVersion]:
    """The first engine that loads the checkpoint, in its newest version that does."""
    for engine in (wanted,) if wanted else ENGINES:
        version = _newest(checkpoint, engine)
        if version is not None:
            return engine, engine_version(engine, version)
    found = checkpoint.quantization
    algo = found.algo if found else "it"
    raise CannotStart(f"no {NAMES[wanted or VLLM]} that we know loads {algo}: try another deployment")


def _newest(checkpoint: Checkpoint, engine: str) -> str | None:
    found, layout = checkpoint.quantization, checkpoint.layout
    if engine == TRTLLM:
        return _TRTLLM_VERSION
    if found is None or not found.modelopt:
        versions: list[str] = table(engine)["versions"]
        return versions[-1]
    if not found.algo or not layout:
        return None
    loading = loading_versions(engine, found.algo, layout)
    return loading[-1] if loading else None


def _image(checkpoint: Checkpoint, engine: str, version: EngineVersion) -> Said:
    found, layout = checkpoint.quantization, checkpoint.layout
    image = _IMAGES[engine].format(version.version)
    if engine == TRTLLM:
        return Said(image, "what ModelOpt asks for to load its checkpoints")
    if found is not None and found.modelopt and found.algo and layout:
        first = loading_versions(engine, found.algo, layout)[0]
        return Said(image, f"the newest {NAMES[engine]} that we know to load {found.algo}; the first was {first}")
    return Said(image, f"the newest {NAMES[engine]} that we know; pin what the baseline runs on")


def _gpus(checkpoint: Checkpoint, wanted: Wanted, engine: str) -> tuple[int, Said]:
    """How many GPUs there are, and the tensor parallel size. Raises CannotStart where they are too few."""
    memory = wanted.gpu_memory or _GPU_MEMORY
    assumed = "" if wanted.gpu_memory else ", as assumed"
    weights = gigabytes(checkpoint.weight_bytes)
    config = checkpoint.config
    if config is None:
        raise CannotStart("config.json cannot be read")
    least = smallest_tensor_parallel(checkpoint.weight_bytes, config, checkpoint.quantization, memory * 10**9)
    if least is None:
        raise CannotStart(f"no tensor parallel size that the model allows holds its {weights} on GPUs of {memory} GB")
    gpus = wanted.gpus or (max(_NODE_GPUS, least) if wanted.execution == "slurm" else least)
    if gpus < least:
        raise CannotStart(f"its {weights} need {least} GPUs of {memory} GB, and there are {gpus}")
    if gpus > _NODE_GPUS and wanted.execution == "slurm" and not wanted.gpus:
        raise CannotStart(f"its {weights} need {least} GPUs of {memory} GB: give --gpus or --gpu-memory")
    reason = f"the smallest that holds {weights} of weights on GPUs of {memory} GB{assumed}"
    return gpus, Said(least, reason)


def _context(checkpoint: Checkpoint, tasks: tuple[str, ...]) -> Said | None:
    config = checkpoint.config
    if config is None or not config.context_length:
        return None
    length = config.context_length
    if "nemo_skills.ns_aa_lcr" in tasks and length > _LONGEST_CONTEXT:
        return Said(_LONGEST_CONTEXT, f"what AA-LCR needs; the model has {length}")
    if "nemo_skills.ns_aa_lcr" not in tasks and length > _USUAL_CONTEXT:
        return Said(_USUAL_CONTEXT, f"room for these tasks' prompts and answers; the model has {length}")
    return Said(config.context_length, f"all that the model has ({config.context_key} in config.json)")


def _longest_answer(context: Said | None) -> Said | None:
    if context is None:
        return None
    length = int(context.value)
    return Said(min(_LONGEST_ANSWER, length // 2), "the prompt needs the other part of the context")


def _flags(checkpoint: Checkpoint, engine: str, version: EngineVersion, context: Said | None, gpus: int) -> list[Said]:
    found, layout, config = checkpoint.quantization, checkpoint.layout, checkpoint.config
    flags = [Said(f"{CONTEXT_LENGTH[engine]} {context.value}", context.reason)] if context else []
    if found is not None and found.algo and layout and engine != TRTLLM:
        loading = loading_flags(version, found.algo, layout)
        if NO_FLAG not in loading:
            flags.append(Said(f"--quantization {loading[0]}", f"this version does not find {found.algo} by itself"))
    if engine == SGLANG and config is not None and config.custom_code:
        files = ", ".join(dict.fromkeys(code.file for code in config.custom_code))
        flags.append(Said("--trust-remote-code", f"the checkpoint runs code of its own: {files}"))
    if engine == VLLM and config is not None and config.moe and gpus > 1:
        flags.append(Said("--enable-expert-parallel", f"a mixture of {config.experts} experts on several GPUs"))
    return flags


def _switch(checkpoint: Checkpoint) -> Said | None:
    """The variable of the chat template that turns reasoning on and off."""
    template = checkpoint.template
    name = next((name for name in _SWITCHES if template and name in template.toggles), None)
    return Said(name, f"{checkpoint.tokenizer.template_file} reads it; false turns reasoning off") if name else None


def _thinks(checkpoint: Checkpoint, name: str) -> bool:
    template = checkpoint.template
    family = _family(checkpoint, name)
    reads = template is not None and bool(template.toggles or {"<think>", "</think>"} & set(template.markers))
    return reads or (family is not None and family.is_read("thinks") and family.thinks in (ALWAYS, BY_DEFAULT))


def _family(checkpoint: Checkpoint, name: str) -> Family | None:
    names = (os.path.abspath(checkpoint.path), name, *(checkpoint.card.base_models if checkpoint.card else ()))
    return family_of(names, checkpoint.config.model_type if checkpoint.config else None)


def _parser(checkpoint: Checkpoint, version: EngineVersion, name: str) -> Said | None:
    """The reasoning parser that the model card's commands name, else its family's, where this version has it."""
    return _known(checkpoint, version, name, "--reasoning-parser")


def _tool_parser(checkpoint: Checkpoint, version: EngineVersion, name: str) -> list[Said]:
    """The flags with which tool calls are parsed, found in the same way; [] where no parser is known."""
    found = _known(checkpoint, version, name, "--tool-call-parser")
    if found is None or version.engine not in (VLLM, SGLANG):
        return []
    choice = Said("--enable-auto-tool-choice", "vLLM parses tool calls only with both")
    return [choice, found] if version.engine == VLLM else [found]


def _known(checkpoint: Checkpoint, version: EngineVersion, name: str, flag: str) -> Said | None:
    """A flag with the first value that this version has, of the model card's and the family's own."""
    engine, kind = version.engine, FLAGS[flag]
    documented = checkpoint.card.documented(engine, flag) if checkpoint.card else ()
    family = _family(checkpoint, name)
    found = [Said(value, "the model card's own serve command") for value in documented]
    if family is not None and family.is_read(f"{engine}.{kind}"):
        found += [Said(value, f"what {family.name} needs") for value in family.parsers(engine, kind) or ()]
    for said in found:
        if version.value(flag, str(said.value)).status == KNOWN:
            return Said(f"{flag} {said.value}", said.reason)
    return None


def _sampling(checkpoint: Checkpoint) -> list[tuple[str, Said]]:
    sampling, reason = checkpoint.sampling, "generation_config.json"
    if sampling is None or sampling.do_sample is False or not sampling.temperature:
        return []
    said = [("temperature", sampling.temperature), ("top_p", sampling.top_p)]
    return [(name, Said(value, reason)) for name, value in said if value is not None]
