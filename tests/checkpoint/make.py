"""Makes small real checkpoints: valid safetensors headers over sparse zeros, every quantization, whole and broken."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.checkpoint.synthesize import TensorMap, nvfp4_linear, write_json, write_safetensors

HIDDEN, INTERMEDIATE, VOCABULARY, LAYERS, EXPERTS = 256, 512, 512, 2, 4
EXCLUDED = ["lm_head", "model.layers.*.mlp.gate", "model.vision_tower*", "model.multi_modal_projector*"]
TEMPLATE = "{% for m in messages %}{{ m.content }}{% endfor %}{% if enable_thinking is defined %}x{% endif %}"
Linear = Callable[[str, int, int], TensorMap]


def _style(
    weight: str, pack: int = 1, axis: int = 1, scale: tuple[str, int] | None = None, extra: tuple[str, ...] = ()
) -> Linear:
    """One way to store a linear module. `pack` weights an element along `axis`; `scale`: dtype and weights a scale
    (0: one for all, -1: one a row)."""

    def make(name: str, rows: int, columns: int) -> TensorMap:
        shape = (rows, columns // pack) if axis else (rows // pack, columns)
        tensors: TensorMap = {f"{name}.weight": (weight, shape)}
        if scale is not None:
            dtype, group = scale
            shapes: dict[int, tuple[int, ...]] = {0: (), -1: (rows,)}
            tensors[f"{name}.weight_scale"] = (dtype, shapes.get(group, (rows, columns // max(group, 1))))
        for suffix in extra:
            tensors[f"{name}.{suffix}"] = ("BF16", (columns,)) if suffix == "pre_quant_scale" else ("F32", ())
        return tensors

    return make


def _block_fp8(name: str, rows: int, columns: int) -> TensorMap:
    return {
        f"{name}.weight": ("F8_E4M3", (rows, columns)),
        f"{name}.weight_scale_inv": ("F32", (-(-rows // 128), -(-columns // 128))),
    }


def _packed_int(bits: int) -> Linear:
    """qweight, qzeros and scales of AWQ and GPTQ."""

    def make(name: str, rows: int, columns: int) -> TensorMap:
        return {
            f"{name}.qweight": ("I32", (columns, rows * bits // 32)),
            f"{name}.qzeros": ("I32", (columns // 128, rows * bits // 32)),
            f"{name}.scales": ("F16", (columns // 128, rows)),
        }

    return make


def _bnb4(name: str, rows: int, columns: int) -> TensorMap:
    return {
        f"{name}.weight": ("U8", (rows * columns // 2, 1)),
        f"{name}.weight.absmax": ("U8", (rows * columns // 64,)),
        f"{name}.weight.quant_map": ("F32", (16,)),
        f"{name}.weight.quant_state.bitsandbytes__nf4": ("U8", (80,)),
    }


def _ct_nvfp4(name: str, rows: int, columns: int) -> TensorMap:
    return {
        f"{name}.weight_packed": ("U8", (rows, columns // 2)),
        f"{name}.weight_scale": ("F8_E4M3", (rows, columns // 16)),
        f"{name}.weight_global_scale": ("F32", (1,)),
        f"{name}.input_global_scale": ("F32", (1,)),
    }


def _ct_int4(name: str, rows: int, columns: int) -> TensorMap:
    return {
        f"{name}.weight_packed": ("I32", (rows, columns // 8)),
        f"{name}.weight_scale": ("BF16", (rows, columns // 128)),
        f"{name}.weight_shape": ("I64", (2,)),
    }


PLAIN = _style("BF16")
STYLES: dict[str, Linear] = {
    "FP8": _style("F8_E4M3", scale=("F32", 0), extra=("input_scale",)),
    "FP8_PER_CHANNEL_PER_TOKEN": _style("F8_E4M3", scale=("F32", -1)),
    "fp8_pb_wo": _style("F8_E4M3", scale=("F32", 128)),
    "fp8_pb_real": _style("F8_E4M3", scale=("F32", 128)),
    "NVFP4": nvfp4_linear,
    "W4A16_NVFP4": _style("U8", pack=2, scale=("F8_E4M3", 16), extra=("weight_scale_2",)),
    "NVFP4_AWQ": _style(
        "U8", pack=2, scale=("F8_E4M3", 16), extra=("weight_scale_2", "input_scale", "pre_quant_scale")
    ),
    "NVFP4_SVD": _style(
        "U8", pack=2, scale=("F8_E4M3", 16), extra=("weight_scale_2", "input_scale", "pre_quant_scale")
    ),
    "W4A8_NVFP4_FP8": _style("U8", pack=2, scale=("F8_E4M3", 32), extra=("weight_scale_2", "input_scale")),
    "W4A16_AWQ": _style("U8", pack=2, axis=0, scale=("BF16", 128), extra=("pre_quant_scale",)),
    "W4A8_AWQ": _style(
        "U8", pack=2, axis=0, scale=("BF16", 128), extra=("pre_quant_scale", "weight_scale_2", "input_scale")
    ),
    "MXFP8": _style("F8_E4M3", scale=("U8", 32)),
    "mxfp4": _style("U8", pack=2, scale=("U8", 32)),
    "W4A8_MXFP4_FP8": _style("U8", pack=2, scale=("U8", 32)),
    "W8A16": _style("I8", scale=("F32", -1)),
    "W8A8_SQ_PER_CHANNEL": _style("I8", scale=("F32", -1), extra=("input_scale", "pre_quant_scale")),
}
OTHER_STYLES: dict[str, tuple[Linear, dict[str, Any]]] = {
    "fp8-block": (
        _block_fp8,
        {"quant_method": "fp8", "activation_scheme": "dynamic", "fmt": "e4m3", "weight_block_size": [128, 128]},
    ),
    "awq": (_packed_int(4), {"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm"}),
    "gptq": (_packed_int(8), {"quant_method": "gptq", "bits": 8, "group_size": 128, "desc_act": False}),
    "bitsandbytes": (
        _bnb4,
        {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"},
    ),
    "compressed-tensors-nvfp4": (
        _ct_nvfp4,
        {
            "quant_method": "compressed-tensors",
            "format": "nvfp4-pack-quantized",
            "ignore": ["lm_head", "re:.*mlp.gate$"],
            "config_groups": {
                "group_0": {
                    "targets": ["Linear"],
                    "weights": {"num_bits": 4, "type": "float", "group_size": 16, "strategy": "tensor_group"},
                    "input_activations": {"num_bits": 4, "type": "float", "group_size": 16, "dynamic": "local"},
                }
            },
        },
    ),
    "compressed-tensors-int4": (
        _ct_int4,
        {
            "quant_method": "compressed-tensors",
            "format": "pack-quantized",
            "ignore": ["lm_head"],
            "kv_cache_scheme": {"num_bits": 8, "type": "float"},
            "config_groups": {
                "group_0": {
                    "targets": ["re:.*self_attn.*", "re:.*mlp.*"],
                    "weights": {"num_bits": 4, "type": "int", "group_size": 128},
                }
            },
        },
    ),
}


@dataclass(frozen=True)
class Kind:
    """A checkpoint that can be made, and what a reader must find in it."""

    name: str
    make: Callable[[Path], None]
    method: str | None
    algo: str | None
    format: str | None


def tensors_of(linear: Linear, shape: str) -> TensorMap:
    """A model of two layers: dense, moe or vlm. Head, router, vision tower and embeddings stay in 16 bit."""
    found: TensorMap = {"model.embed_tokens.weight": ("BF16", (VOCABULARY, HIDDEN))}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        for part in ("q_proj", "k_proj", "v_proj", "o_proj"):
            found |= linear(f"{prefix}.self_attn.{part}", HIDDEN, HIDDEN)
        owners = [f"{prefix}.mlp"]
        if shape == "moe":
            owners = [f"{prefix}.mlp.experts.{expert}" for expert in range(EXPERTS)]
            found |= PLAIN(f"{prefix}.mlp.gate", EXPERTS, HIDDEN)
        for owner in owners:
            found |= linear(f"{owner}.gate_proj", INTERMEDIATE, HIDDEN)
            found |= linear(f"{owner}.up_proj", INTERMEDIATE, HIDDEN)
            found |= linear(f"{owner}.down_proj", HIDDEN, INTERMEDIATE)
        found[f"{prefix}.input_layernorm.weight"] = ("BF16", (HIDDEN,))
    if shape == "vlm":
        found |= PLAIN("model.vision_tower.blocks.0.attn.qkv", 3 * HIDDEN, HIDDEN)
        found |= PLAIN("model.multi_modal_projector.linear_1", HIDDEN, HIDDEN)
    return found | PLAIN("lm_head", VOCABULARY, HIDDEN)


def config_of(shape: str, quantization: dict[str, Any] | None) -> dict[str, Any]:
    text: dict[str, Any] = {
        "num_hidden_layers": LAYERS,
        "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": 32768,
        "model_type": "llama",
    }
    if shape == "moe":
        text |= {"num_experts": EXPERTS, "num_experts_per_tok": 2, "moe_intermediate_size": INTERMEDIATE}
    config: dict[str, Any] = {"architectures": ["TestForCausalLM"], "torch_dtype": "bfloat16"}
    config |= {"model_type": "test_vl", "text_config": text, "vision_config": {}} if shape == "vlm" else text
    return config if quantization is None else config | {"quantization_config": quantization}


def nested(algo: str, version: str = "0.47.0", **fields: Any) -> dict[str, Any]:
    """hf_quant_config.json as ModelOpt writes it."""
    body = {"quant_algo": algo, "kv_cache_quant_algo": None, "exclude_modules": EXCLUDED} | fields
    return {"producer": {"name": "modelopt", "version": version}, "quantization": body}


def flat(algo: str, **fields: Any) -> dict[str, Any]:
    """quantization_config of config.json as ModelOpt writes it."""
    producer = {"name": "modelopt", "version": "0.47.0"}
    return {"quant_method": "modelopt", "quant_algo": algo, "ignore": EXCLUDED, "producer": producer} | fields


def write(
    directory: Path,
    tensors: TensorMap,
    config: dict[str, Any] | None,
    sidecar: dict[str, Any] | None = None,
    shards: int = 2,
) -> None:
    """A whole checkpoint: shards with an index (one shard: none), metadata, tokenizer, template, card."""
    directory.mkdir(parents=True, exist_ok=True)
    if config is not None:
        write_json(directory / "config.json", config)
    if sidecar is not None:
        write_json(directory / "hf_quant_config.json", sidecar)
    write_json(directory / "generation_config.json", {"do_sample": True, "temperature": 0.6, "eos_token_id": [2, 3]})
    write_json(directory / "tokenizer_config.json", {"eos_token": "</s>", "bos_token": {"content": "<s>"}})
    write_json(directory / "tokenizer.json", {"version": "1.0"})
    (directory / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    if shards == 1:
        write_safetensors(directory / "model.safetensors", tensors)
        return
    names = list(tensors)
    each = -(-len(names) // shards)
    weight_map: dict[str, str] = {}
    for number in range(shards):
        file = f"model-{number + 1:05d}-of-{shards:05d}.safetensors"
        part = names[number * each : (number + 1) * each]
        write_safetensors(directory / file, {name: tensors[name] for name in part})
        weight_map |= dict.fromkeys(part, file)
    write_json(directory / "model.safetensors.index.json", {"metadata": {}, "weight_map": weight_map})


def modelopt(directory: Path, algo: str = "NVFP4", shape: str = "dense") -> None:
    write(directory, tensors_of(STYLES[algo], shape), config_of(shape, flat(algo)), nested(algo))


def sidecar_only(directory: Path, algo: str = "NVFP4") -> None:
    """As ModelOpt up to 0.29 wrote it: nothing in config.json."""
    write(directory, tensors_of(STYLES[algo], "dense"), config_of("dense", None), nested(algo, "0.29.0"))


def plain(directory: Path, shape: str = "dense", shards: int = 2) -> None:
    write(directory, tensors_of(PLAIN, shape), config_of(shape, None), shards=shards)


def mixed(directory: Path) -> None:
    """FP8 attention and NVFP4 experts, each module listed, no exclusions."""
    tensors: TensorMap = {}
    for name, value in tensors_of(PLAIN, "moe").items():
        owner = name.removesuffix(".weight")
        if ".self_attn." in name:
            tensors |= STYLES["FP8"](owner, *value[1])  # type: ignore[call-arg]
        elif ".experts." in name:
            tensors |= nvfp4_linear(owner, *value[1])  # type: ignore[call-arg]
        else:
            tensors[name] = value
    owners = [name.removesuffix(".input_scale") for name in tensors if name.endswith(".input_scale")]
    layers = {
        owner: {"quant_algo": "FP8"} if "attn" in owner else {"quant_algo": "NVFP4", "group_size": 16}
        for owner in owners
    }
    both = {"exclude_modules": None, "quantized_layers": layers}
    config = config_of("moe", flat("MIXED_PRECISION", ignore=[], quantized_layers=layers))
    write(directory, tensors, config, nested("MIXED_PRECISION", **both))


def gpt_oss(directory: Path) -> None:
    """Experts stacked into one parameter, MXFP4 in blocks and scales."""
    tensors = {n: v for n, v in tensors_of(PLAIN, "dense").items() if ".mlp." not in n}
    for layer in range(LAYERS):
        owner = f"model.layers.{layer}.mlp"
        tensors |= PLAIN(f"{owner}.router", EXPERTS, HIDDEN)
        for part, rows in (("gate_up_proj", 2 * INTERMEDIATE), ("down_proj", HIDDEN)):
            tensors[f"{owner}.experts.{part}_blocks"] = ("U8", (EXPERTS, rows, HIDDEN // 32, 16))
            tensors[f"{owner}.experts.{part}_scales"] = ("U8", (EXPERTS, rows, HIDDEN // 32))
            tensors[f"{owner}.experts.{part}_bias"] = ("BF16", (EXPERTS, rows))
    skipped = ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]
    config = config_of("moe", {"quant_method": "mxfp4", "modules_to_not_convert": skipped})
    write(directory, tensors, config)


def _other(name: str) -> Callable[[Path], None]:
    linear, quantization = OTHER_STYLES[name]
    return lambda directory: write(directory, tensors_of(linear, "dense"), config_of("dense", quantization))


def _modelopt(algo: str, shape: str) -> Callable[[Path], None]:
    return lambda directory: modelopt(directory, algo, shape)


FORMATS = {
    **dict.fromkeys(("FP8", "FP8_PER_CHANNEL_PER_TOKEN", "fp8_pb_wo", "fp8_pb_real"), "FP8"),
    **dict.fromkeys(("NVFP4", "W4A16_NVFP4", "NVFP4_AWQ", "NVFP4_SVD", "W4A8_NVFP4_FP8"), "NVFP4"),
    **dict.fromkeys(("W4A16_AWQ", "W4A8_AWQ"), "INT4"),
    **dict.fromkeys(("mxfp4", "W4A8_MXFP4_FP8"), "MXFP4"),
    **dict.fromkeys(("W8A16", "W8A8_SQ_PER_CHANNEL"), "INT8"),
    "MXFP8": "MXFP8",
}
KINDS: tuple[Kind, ...] = (
    *(
        Kind(f"modelopt-{algo}-{shape}", _modelopt(algo, shape), "modelopt", algo, FORMATS[algo])
        for algo in STYLES
        for shape in (("dense", "moe", "vlm") if algo in ("NVFP4", "FP8") else ("dense",))
    ),
    Kind("modelopt-sidecar-only", sidecar_only, "modelopt", "NVFP4", "NVFP4"),
    Kind("modelopt-mixed", mixed, "modelopt", "MIXED_PRECISION", "MIXED"),
    Kind("fp8-block", _other("fp8-block"), "fp8", "FP8", "FP8"),
    Kind("awq", _other("awq"), "awq", "W4A16_INT", "INT4"),
    Kind("gptq", _other("gptq"), "gptq", "W8A16_INT", "INT8"),
    Kind("bitsandbytes", _other("bitsandbytes"), "bitsandbytes", "NF4", "BNB4"),
    Kind("ct-nvfp4", _other("compressed-tensors-nvfp4"), "compressed-tensors", "W4A4_FLOAT", "NVFP4"),
    Kind("ct-int4", _other("compressed-tensors-int4"), "compressed-tensors", "W4A16_INT", "INT4"),
    Kind("gpt-oss", gpt_oss, "mxfp4", "mxfp4", "MXFP4"),
    Kind("bf16-dense", plain, None, None, None),
    Kind("bf16-vlm", lambda directory: plain(directory, "vlm"), None, None, None),
    Kind("bf16-single-file", lambda directory: plain(directory, shards=1), None, None, None),
)


def shard(directory: Path, number: int = 1) -> Path:
    return sorted(directory.glob("model*.safetensors"))[number - 1]


def edit_json(path: Path, change: Callable[[Any], Any]) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    result = change(data)
    write_json(path, data if result is None else result)


def raw_header(path: Path, header: object, length: int | None = None, data: int = 0) -> None:
    """A safetensors file with exactly this header, whatever it says."""
    body = header if isinstance(header, bytes) else json.dumps(header).encode()
    with path.open("wb") as file:
        file.write((len(body) if length is None else length).to_bytes(8, "little") + body)
        file.truncate(8 + len(body) + data)


def tensor(begin: object, end: object, shape: object = (4,), dtype: object = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def hub_cache(directory: Path) -> Path:
    """The same checkpoint as the hub's cache lays it out: snapshots/REVISION of links into blobs. Its new place."""
    root = directory.parent / "models--test--model"
    (root / "blobs").mkdir(parents=True)
    snapshot = root / "snapshots" / "0123abcd"
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(directory.iterdir())):
        blob = root / "blobs" / f"{number:040x}"
        file.replace(blob)
        (snapshot / file.name).symlink_to(os.path.relpath(blob, snapshot))
    return snapshot


def _replace_with(name: str, replace: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(directory: Path) -> None:
        path = directory / name
        path.unlink(missing_ok=True)
        replace(path)

    return change


def _rewrite(name: str, text: str | bytes) -> Callable[[Path], None]:
    data = text.encode() if isinstance(text, str) else text
    return lambda directory: (directory / name).write_bytes(data) and None


def _header(header: object, length: int | None = None, data: int = 0) -> Callable[[Path], None]:
    return lambda directory: raw_header(shard(directory), header, length, data)


def _config(**fields: Any) -> Callable[[Path], None]:
    return lambda directory: edit_json(directory / "config.json", lambda data: data.update(fields))


def _index(file: str) -> Callable[[Path], None]:
    def change(data: dict[str, Any]) -> None:
        data["weight_map"]["model.layers.0.extra.weight"] = file

    return lambda directory: edit_json(directory / "model.safetensors.index.json", change)


def _sparse(name: str, size: int) -> Callable[[Path], None]:
    def change(directory: Path) -> None:
        with (directory / name).open("wb") as file:
            file.truncate(size)

    return change


def _grow(by: int) -> Callable[[Path], None]:
    return lambda directory: os.truncate(shard(directory), shard(directory).stat().st_size + by)


def _loop(directory: Path) -> None:
    (directory / "loop").symlink_to(directory)
    (directory / "config.json").unlink()
    (directory / "config.json").symlink_to("config.json")


# name, change to a whole NVFP4 checkpoint, problem kind that it must give
BROKEN: tuple[tuple[str, Callable[[Path], None], str], ...] = (
    ("header-2-63", _header(b"{}", length=1 << 63), "header-length"),
    ("header-200-mb-claimed", _header(b"{}", length=200_000_000), "header-length"),
    ("header-200-mb-sparse", _header(b"{", length=200_000_000, data=300_000_000), "header-length"),
    ("header-longer-than-file", _header(b"{}", length=1_000), "header-length"),
    ("header-empty-file", lambda d: shard(d).write_bytes(b"") and None, "header-length"),
    ("header-zeros", _header(b"\0" * 64), "header-json"),
    ("header-list", _header([]), "header-json"),
    ("header-deep", _header(b'{"a":' + b"[" * 100_000), "header-json"),
    ("header-not-utf8", _header(b'{"\xff":1}'), "header-json"),
    ("header-huge-number", _header(b'{"a":' + b"9" * 5_000 + b"}"), "header-json"),
    ("header-scalar-entry", _header({"a": 1}), "header-tensor"),
    ("header-no-shape", _header({"a": {"dtype": "F32", "data_offsets": [0, 16]}}), "header-tensor"),
    ("header-negative-shape", _header({"a": tensor(0, 16, shape=[-4])}, data=16), "header-tensor"),
    ("header-bool-shape", _header({"a": tensor(0, 16, shape=[True])}, data=16), "header-tensor"),
    ("header-surrogate", _header(b'{"\\ud800":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}', data=1),
     "header-tensor"),
    ("header-twice", _header(b'{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[],'
                             b'"data_offsets":[1,2]}}', data=2), "duplicate-tensor"),
    ("offsets-negative", _header({"a": tensor(-16, 0)}, data=16), "header-tensor"),
    ("offsets-backwards", _header({"a": tensor(16, 0)}, data=16), "header-tensor"),
    ("offsets-beyond-64-bit", _header({"a": tensor(0, 1 << 64)}, data=16), "header-tensor"),
    ("offsets-overlap", _header({"a": tensor(0, 16), "b": tensor(8, 24)}, data=24), "header-offsets"),
    ("offsets-gap", _header({"a": tensor(0, 16), "b": tensor(32, 48)}, data=48), "header-offsets"),
    ("offsets-not-the-shape", _header({"a": tensor(0, 8)}, data=8), "header-offsets"),
    ("shape-overflow", _header({"a": tensor(0, 16, shape=[1 << 62] * 30)}, data=16), "header-offsets"),
    ("shard-truncated", _grow(-100), "shard-truncated"),
    ("shard-longer", _grow(100), "shard-trailing-bytes"),
    ("index-outside", _index("../../etc/passwd"), "index-path"),
    ("index-absolute", _index("/etc/passwd"), "index-path"),
    ("index-list", _rewrite("model.safetensors.index.json", "[]"), "json-type"),
    ("index-map-list", _rewrite("model.safetensors.index.json", '{"weight_map": [1]}'), "json-type"),
    ("index-map-numbers", _rewrite("model.safetensors.index.json", '{"weight_map": {"a": 1}}'), "json-type"),
    ("config-list", _rewrite("config.json", "[1, 2]"), "json-type"),
    ("config-nan", _rewrite("config.json", '{"hidden_size": NaN, "rope_theta": Infinity}'), "json-nan"),
    ("config-broken", _rewrite("config.json", '{"hidden_size": 1,'), "json-syntax"),
    ("config-latin1", _rewrite("config.json", b'{"a": "\xe9"}'), "not-utf8"),
    ("config-surrogate", _rewrite("config.json", '{"model_type": "\\ud800"}'), "json-syntax"),
    ("config-deep", _rewrite("config.json", '{"a":' * 100_000), "json-too-deep"),
    ("config-huge-number", _rewrite("config.json", '{"hidden_size": ' + "9" * 5_000 + "}"), "json-syntax"),
    ("config-huge", _sparse("config.json", 1 << 32), "too-large"),
    ("config-10000-layers", _config(num_hidden_layers=10_000), "implausible-value"),
    ("config-negative-heads", _config(num_attention_heads=-8), "implausible-value"),
    ("config-text-heads", _config(num_attention_heads="8"), "json-type"),
    ("config-dangling", _replace_with("config.json", lambda p: p.symlink_to("/nonexistent/blob")), "dangling-link"),
    ("config-fifo", _replace_with("config.json", os.mkfifo), "not-regular"),
    ("config-device", _replace_with("config.json", lambda p: p.symlink_to("/dev/zero")), "not-regular"),
    ("config-directory", _replace_with("config.json", Path.mkdir), "not-regular"),
    ("config-link-loop", _loop, "link-loop"),
    ("shard-fifo", lambda d: _replace_with(shard(d).name, os.mkfifo)(d), "not-regular"),
    ("name-not-utf8", lambda d: (d / os.fsdecode(b"\xff.json")).mkdir(), "not-utf8"),
    ("card-not-yaml", _rewrite("README.md", "---\na: [1\n---\n"), "card-front-matter"),
    ("card-deep", _rewrite("README.md", "---\na: " + "[" * 30_000 + "]" * 30_000 + "\n---\n"), "card-front-matter"),
    ("card-long", _rewrite("README.md", "---\n" + "a: 1\n" * 60_000 + "---\n"), "card-front-matter"),
)  # fmt: skip


def delete(*patterns: str) -> Callable[[Path], None]:
    def change(directory: Path) -> None:
        for pattern in patterns:
            for path in directory.glob(pattern):
                path.unlink()

    return change


def _drop_quantization(directory: Path) -> None:
    edit_json(directory / "config.json", lambda data: data.pop("quantization_config") and None)


def _streaming(directory: Path) -> None:
    shard(directory).replace(directory / "__shard_part_00000.safetensors")
    (directory / "model.safetensors.index.json").unlink()


# name, change to a whole NVFP4 checkpoint, gap kinds that it must give
UNFINISHED: tuple[tuple[str, Callable[[Path], None], frozenset[str]], ...] = (
    ("no-config", delete("config.json"), frozenset({"config"})),
    ("no-weights", delete("*.safetensors", "*.index.json"), frozenset({"weights"})),
    ("no-index", delete("*.index.json"), frozenset({"index"})),
    ("no-index-no-shard", delete("*.index.json", "model-00002*"), frozenset({"index", "shard"})),
    ("shard-absent", delete("model-00002*"), frozenset({"shard"})),
    ("shard-truncated", _grow(-100), frozenset({"shard-truncated"})),
    ("shard-unreadable", _header(b"\0" * 64), frozenset({"shard-unreadable"})),
    ("tensor-absent", _index("model-00001-of-00002.safetensors"), frozenset({"tensor"})),
    ("temp-parts", _streaming, frozenset({"temp-part", "index", "shard"})),
    ("download-part", _rewrite("model-00003.safetensors.incomplete", b"x"), frozenset({"temp-part"})),
    ("quantization-config", _drop_quantization, frozenset({"quantization-config"})),
    ("no-tokenizer", delete("tokenizer*"), frozenset({"tokenizer"})),
)
