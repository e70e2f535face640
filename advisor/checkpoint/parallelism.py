"""How a checkpoint divides over GPUs: what tensor parallelism its sizes allow, and how much memory it takes.

Sources: vllm config/model.py verify_with_parallel_config, quantization/utils/fp8_utils.py validate_fp8_block_shape,
quantization/modelopt.py ("in features size is not multiple of 16").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from advisor.checkpoint.patterns import exclusion_matcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.checkpoint.config import ModelConfig
    from advisor.checkpoint.quantization import Quantization

MAX_TENSOR_PARALLEL = 64
# Left of each GPU for activations, CUDA graphs and a first stretch of KV cache.
RESERVE_BYTES = 4 << 30
# vLLM's default of --gpu-memory-utilization.
UTILIZATION = 0.9
_KV_BYTES = {"FP8": 1.0, "INT8": 1.0, "NVFP4": 0.5625}

FaultKind = Literal["heads", "kv-heads-replicated", "block", "group"]


@dataclass(frozen=True, slots=True)
class ParallelFault:
    """A size that does not divide. `part`: attention, mlp, experts or shared_experts; experts do not matter under
    expert parallelism. `size` / tensor parallel size must be a multiple of `unit`."""

    kind: FaultKind
    part: str
    size: int
    unit: int


def tensor_parallel_faults(
    config: ModelConfig, quantization: Quantization | None, tensor_parallel: int
) -> tuple[ParallelFault, ...]:
    """What an engine refuses at this tensor parallel size; `kv-heads-replicated` is only a cost."""
    if tensor_parallel < 1:
        return ()
    return tuple(_faults(config, quantization, tensor_parallel))


def smallest_tensor_parallel(
    weight_bytes: int,
    config: ModelConfig,
    quantization: Quantization | None,
    gpu_bytes: int,
    utilization: float = UTILIZATION,
) -> int | None:
    """The smallest power of two that fits the weights and that the sizes allow; None where none does."""
    room = gpu_bytes * utilization - RESERVE_BYTES
    size = 1
    while size <= MAX_TENSOR_PARALLEL:
        faults = tensor_parallel_faults(config, quantization, size)
        if weight_bytes / size <= room and all(fault.kind == "kv-heads-replicated" for fault in faults):
            return size
        size *= 2
    return None


def kv_bytes_per_token(config: ModelConfig, kv_cache: str | None) -> int | None:
    """Bytes of KV cache of one token, over all layers and GPUs; None for what is not plain attention."""
    if not config.layers or _hybrid(config):
        return None
    width = _KV_BYTES.get(kv_cache or "", 2.0)
    if config.kv_lora_rank and config.qk_rope_head_dim:
        return int(config.layers * (config.kv_lora_rank + config.qk_rope_head_dim) * width)
    if not config.kv_heads or not config.head_dim:
        return None
    return int(2 * config.layers * config.kv_heads * config.head_dim * width)


def _hybrid(config: ModelConfig) -> bool:
    """Layers that keep no KV cache of every token: Mamba, linear attention, sliding windows by layer."""
    keys = ("hybrid_override_pattern", "layers_block_type", "layer_types", "attn_layer_indices", "block_configs")
    return any(config.text.get(key) for key in keys)


def _faults(config: ModelConfig, quantization: Quantization | None, tp: int) -> Iterator[ParallelFault]:
    if config.heads and config.heads % tp:
        yield ParallelFault("heads", "attention", config.heads, 1)
    kv = config.kv_heads
    if kv and kv % tp and not config.kv_lora_rank:
        yield ParallelFault("kv-heads-replicated", "attention", kv, 1)
    if quantization is None or tp == 1:
        return
    if quantization.block is not None and quantization.method == "fp8":
        yield from _block_faults(config, quantization, tp)
    elif quantization.format == "NVFP4":
        for part, size, sample in _split_inputs(config):
            if not _excluded(quantization, sample) and size % (tp * 16):
                yield ParallelFault("group", part, size, 16)


def _block_faults(config: ModelConfig, quantization: Quantization, tp: int) -> Iterator[ParallelFault]:
    """Row-parallel inputs divide by the block's columns, column-parallel outputs by its rows."""
    assert quantization.block is not None
    rows, columns = quantization.block
    for part, size, sample in _split_inputs(config):
        if _excluded(quantization, sample):
            continue
        units = (columns,) if part == "attention" else (columns, rows)
        for unit in dict.fromkeys(units):
            if size % (tp * unit):
                yield ParallelFault("block", part, size, unit)


def _split_inputs(config: ModelConfig) -> Iterator[tuple[str, int, str]]:
    """Part, size that tensor parallelism splits, and a module of that part as exclusions would name it."""
    if config.heads and config.head_dim and not config.kv_lora_rank:
        yield "attention", config.heads * config.head_dim, "model.layers.{}.self_attn.o_proj"
    if config.intermediate_size and not config.moe:
        yield "mlp", config.intermediate_size, "model.layers.{}.mlp.down_proj"
    if config.moe and config.moe_intermediate_size:
        yield "experts", config.moe_intermediate_size, "model.layers.{}.mlp.experts.0.down_proj"
    if config.moe and config.shared_expert_intermediate_size:
        yield "shared_experts", config.shared_expert_intermediate_size, "model.layers.{}.mlp.shared_experts.down_proj"


def _excluded(quantization: Quantization, sample: str) -> bool:
    """True when an exclusion names this part in the first or a middle layer: then nothing is said of it."""
    matcher = exclusion_matcher(quantization.method, quantization.excluded)
    middle = [name for name in quantization.excluded if "*" in name or "self_attn" in name or "mlp" in name]
    if matcher.matches(sample.format(1)):
        return True
    leaf = sample.rpartition(".")[2]
    owner = sample.split(".")[3]
    return any(leaf in name or name.rstrip("*").endswith(f".{owner}") for name in middle)
