"""Reads a sparse checkpoint of 400 GB in 160 shards with 100,000 tensors; prints wall time and peak memory.

Run: python benchmarks/checkpoint.py [--shards N] [--gigabytes N]
Each measurement is a fresh process, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from advisor.checkpoint.safetensors import BITS
from advisor.checkpoint.synthesize import TensorMap, nvfp4_linear, write_demo_checkpoint, write_json, write_safetensors

LAYERS, EXPERTS = 61, 135
TENSORS = 100_000
_MEASURE = """
import json, resource, sys, time
begun = time.perf_counter()
from advisor.checkpoint.read import read_checkpoint
imported = time.perf_counter()
checkpoint = read_checkpoint(sys.argv[1])
read = time.perf_counter()
coverage = checkpoint.coverage
covered = time.perf_counter()
again = read_checkpoint(sys.argv[1])
done = time.perf_counter()
from advisor.checkpoint.shards import HEADERS
print(json.dumps({
    "tensors": checkpoint.tensors,
    "weight_gb": round(checkpoint.weight_bytes / 1e9, 1),
    "state": checkpoint.completeness.state,
    "mismatches": len(coverage.mismatches),
    "import_s": round(imported - begun, 3),
    "read_s": round(read - imported, 3),
    "coverage_s": round(covered - read, 3),
    "wall_s": round(covered - begun, 3),
    "read_again_s": round(done - covered, 3),
    "headers_read": HEADERS.reads,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
"""


def make_checkpoint(directory: Path, shards: int, gigabytes: float) -> None:
    """A mixture of experts in NVFP4 whose tensors are spread over the shards in the order of the layers."""
    write_demo_checkpoint(directory)
    (directory / "model.safetensors").unlink()
    tensors: TensorMap = {"model.embed_tokens.weight": ("BF16", (129_280, 7_168))}
    hidden, size = 7_168, 2_048
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        for part in ("q_proj", "k_proj", "v_proj", "o_proj"):
            tensors |= nvfp4_linear(f"{prefix}.self_attn.{part}", hidden, hidden)
        for expert in range(EXPERTS):
            for part in ("gate_proj", "up_proj"):
                tensors |= nvfp4_linear(f"{prefix}.mlp.experts.{expert}.{part}", size, hidden)
            tensors |= nvfp4_linear(f"{prefix}.mlp.experts.{expert}.down_proj", hidden, size)
        tensors[f"{prefix}.mlp.gate.weight"] = ("BF16", (EXPERTS, hidden))
    for norm in range(TENSORS - 1 - len(tensors)):
        tensors[f"model.layers.{norm % LAYERS}.norms.{norm // LAYERS}.norm.weight"] = ("BF16", (hidden,))
    taken = sum(math.prod(shape) * BITS[dtype] // 8 for dtype, shape in tensors.values())
    # One large matrix in 16 bit brings the sum to the size asked for.
    rest = max(int((gigabytes * 1e9 - taken) / 2 / hidden), 1)
    tensors["lm_head.weight"] = ("BF16", (rest, hidden))
    names = list(tensors)
    each = math.ceil(len(names) / shards)
    weight_map = {}
    for number in range(shards):
        file = f"model-{number + 1:05d}-of-{shards:05d}.safetensors"
        part_names = names[number * each : (number + 1) * each]
        write_safetensors(directory / file, {name: tensors[name] for name in part_names})
        weight_map.update(dict.fromkeys(part_names, file))
    write_json(directory / "model.safetensors.index.json", {"metadata": {}, "weight_map": weight_map})
    config = json.loads((directory / "config.json").read_text())
    config |= {"num_hidden_layers": LAYERS, "num_experts": EXPERTS}
    config |= {"hidden_size": hidden, "moe_intermediate_size": size}
    ignore = ["lm_head", *(f"model.layers.{layer}.mlp.gate" for layer in range(LAYERS))]
    config["quantization_config"]["ignore"] = ignore
    write_json(directory / "config.json", config)
    sidecar = json.loads((directory / "hf_quant_config.json").read_text())
    sidecar["quantization"]["exclude_modules"] = ignore
    write_json(directory / "hf_quant_config.json", sidecar)


_COMMAND = """
import json, resource, subprocess, sys, time
begun = time.perf_counter()
subprocess.run([sys.executable, "-m", "advisor", "advise", sys.argv[1]], capture_output=True, check=True)
wall = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
print(json.dumps({"command": "nel-advisor advise", "wall_s": round(wall, 3), "peak_mb": peak}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--shards", type=int, default=160)
    parser.add_argument("--gigabytes", type=float, default=400)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary) / "checkpoint"
        make_checkpoint(directory, arguments.shards, arguments.gigabytes)
        root = Path(__file__).parent.parent
        for measure in (*(_MEASURE,) * 3, *(_COMMAND,) * 3):
            command = [sys.executable, "-c", measure, str(directory)]
            print(subprocess.run(command, capture_output=True, text=True, cwd=root, check=True).stdout.strip())


if __name__ == "__main__":
    main()
