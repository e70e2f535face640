"""Whether a model and its KV cache are quantized, and so whether its benchmarks are to be looked at.

What those are is read only when a rule asks: of most configs none does.
"""

from __future__ import annotations

from functools import partial

from advisor.nel.values import ABSENT, Absent, Unknown, Value
from advisor.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.subject import Subject, World

_NAME = pattern(
    r"(?<![A-Za-z0-9])(?i:nvfp4|mxfp4|mxfp8|fp4|fp8|awq|gptq|int4|int8|w4a16|w4a8|w8a8|w8a16|bnb)(?![A-Za-z0-9])"
)
# Types of a KV cache that are not quantized; `auto` is the model's own, or what the checkpoint has scales for.
_AUTO, _PLAIN = "auto", ("bfloat16", "bf16", "float16", "fp16", "half", "float")
_ASKED = ("shows_quantization", "lacks_long_context", "task_names", "model_kind", "recommended", "long_tasks")


def describe_benchmarks(world: World, document: Document, context: Context) -> None:
    """Computed attributes of `evaluation`, of `deployment`, and of each `task` of a quantized model."""
    deployment, evaluation = world.singles["deployment"], world.singles["evaluation"]
    command, checkpoint = world.singles.get("command"), world.singles.get("checkpoint")
    deployment.attributes["name_tells_quantization"] = name_tells_quantization(
        *(deployment.get(key) for key in ("hf_model_handle", "checkpoint_path", "served_model_name"))
    )
    quantized = evaluation.attributes["is_quantized"] = is_quantized(deployment, checkpoint)
    evaluation.attributes["kv_quantized_by"] = lambda: kv_quantized_by(command, checkpoint)
    for name in _ASKED:
        evaluation.attributes[name] = partial(_ask, world, name)
    if quantized:
        from advisor.subjects.repeats import describe_repeats

        describe_repeats(world)


def _ask(world: World, name: str) -> Value:
    from advisor.subjects.evaluated import ATTRIBUTES

    return ATTRIBUTES[name](world)


def name_tells_quantization(*names: Value) -> bool:
    """Whether what is served is called FP8, NVFP4, AWQ or the like."""
    return any(isinstance(name, str) and quantization_in(name) for name in names)


def quantization_in(name: str) -> str:
    """The quantization that the last part of a path or a handle says: NVFP4; '' for none."""
    found = _NAME.search(name.rstrip("/").rpartition("/")[2])
    return found[0].upper() if found else ""


def is_quantized(owner: Subject, checkpoint: Subject | None) -> bool:
    """Whether a server's weights are known to be: by the checkpoint's metadata, else by the name."""
    if checkpoint is not None:
        return not isinstance(checkpoint.get("method"), Absent | Unknown)
    return owner.get("name_tells_quantization") is True


def kv_quantized_by(command: Subject | None, checkpoint: Subject | None) -> Value:
    """What quantizes the server's KV cache: its flag, or the scales of a checkpoint that the engine's version follows;
    ABSENT where nothing is known to."""
    kind = command.get("kv_cache_type") if command is not None else ABSENT
    if not isinstance(kind, str) or kind in _PLAIN:
        return ABSENT
    if kind != _AUTO:
        return f"--kv-cache-dtype {kind}"
    calibrated = checkpoint.get("kv_cache") if checkpoint is not None else ABSENT
    if checkpoint is None or not isinstance(calibrated, str) or checkpoint.get("kv_is_left_out") is not False:
        return ABSENT
    return f"the checkpoint's {calibrated} scales"
