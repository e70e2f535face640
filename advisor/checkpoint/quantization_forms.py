"""The forms in which tools write a checkpoint's quantization, each read into the one that `quantization` has.

ModelOpt's two forms: `hf_quant_config.json` (nested) and `quantization_config` of config.json (flat). Sources:
modelopt/torch/export/quant_utils.py (process_layer_quant_config), convert_hf_config.py, vllm modelopt.py (from_config).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from advisor.checkpoint.jsonfile import integer, mapping, string, strings
from advisor.checkpoint.quantization import ALGO_FORMAT, SIDECAR, FormatGroup, Quantization, table_algo

if TYPE_CHECKING:
    from collections.abc import Mapping


def parse_sidecar(data: Mapping[str, Any]) -> Quantization | None:
    """hf_quant_config.json: nested under `quantization`, or flat as ModelOpt 1.0 is documented to write it."""
    return _modelopt(data, SIDECAR) if "quantization" in data or "quant_algo" in data else None


def parse_config(config: Mapping[str, Any]) -> Quantization | None:
    """The quantization that config.json declares, at the top or in the text part; None when it declares none."""
    for place in (config, mapping(config, "text_config"), mapping(config, "llm_config")):
        for key in ("quantization_config", "compression_config"):
            data = mapping(place, key)
            if data:
                return _parse(data)
    return None


def _parse(data: Mapping[str, Any]) -> Quantization:
    method = (string(data, "quant_method") or "").casefold().replace("_", "-")
    producer = string(mapping(data, "producer"), "name")
    if method.startswith("modelopt") or (not method and (producer == "modelopt" or "quant_algo" in data)):
        return _modelopt(data, "config.json")
    if not method and isinstance(data.get("quantization"), dict):
        return _modelopt(data, "config.json")
    if method == "compressed-tensors" or (not method and isinstance(data.get("config_groups"), dict)):
        return _compressed_tensors(data)
    parsers = {"fp8": _fp8, "awq": _int_packed, "gptq": _int_packed, "bitsandbytes": _bitsandbytes, "mxfp4": _mxfp4}
    parse = parsers.get(method)
    if parse is None:
        excluded = strings(data.get("modules_to_not_convert"))
        return Quantization(method or "unknown", None, None, "config.json", excluded=excluded)
    return parse(method, data)


def _modelopt(data: Mapping[str, Any], file: str) -> Quantization:
    nested = mapping(data, "quantization") or data
    written = string(nested, "quant_algo")
    algo = table_algo(written)
    if algo == "NONE":
        algo = None
    groups = mapping(nested, "config_groups")
    group_size = integer(nested, "group_size")
    if group_size is None:
        sizes = {integer(mapping(mapping(groups, name), "weights"), "group_size") for name in groups}
        group_size = sizes.pop() if len(sizes) == 1 else None
    layers = {
        name: table_algo(string(layer, "quant_algo")) or "UNKNOWN"
        for name, layer in mapping(nested, "quantized_layers").items()
        if isinstance(layer, dict)
    }
    producer = mapping(data, "producer")
    return Quantization(
        method="modelopt",
        algo=algo,
        format=ALGO_FORMAT.get(algo or ""),
        file=file,
        kv_cache=_kv_cache(nested),
        excluded=strings(nested.get("exclude_modules")) or strings(nested.get("ignore")),
        group_size=group_size or None,
        layers=MappingProxyType(layers),
        producer=string(producer, "name"),
        producer_version=string(producer, "version"),
    )


def _fp8(method: str, data: Mapping[str, Any]) -> Quantization:
    block = data.get("weight_block_size")
    sizes = tuple(n for n in block if isinstance(n, int) and n > 0) if isinstance(block, list) else ()
    return Quantization(
        method=method,
        algo="FP8",
        format="FP8",
        file="config.json",
        kv_cache=_kv_cache(data),
        excluded=(*strings(data.get("modules_to_not_convert")), *strings(data.get("ignored_layers"))),
        block=(sizes[0], sizes[1]) if len(sizes) == 2 else None,
    )


def _int_packed(method: str, data: Mapping[str, Any]) -> Quantization:
    bits = integer(data, "bits", "w_bit") or 4
    dynamic = mapping(data, "dynamic")  # GPTQModel: "-:pattern" is left alone
    return Quantization(
        method=method,
        algo=f"W{bits}A16_INT",
        format=f"INT{bits}",
        file="config.json",
        excluded=(
            *strings(data.get("modules_to_not_convert")),
            *(f"re:{pattern[2:]}" for pattern in dynamic if pattern.startswith("-:")),
        ),
        group_size=max(integer(data, "group_size", "q_group_size") or 0, 0) or None,
    )


def _bitsandbytes(method: str, data: Mapping[str, Any]) -> Quantization:
    four = data.get("load_in_4bit") is True
    return Quantization(
        method=method,
        algo=(string(data, "bnb_4bit_quant_type") or "fp4").upper() if four else "INT8",
        format="BNB4" if four else "INT8",
        file="config.json",
        excluded=strings(data.get("llm_int8_skip_modules")),
    )


def _mxfp4(method: str, data: Mapping[str, Any]) -> Quantization:
    return Quantization(
        method=method,
        algo="mxfp4",
        format="MXFP4",
        file="config.json",
        excluded=strings(data.get("modules_to_not_convert")),
        group_size=32,
    )


def _compressed_tensors(data: Mapping[str, Any]) -> Quantization:
    groups = tuple(
        _group(group, string(data, "format"))
        for group in mapping(data, "config_groups").values()
        if isinstance(group, dict)
    )
    formats = {group.format for group in groups}
    first = groups[0] if groups else None
    return Quantization(
        method="compressed-tensors",
        algo=_described(mapping(data, "config_groups")) if len(groups) == 1 else ("MIXED" if groups else None),
        format=(first.format if first else None) if len(formats) < 2 else "MIXED",
        file="config.json",
        kv_cache=_kv_cache(data),
        excluded=strings(data.get("ignore")),
        group_size=first.group_size if first and len(groups) == 1 else None,
        groups=groups,
        producer=string(mapping(data, "producer"), "name"),
        producer_version=string(data, "version"),
    )


def _group(group: Mapping[str, Any], whole_format: str | None) -> FormatGroup:
    weights = mapping(group, "weights")
    bits, kind = integer(weights, "num_bits"), string(weights, "type")
    size = integer(weights, "group_size")
    name = string(group, "format") or whole_format or ""
    format_: str | None = None
    if bits and kind == "int":
        format_ = f"INT{bits}"
    elif bits == 8 and kind == "float":
        format_ = "MXFP8" if name.startswith("mxfp8") else "FP8"
    elif bits == 4 and kind == "float":
        format_ = "MXFP4" if name.startswith("mxfp4") or size == 32 else "NVFP4"
    return FormatGroup(strings(group.get("targets")), format_, size if size and size > 0 else None)


def _described(groups: Mapping[str, Any]) -> str | None:
    group = next(iter(groups.values()))
    weights = mapping(group, "weights")
    bits, kind = integer(weights, "num_bits"), string(weights, "type")
    if not bits or not kind:
        return None
    activation_bits = integer(mapping(group, "input_activations"), "num_bits") or 16
    return f"W{bits}A{activation_bits}_{kind.upper()}"


def _kv_cache(data: Mapping[str, Any]) -> str | None:
    """FP8, NVFP4, INT8 ... from ModelOpt's string, or from the scheme object of compressed-tensors."""
    scheme = data.get("kv_cache_quant_algo") or data.get("kv_cache_scheme")
    if isinstance(scheme, str):
        return None if scheme.casefold() == "none" else scheme.upper()
    if not isinstance(scheme, dict):
        return None
    bits, kind = integer(scheme, "num_bits"), string(scheme, "type")
    return {("float", 8): "FP8", ("int", 8): "INT8", ("float", 4): "NVFP4"}.get((kind or "", bits or 0))
