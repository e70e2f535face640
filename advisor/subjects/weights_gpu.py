"""Whether the server's GPUs can load the checkpoint: their kind, compute capability and memory.

Sources: vllm fp8_utils.py, modelopt.py; GPU facts in rules/knowledge/hardware.json.
"""

from __future__ import annotations

import re

from advisor.knowledge import table
from advisor.nel.gpus import gpus_of_gres
from advisor.nel.image import SGLANG, VLLM
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.nel.versions import version_key
from advisor.subjects.server_image import image_of
from advisor.subjects.weights import gigabytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.nel.context import Context
    from advisor.subjects.subject import Attribute
    from advisor.subjects.weights_server import Serving

_CUDA12_UNTIL = "0.19.1"


def gpu_attributes(serving: Serving, context: Context) -> dict[str, Attribute]:
    """Attributes of `checkpoint`."""
    return {
        "gpu": lambda: _gpu_kind(serving, context).upper() or ABSENT,
        "gpu_case": lambda: _gpu_case(serving, context),
        "least_capability": lambda: _shown_capability(_least_capability(serving)),
        "capability": lambda: _shown_capability(_capability(serving, context)),
        "memory_shown": lambda: gigabytes(_memory(serving, context) or 0),
        "gpus_shown": lambda: _gpus(serving) or ABSENT,
        "exceeds_memory": lambda: _exceeds_memory(serving, context),
    }


def _gpu_kind(serving: Serving, context: Context) -> str:
    """The GPU as hardware.json names it; '' where it is not known."""
    gres = serving.gres
    found = gpus_of_gres(gres) if isinstance(gres, str) else None
    words = re.findall(r"[a-z]*\d+[a-z]?", (context.gpu or (found[1] if found else "")).lower())
    return next((word for word in words if word in table("hardware")["gpus"]), "")


def _capability(serving: Serving, context: Context) -> int | None:
    record = table("hardware")["gpus"].get(_gpu_kind(serving, context))
    return int(record["capability"]) if record else None


def _least_capability(serving: Serving) -> int | None:
    """The smallest compute capability, times ten, that this version accepts for the checkpoint's format."""
    found, engine = serving.quantization, serving.engine
    if found is None or not found.modelopt or not engine.samples:
        return None
    steps = table("hardware")["engines"].get(engine.engine, {}).get(found.format or "")
    if not steps:
        return None
    versions: list[str] = table(engine.engine)["versions"]
    answers = {_step(steps, versions[sample]) for sample in engine.samples}
    return answers.pop() if len(answers) == 1 else None


def _step(steps: dict[str, int | None], version: str) -> int | None:
    key, value = version_key(version), None
    for begin, number in steps.items():
        begun = version_key(begin)
        if begun is not None and key is not None and begun <= key:
            value = number
    return value


def _gpu_case(serving: Serving, context: Context) -> Value:
    """too-old: the engine refuses the GPU; cuda12: the image has no kernels for it; emulated: it computes in 16 bit."""
    capability, least, found = _capability(serving, context), _least_capability(serving), serving.quantization
    if capability is None or found is None:
        return Unknown("the GPU is not known")
    if least is not None and capability < least:
        return "too-old"
    if capability == 103 and found.format == "NVFP4" and _is_cuda12(serving):
        return "cuda12"
    native = table("hardware")["native"].get(found.format or "")
    if native is not None and least is not None and capability < native:
        return "emulated"
    return ABSENT


def _is_cuda12(serving: Serving) -> bool:
    image = image_of(serving.deployment)
    key = version_key(image.version) if image and image.version else None
    last = version_key(_CUDA12_UNTIL)
    if image is None or key is None or last is None or image.engine != VLLM:
        return False
    if image.cuda is not None:
        return image.cuda.startswith("12")
    return image.repository == "vllm/vllm-openai" and key <= last


def _shown_capability(capability: int | None) -> str:
    return f"{capability // 10}.{capability % 10}" if capability else "unknown"


def _memory(serving: Serving, context: Context) -> int | None:
    """Bytes of one GPU: as told, else of the largest of its kind that is sold."""
    if context.gpu_memory:
        return context.gpu_memory * 10**9
    record = table("hardware")["gpus"].get(_gpu_kind(serving, context))
    return int(record["memory"]) << 30 if record else None


def _gpus(serving: Serving) -> int | None:
    sizes = [serving.command.get(name) for name in ("tensor_parallel", "pipeline_parallel", "data_parallel")]
    numbers = [size for size in sizes if isinstance(size, int) and not isinstance(size, bool)]
    if len(numbers) < 3 or serving.engine.engine not in (VLLM, SGLANG):
        return None
    tensor, pipeline, data = numbers
    # Experts are spread over data parallel ranks too; copies of the rest are not counted.
    spread = data if serving.given("--enable-expert-parallel") is not False else 1
    return tensor * pipeline * spread


def _exceeds_memory(serving: Serving, context: Context) -> Value:
    """Whether the weights alone need more memory than the GPUs have."""
    memory, gpus = _memory(serving, context), _gpus(serving)
    if not memory or not gpus or serving.given("--cpu-offload-gb") is not False:
        return Unknown("the GPUs' memory is not known")
    return serving.checkpoint.weight_bytes > memory * gpus
