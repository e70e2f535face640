"""Whether the checkpoint fits the server's settings: parallel sizes, context, KV cache, variables; and its GPUs.

Sources: vllm config/model.py (verify_with_parallel_config, _get_and_verify_max_len).
"""

from __future__ import annotations

import re

from advisor.checkpoint.parallelism import tensor_parallel_faults
from advisor.nel.image import SGLANG, VLLM
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.nel.versions import version_key
from advisor.patterns import pattern
from advisor.subjects.weights_gpu import gpu_attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.checkpoint.parallelism import ParallelFault
    from advisor.nel.context import Context
    from advisor.subjects.subject import Attribute, Subject
    from advisor.subjects.weights_server import Serving

_EXPERT_PARALLEL = {VLLM: "--enable-expert-parallel"}
_STRETCHES = ("--hf-overrides", "--rope-scaling", "--rope-theta", "--json-model-override-args")
_LONGER_ALLOWED = "VLLM_ALLOW_LONG_MAX_MODEL_LEN"
# The first versions that take FP8 for the KV cache from the checkpoint under `auto`, and the last read that do not.
_TAKES_KV = {VLLM: ("0.13.0", "0.14.1", "fp8"), SGLANG: ("0.5.1.post3", "0.5.3.post3", "fp8_e4m3")}
# Models whose attention wants an FP8 cache whatever the checkpoint says (vllm: DeepSeek sparse attention).
_WANTS_FP8_CACHE = pattern(r"deepseek_?v(?:3_?2|32|4)", re.I)
_PLAIN_NAME = pattern(r"(?<![a-z0-9])(nvfp4|mxfp4|mxfp8|fp4|fp8|awq|gptq|int4|int8|w4a16|w8a8|bf16)(?![a-z0-9])", re.I)
_NAMED = {
    "nvfp4": {"NVFP4"}, "fp4": {"NVFP4", "MXFP4"}, "mxfp4": {"MXFP4"}, "mxfp8": {"MXFP8"}, "fp8": {"FP8", "MXFP8"},
    "awq": {"INT4"}, "gptq": {"INT4", "INT8"}, "int4": {"INT4", "BNB4"}, "int8": {"INT8"}, "w4a16": {"INT4", "NVFP4"},
    "w8a8": {"INT8", "FP8"}, "bf16": {""},
}  # fmt: skip


def describe_fit(serving: Serving, subject: Subject, context: Context) -> None:
    """Attributes of `checkpoint`, and of the flags --max-model-len, --kv-cache-dtype and --enable-expert-parallel."""
    subject.attributes |= _fit(serving, subject) | gpu_attributes(serving, context)
    for attribute in ("tensor_parallel", "data_parallel"):
        place = serving.command.told_place(attribute)
        if place is not None:
            subject.places["uneven_heads"] = subject.places["uneven_units"] = place
            break
    for flag in serving.flags("--max-model-len"):
        flag.attributes |= {
            "longer_than_model": lambda: longer_than_model(serving),
            "model_context": serving.checkpoint.config.context_length if serving.checkpoint.config else ABSENT,
            "model_context_key": (serving.checkpoint.config.context_key if serving.checkpoint.config else None)
            or ABSENT,
        }
    for flag in serving.flags("--kv-cache-dtype"):
        flag.attributes["forces_kv"] = forces_kv(serving, flag.get("value"))
    for flag in serving.flags("--enable-expert-parallel"):
        flag.attributes["model_is_dense"] = serving.checkpoint.config is not None and not serving.checkpoint.config.moe


def _fit(serving: Serving, subject: Subject) -> dict[str, Attribute]:
    return {
        "tensor_parallel": lambda: serving.command.get("tensor_parallel"),
        "uneven_heads": lambda: _has_fault(serving, "heads"),
        "uneven_kv_heads": lambda: uneven_kv_heads(serving),
        "uneven_units": lambda: uneven_units(serving),
        "even_tensor_parallel": lambda: even_tensor_parallel(serving),
        "lacks_expert_parallel": lambda: lacks_expert_parallel(serving),
        "kv_is_left_out": lambda: kv_is_left_out(serving),
        "kv_flag": f"--kv-cache-dtype {_TAKES_KV.get(serving.engine.engine, ('', '', 'auto'))[2]}",
        "needs_remote_code_flag": lambda: needs_remote_code_flag(serving),
        "name_claims": lambda: name_claims(serving, subject),
        "card_variables": lambda: ", ".join(card_variables(serving)),
        "lacks_card_variables": lambda: bool(card_variables(serving)),
    }


def _faults(serving: Serving) -> tuple[ParallelFault, ...] | None:
    """What does not divide; None where sizes are not known, or attention is not split by them."""
    tensor, config = serving.command.get("tensor_parallel"), serving.checkpoint.config
    if not isinstance(tensor, int) or isinstance(tensor, bool) or config is None:
        return None
    if serving.command.get("attention_is_data_parallel") is not False:
        return None
    return tensor_parallel_faults(config, serving.quantization, tensor)


def _has_fault(serving: Serving, kind: str) -> Value:
    faults = _faults(serving)
    return Unknown("the sizes are not known") if faults is None else any(fault.kind == kind for fault in faults)


def uneven_kv_heads(serving: Serving) -> Value:
    """Whether neither of the KV heads and the GPUs divides the other; the fewer heads of one GPU are plain copies."""
    tensor, config = serving.command.get("tensor_parallel"), serving.checkpoint.config
    if _has_fault(serving, "kv-heads-replicated") is not True or not isinstance(tensor, int) or config is None:
        return False
    return bool(config.kv_heads) and tensor % (config.kv_heads or 1) != 0 and _has_fault(serving, "heads") is False


def uneven_units(serving: Serving) -> Value:
    """The sizes that FP8 blocks or NVFP4 groups do not divide over the GPUs; ABSENT for none."""
    faults = _faults(serving)
    if faults is None or serving.engine.engine not in (VLLM, SGLANG):
        return ABSENT
    whole_experts = serving.given("--enable-expert-parallel") if serving.engine.engine == VLLM else Unknown("")
    found = [
        f"{fault.size} of {fault.part} in parts of {fault.unit}"
        for fault in faults
        if fault.kind in ("block", "group") and not (fault.part == "experts" and whole_experts is not False)
    ]
    return "; ".join(found) if found else ABSENT


def even_tensor_parallel(serving: Serving) -> Value:
    """The largest smaller size that divides; ABSENT where a field does not set it."""
    tensor, config, deployment = serving.command.get("tensor_parallel"), serving.checkpoint.config, serving.deployment
    node = deployment.find("tensor_parallel_size")
    place = serving.command.told_place("tensor_parallel")
    if not isinstance(tensor, int) or config is None or node is None or deployment.get("own_command"):
        return ABSENT
    if place is not None and place.path != (*deployment.base, "tensor_parallel_size"):
        return ABSENT
    return next((size for size in range(tensor - 1, 0, -1) if _divides(serving, size)), ABSENT)


def _divides(serving: Serving, size: int) -> bool:
    config = serving.checkpoint.config
    if config is None:
        return False
    faults = tensor_parallel_faults(config, serving.quantization, size)
    return all(fault.kind == "kv-heads-replicated" for fault in faults)


def longer_than_model(serving: Serving) -> Value:
    """Whether --max-model-len asks for more than the model has, with nothing that would stretch it."""
    length, config = serving.command.get("context_length"), serving.checkpoint.config
    if not isinstance(length, int) or config is None or not config.context_length:
        return False
    if any(serving.given(name) is not False for name in _STRETCHES) or _sets(serving, _LONGER_ALLOWED):
        return False
    limit = max(config.context_length, config.model_max_length or 0)
    return length > limit


def _sets(serving: Serving, name: str) -> bool:
    """Whether the server is given a variable, by a block or in the command itself."""
    tree, deployment = serving.command.world.values.tree, serving.deployment
    blocks = [deployment.find("env_vars"), deployment.find("extra_env"), tree.child("env_vars")]
    return any(block is not None and block.child(name) is not None for block in blocks) or name in str(
        serving.deployment.get("script")
    )


def forces_kv(serving: Serving, value: Value) -> Value:
    """Whether an FP8 cache is asked for although the checkpoint has no scales for it."""
    found, config = serving.quantization, serving.checkpoint.config
    if not isinstance(value, str) or config is None:
        return False
    if not value.startswith("fp8") or _WANTS_FP8_CACHE.search(config.model_type or ""):
        return False
    return (found is None or found.kv_cache is None) and not serving.checkpoint.coverage.kv_scales


def kv_is_left_out(serving: Serving) -> Value:
    """Whether the checkpoint has an FP8 cache and this version does not take that by itself."""
    found, engine = serving.quantization, serving.engine
    if found is None or found.kv_cache != "FP8" or not found.modelopt or engine.engine not in _TAKES_KV:
        return False
    last = version_key(_TAKES_KV[engine.engine][0])
    key = version_key(engine.version) if engine.version else None
    if key is None or last is None or not engine.samples or key > last:
        return False
    return serving.given("--kv-cache-dtype") is False


def lacks_expert_parallel(serving: Serving) -> Value:
    name, config = _EXPERT_PARALLEL.get(serving.engine.engine), serving.checkpoint.config
    sizes = [serving.command.get(size) for size in ("tensor_parallel", "data_parallel")]
    if name is None or config is None or not config.moe:
        return False
    return any(isinstance(size, int) and size > 1 for size in sizes) and serving.given(name) is False


def needs_remote_code_flag(serving: Serving) -> Value:
    config = serving.checkpoint.config
    if config is None or not config.custom_code or serving.engine.engine not in (VLLM, SGLANG):
        return False
    return serving.given("--trust-remote-code") is False


def name_claims(serving: Serving, subject: Subject) -> Value:
    """The quantization that a name of the model claims and the checkpoint has not; ABSENT for none."""
    found = serving.quantization
    actual = found.format or "" if found else ""
    if actual == "MIXED" or (found is not None and not found.format):
        return ABSENT
    names = [(serving.deployment, "served_model_name"), (subject, "name")]
    for owner, key in names:
        text = owner.get(key)
        words = {word.lower() for word in _PLAIN_NAME.findall(text)} if isinstance(text, str) else set()
        # One name may tell weights and activations, or weights and cache: any right word will do.
        if words and not any(actual in _NAMED[word] for word in words):
            place = owner.place_of(key)
            if place is not None:
                subject.places["name_claims"] = place
            return f"{text!s}"
    return ABSENT


def card_variables(serving: Serving) -> list[str]:
    """What the card's own commands for this engine set for an NVFP4 mixture of experts, and the server is not given."""
    found, card, config = serving.quantization, serving.checkpoint.card, serving.checkpoint.config
    if found is None or card is None or config is None or found.format != "NVFP4" or not config.moe:
        return []
    prefix = f"{serving.engine.engine.upper()}_"
    wanted = {name for one in card.commands if one.engine == serving.engine.engine for name, _ in one.environment}
    return sorted(
        name
        for name in wanted
        if name.startswith(prefix) and not _sets(serving, name) and serving.engine.variable(name).status == "known"
    )
