"""The facts of a checkpoint that is itself the target: a short table with bars for people, one object for programs."""

from __future__ import annotations

from advisor.checkpoint.parallelism import (
    MAX_TENSOR_PARALLEL,
    kv_bytes_per_token,
    smallest_tensor_parallel,
    tensor_parallel_faults,
)
from advisor.report.style import safe
from advisor.subjects.weights import gigabytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from advisor.checkpoint.coverage import KindCoverage
    from advisor.checkpoint.read import Checkpoint
    from advisor.report.style import Style

_BAR = 24
_LABEL = 14
# Memory sizes, in GB, for which the smallest tensor parallel size is told.
_GPUS = (80, 141, 180)
_SHOWN = 4


def facts_text(checkpoint: Checkpoint, style: Style) -> str:
    """The table, then one bar for each kind of linear module."""
    lines = [style.paint(safe(checkpoint.path), "path")]
    for label, value in _rows(checkpoint):
        wrapped = style.wrap(safe(value), " " * (_LABEL + 2), f"  {label:<{_LABEL}}")
        lines.append(wrapped[0].replace(label, style.paint(label, "bold"), 1))
        lines += wrapped[1:]
    if checkpoint.completeness.complete and checkpoint.coverage.kinds:
        lines += [f"  {style.paint('quantized modules', 'bold')}", *_bars(checkpoint.coverage.kinds, style)]
    return "\n".join(lines) + "\n"


def _rows(checkpoint: Checkpoint) -> Iterator[tuple[str, str]]:
    config, sampling = checkpoint.config, checkpoint.sampling
    yield "state", _state(checkpoint)
    if config is not None:
        yield "model", _model(checkpoint)
    yield "quantization", _quantization(checkpoint)
    if not checkpoint.completeness.complete:
        return
    yield "weights", _weights(checkpoint)
    if config is not None and config.context_length:
        rope = f", {config.rope.type} rope scaling" if config.rope and config.rope.type != "default" else ""
        yield "context", f"{config.context_length} tokens ({config.context_key}{rope})"
    each = kv_bytes(checkpoint)
    if config is not None and each:
        whole = f", {gigabytes(each * config.context_length)} at full context" if config.context_length else ""
        yield "KV cache", f"{each / 1024:.1f} KiB a token{whole}"
    if config is not None and config.heads:
        yield "parallelism", _parallelism(checkpoint)
    yield "chat template", _template(checkpoint)
    if sampling is not None:
        names = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")
        told = [f"{name} {value}" for name in names if (value := getattr(sampling, name)) is not None]
        yield "sampling", f"{', '.join(told)} (generation_config.json)" if told else "generation_config.json sets none"
    if config is not None and config.custom_code:
        yield "custom code", ", ".join(dict.fromkeys(code.file for code in config.custom_code))
    documented = _documented(checkpoint)
    if documented:
        yield "model card", "; ".join(f"{engine}: {' '.join(flags)}" for engine, flags in documented.items())


def _state(checkpoint: Checkpoint) -> str:
    found = checkpoint.completeness
    words = {"complete": "whole", "writing": "still being written", "incomplete": "not whole"}[found.state]
    more = f" and {len(found.gaps) - _SHOWN} more" if len(found.gaps) > _SHOWN else ""
    return f"{words}: {'; '.join(gap.detail for gap in found.gaps[:_SHOWN])}{more}" if found.gaps else words


def _model(checkpoint: Checkpoint) -> str:
    config = checkpoint.config
    assert config is not None
    parts = [", ".join(config.architectures) or config.model_type or "unknown architecture"]
    parts += [f"{config.layers} layers"] if config.layers else []
    parts += [f"{config.experts} experts, {config.experts_per_token or '?'} a token"] if config.moe else []
    parts += ["vision"] * config.vision + ["audio"] * config.audio
    return ", ".join(parts)


def _quantization(checkpoint: Checkpoint) -> str:
    found = checkpoint.quantization
    if found is None:
        return "none"
    producer = f", {found.producer} {found.producer_version or ''}".rstrip() if found.producer else ""
    cache = f", KV cache {found.kv_cache}" if found.kv_cache else ""
    size = f", groups of {found.scale_group}" if found.scale_group else ""
    return f"{found.algo or found.method} ({found.method}{producer}{size}{cache}; {found.file})"


def _weights(checkpoint: Checkpoint) -> str:
    bits = checkpoint.bits_per_weight
    shown = f", {bits:.2f} bits a weight" if bits else ""
    files = len(checkpoint.shards)
    return (
        f"{gigabytes(checkpoint.weight_bytes)} in {files} file{'s' * (files != 1)}, {checkpoint.tensors} tensors, "
        f"{_count(checkpoint.coverage.parameters)} parameters{shown}"
    )


def _count(number: int) -> str:
    for unit, size in (("T", 10**12), ("B", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= size:
            return f"{number / size:.1f}{unit}"
    return str(number)


def _parallelism(checkpoint: Checkpoint) -> str:
    config = checkpoint.config
    assert config is not None
    sizes = ", ".join(map(str, tensor_parallel_sizes(checkpoint))) or "none"
    least = smallest_sizes(checkpoint)
    fits = ", ".join(f"{size} of {memory} GB" for memory, size in least.items() if size)
    return f"{config.heads} heads, {config.kv_heads} KV heads: tensor parallel {sizes}" + (
        f"; fits {fits}" if fits else ""
    )


def kv_bytes(checkpoint: Checkpoint) -> int | None:
    """Bytes of KV cache of one token as the metadata declares the cache; None where the config does not tell."""
    if checkpoint.config is None:
        return None
    return kv_bytes_per_token(checkpoint.config, checkpoint.quantization.kv_cache if checkpoint.quantization else None)


def tensor_parallel_sizes(checkpoint: Checkpoint) -> list[int]:
    """The powers of two that the checkpoint's sizes allow."""
    config = checkpoint.config
    if config is None:
        return []
    sizes = [2**power for power in range(MAX_TENSOR_PARALLEL.bit_length())]
    return [
        size
        for size in sizes
        if all(f.kind == "kv-heads-replicated" for f in tensor_parallel_faults(config, checkpoint.quantization, size))
    ]


def smallest_sizes(checkpoint: Checkpoint) -> dict[int, int | None]:
    """The smallest tensor parallel size for GPUs of some memory, in GB; None where none fits."""
    config = checkpoint.config
    if config is None:
        return {}
    return {
        gpu: smallest_tensor_parallel(checkpoint.weight_bytes, config, checkpoint.quantization, gpu * 10**9)
        for gpu in _GPUS
    }


def _template(checkpoint: Checkpoint) -> str:
    template = checkpoint.template
    if template is None:
        return "none"
    if template.error:
        return f"broken: {template.error}"
    reads = f"reads {', '.join(template.toggles)}" if template.toggles else "reads no switch of reasoning"
    return f"{reads} ({checkpoint.tokenizer.template_file})"


def _documented(checkpoint: Checkpoint) -> dict[str, list[str]]:
    """The parsers that the card's serve commands name, by engine."""
    if checkpoint.card is None:
        return {}
    found: dict[str, list[str]] = {}
    for engine in ("vllm", "sglang", "trtllm"):
        for flag in ("--reasoning-parser", "--tool-call-parser"):
            for value in checkpoint.card.documented(engine, flag):
                found.setdefault(engine, []).append(f"{flag} {value}")
    return found


def _bars(kinds: tuple[KindCoverage, ...], style: Style) -> Iterator[str]:
    width = max(len(kind.kind) for kind in kinds)
    most = max(len(str(kind.modules)) for kind in kinds)
    for kind in kinds:
        full = round(_BAR * kind.quantized / kind.modules)
        bar = style.paint("#" * full, "fix") + style.paint("." * (_BAR - full), "dim")
        formats = ", ".join(f"{count} {name}" for name, count in sorted(kind.formats.items(), key=lambda f: -f[1]))
        yield f"    {kind.kind:<{width}} {bar} {kind.quantized:>{most}} of {kind.modules:>{most}}  {safe(formats)}"


def facts_json(checkpoint: Checkpoint) -> dict[str, Any]:
    """The contract's `facts`. Sizes in bytes, lengths in tokens; null where a file does not say."""
    config, found = checkpoint.config, checkpoint.quantization
    facts: dict[str, Any] = {
        "state": checkpoint.completeness.state,
        "missing": [gap.detail for gap in checkpoint.completeness.gaps],
        "quantization": found
        and {
            "method": found.method,
            "algorithm": found.algo,
            "format": found.format,
            "kv_cache": found.kv_cache,
            "group_size": found.scale_group,
            "producer": found.producer,
            "producer_version": found.producer_version,
            "layout": checkpoint.layout,
        },
    }
    if not checkpoint.completeness.complete:
        return facts
    sampling, template = checkpoint.sampling, checkpoint.template
    return facts | {
        "architectures": list(config.architectures) if config else [],
        "weight_bytes": checkpoint.weight_bytes,
        "parameters": checkpoint.coverage.parameters,
        "bits_per_weight": checkpoint.bits_per_weight and round(checkpoint.bits_per_weight, 3),
        "tensors": checkpoint.tensors,
        "shards": len(checkpoint.shards),
        "layers": config.layers if config else None,
        "experts": config.experts if config else None,
        "vision": bool(config and config.vision),
        "context_length": config.context_length if config else None,
        "kv_bytes_per_token": kv_bytes(checkpoint),
        "heads": config.heads if config else None,
        "kv_heads": config.kv_heads if config else None,
        "tensor_parallel_sizes": tensor_parallel_sizes(checkpoint),
        "smallest_tensor_parallel": {str(memory): size for memory, size in smallest_sizes(checkpoint).items()},
        "custom_code": [code.file for code in config.custom_code] if config else [],
        "chat_template": template
        and {"file": checkpoint.tokenizer.template_file, "toggles": list(template.toggles), "error": template.error},
        "sampling": sampling
        and {"temperature": sampling.temperature, "top_p": sampling.top_p, "top_k": sampling.top_k},
        "documented_flags": _documented(checkpoint),
        "coverage": [
            {"kind": kind.kind, "modules": kind.modules, "quantized": kind.quantized, "formats": dict(kind.formats)}
            for kind in checkpoint.coverage.kinds
        ],
    }
