"""What a deployment serves, from where, and on how many GPUs."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.document.parse import parse_document
from advisor.nel.context import Context
from advisor.nel.gpus import gpus_of_gres
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.deployment import path_shape
from advisor.subjects.launcher import launcher_world
from advisor.subjects.subject import World


def world_of(deployment: str = "", execution: str = "", group: str = "vllm", executor: str = "slurm/default") -> World:
    sections = "".join(
        f"{name}:\n" + "".join(f"  {line}\n" for line in text.splitlines())
        for name, text in (("execution", execution), ("deployment", deployment))
        if text
    )
    head = f"defaults:\n  - execution: {executor}\n  - deployment: {group}\n  - _self_\n"
    return launcher_world(parse_document("eval.yaml", head + sections), Context(), lambda name: None)


def deployment_value(world: World, name: str) -> Value:
    return world.singles["deployment"].get(name)


@pytest.mark.parametrize(
    ("gres", "expected"),
    [
        ("gpu:8", (8, "")),
        ("gpu:h100:8", (8, "h100")),
        ("gpu", (1, "")),
        ("gpu:gb200", (1, "gb200")),
        ("gpu:a100:4(S:0-1)", (4, "a100")),
        ("gpu:a100:4,gpu:v100:2", (6, "v100")),
        ("gpu:4,nvme:1", (4, "")),
        ("gpu:0", None),
        ("gpu:${N}", None),
        ("mps:100", None),
        ("", None),
    ],
)
def test_gres(gres: str, expected: tuple[int, str] | None) -> None:
    assert gpus_of_gres(gres) == expected


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("/models/x", "absolute"),
        ("~/x", "home"),
        ("./x", "relative"),
        ("a/b/c", "relative"),
        ("x", "relative"),
        ("Qwen/Qwen3-8B", "name"),
        ("s3://bucket/x", "url"),
        ("/path/to/checkpoint", "placeholder"),
        ("<CHECKPOINT>", "placeholder"),
        ("", "placeholder"),
        (None, ABSENT),
    ],
)
def test_path_shapes(value: Value, shape: Value) -> None:
    assert path_shape(value) == shape


@pytest.mark.parametrize(
    ("execution", "path", "mounted"),
    [
        ("mounts: {deployment: {/lustre/x: /checkpoint}}", "/checkpoint", True),
        ("mounts: {deployment: {/lustre/x: '/checkpoint:ro'}}", "/checkpoint", True),
        ("mounts: {deployment: {/lustre/x: /models}}", "/models/a/b", True),
        ("mounts: {deployment: {/lustre/x: /models}}", "/models-2/a", False),
        ("mounts: {evaluation: {/lustre/x: /checkpoint}}", "/checkpoint", False),
        ("extra_docker_args: '-v /x:/checkpoint:ro --ipc host'", "/checkpoint", True),
        ("extra_docker_args: '--mount type=bind,source=/x,target=/checkpoint'", "/checkpoint", True),
        ("partition: x", "/checkpoint", False),
    ],
)
def test_what_a_person_mounts(execution: str, path: str, mounted: bool) -> None:
    world = world_of(f"hf_model_handle: {path}", execution)
    assert deployment_value(world, "handle_mounted") is mounted


@pytest.mark.parametrize(
    ("deployment", "execution", "group", "wanted", "had"),
    [
        ("", "", "vllm", 8, 8),
        ("data_parallel_size: 2", "", "vllm", 16, 8),
        ("tensor_parallel_size: 16", "num_nodes: 2", "vllm_ray", 16, 16),
        ("", "num_nodes: 4\nnum_instances: 2", "vllm_ray", 8, 16),
        ("", "gres: null\ngpus_per_node: 4", "vllm", 8, 4),
        ("", "gpus_per_node: 4", "vllm", 8, None),
        ("", "sbatch_extra_flags: {gpus-per-task: 2}", "vllm", 8, None),
        ("", "gres: null", "vllm", 8, None),
        ("", "num_nodes: '2'", "vllm", 8, None),
        ("command: vllm serve /checkpoint -tp 2 -dp 2", "", "vllm", 4, 8),
        ("command: vllm serve /checkpoint -tp $N", "", "vllm", None, 8),
        ("tensor_parallel_size: 8\ndata_parallel_size: 8", "", "sglang", 64, 8),
        ("data_parallel_size: 8\nextra_args: --enable-dp-attention", "", "sglang", 8, 8),
        ("tensor_parallel_size: 4\npipeline_parallel_size: 2", "", "trtllm", 8, 8),
        ("image: nvcr.io/nim/x:1\nserved_model_name: x", "", "nim", None, 8),
    ],
)
def test_gpus(deployment: str, execution: str, group: str, wanted: int | None, had: int | None) -> None:
    world = world_of(deployment, execution, group)
    for name, expected in (("gpus_wanted", wanted), ("gpus_had", had)):
        value = deployment_value(world, name)
        assert isinstance(value, Unknown) if expected is None else value == expected


@pytest.mark.parametrize(
    ("deployment", "execution", "tensor", "data"),
    [
        ("", "gres: gpu:4", 4, ABSENT),
        ("tensor_parallel_size: 2", "", 8, 4),
        ("tensor_parallel_size: 3", "", 8, ABSENT),
        ("data_parallel_size: 16", "", ABSENT, 1),
        ("extra_args: -tp 2", "", ABSENT, ABSENT),
        ("command: vllm serve /checkpoint -tp 2", "", ABSENT, ABSENT),
    ],
)
def test_sizes_that_would_fit(deployment: str, execution: str, tensor: Value, data: Value) -> None:
    world = world_of(deployment, execution)
    assert deployment_value(world, "fitting_tensor_parallel") == tensor
    assert deployment_value(world, "fitting_data_parallel") == data


@pytest.mark.parametrize(
    ("deployment", "apart"),
    [
        ("", False),
        ("command: vllm serve /checkpoint --data-parallel-rank $PROC_ID", True),
        ("pre_cmd: ray start --head", True),
        ("extra_args: --distributed-executor-backend ray", True),
    ],
)
def test_commands_that_tell_their_nodes_apart(deployment: str, apart: bool) -> None:
    assert deployment_value(world_of(deployment), "tells_nodes_apart") is apart


@pytest.mark.parametrize(
    ("group", "deployment", "own", "handle", "checkpoint"),
    [
        ("vllm", "", False, True, False),
        ("vllm_ray", "", False, True, False),
        ("trtllm", "", False, False, True),
        ("vllm", "command: vllm serve /checkpoint", True, False, True),
        ("vllm", "command: vllm serve ${deployment.hf_model_handle}", True, True, False),
        ("vllm", "command: ${deployment.base_command} --x", True, True, False),
        ("vllm", "base_command: vllm serve /checkpoint/hf", True, False, True),
        ("vllm", "command: vllm serve /data/checkpoint", True, False, False),
        ("vllm", "command: vllm serve /checkpoints/x", True, False, False),
    ],
)
def test_what_the_command_serves(group: str, deployment: str, own: bool, handle: bool, checkpoint: bool) -> None:
    world = world_of(deployment, group=group)
    found = [deployment_value(world, name) for name in ("own_command", "serves_handle", "serves_checkpoint")]
    assert found == [own, handle, checkpoint]


@pytest.mark.parametrize(
    ("deployment", "dead"),
    [
        ("tensor_parallel_size: 2", []),
        ("tensor_parallel_size: 2\ncommand: vllm serve /checkpoint", ["tensor_parallel_size"]),
        ("tensor_parallel_size: 2\ncommand: vllm serve -tp ${deployment.tensor_parallel_size}", []),
        ("tensor_parallel_size: 2\ncommand: ${deployment.base_command}", []),
        ("extra_args: ''\ncommand: vllm serve /checkpoint", []),
        ("extra_args: --x\nenv_vars: {A: 'lit:${deployment.extra_args}'}\ncommand: vllm serve /checkpoint", []),
    ],
)
def test_fields_that_do_nothing(deployment: str, dead: list[str]) -> None:
    assert deployment_value(world_of(deployment), "dead_fields") == dead


@pytest.mark.parametrize(
    ("image", "pinned"),
    [
        ("vllm/vllm-openai:v0.16.0", True),
        ("vllm/vllm-openai:latest", False),
        ("vllm/vllm-openai", False),
        ("vllm/vllm-openai:nightly", False),
        ("vllm/vllm-openai:latest@sha256:" + "0" * 64, True),
        ("/images/vllm.sqsh", True),
        ("${oc.env:IMAGE}", None),
        ("???", None),
    ],
)
def test_pinned_images(image: str, pinned: bool | None) -> None:
    value = deployment_value(world_of(f"image: {image}"), "image_pinned")
    assert isinstance(value, Unknown) if pinned is None else value is pinned


@pytest.mark.parametrize(
    ("image", "without"),
    [
        ("vllm/vllm-openai:v0.20.2-cu130", "vllm/vllm-openai:v0.20.2"),
        ("docker.io/vllm/vllm-openai:v0.24.0-cu130", "docker.io/vllm/vllm-openai:v0.24.0"),
        ("vllm/vllm-openai:v0.19.1-cu130", ABSENT),
        ("vllm/vllm-openai:v0.20.2-cu129", ABSENT),
        ("registry.lab/vllm/vllm-openai:v0.20.2-cu130", ABSENT),
        ("vllm/vllm-openai:v0.20.2", ABSENT),
    ],
)
def test_the_cuda_suffix(image: str, without: Value) -> None:
    assert deployment_value(world_of(f"image: {image}"), "image_without_cuda130") == without


@pytest.mark.parametrize(
    ("deployment", "on_host", "breaks"),
    [
        ("command: vllm serve /x", False, False),
        ("command: bash -c 'a && vllm serve /x'", False, False),
        ("command: a && vllm serve /x", True, False),
        ("command: |\n  vllm serve /x", False, True),
        ("command: >-\n  vllm serve /x\n  --port 1", False, False),
        ("extra_args: >\n  --port 1", False, True),
    ],
)
def test_what_a_local_run_pastes_into_its_script(deployment: str, on_host: bool, breaks: bool) -> None:
    world = world_of(deployment, executor="local")
    assert deployment_value(world, "commands_on_host") is on_host
    assert deployment_value(world, "ends_in_line_break") is breaks


def test_a_checkpoint_on_this_machine(tmp_path: Path) -> None:
    assert deployment_value(world_of(f"checkpoint_path: {tmp_path}"), "checkpoint_here") is True
    assert deployment_value(world_of(f"checkpoint_path: {tmp_path}/x"), "checkpoint_here") is False
    assert deployment_value(world_of("checkpoint_path: x/y"), "checkpoint_here") is ABSENT


def test_what_a_config_that_is_not_here_may_set_is_unknown() -> None:
    world = world_of("hf_model_handle: a/b", group="internal/vllm")
    assert isinstance(deployment_value(world, "has_server"), Unknown)
    assert isinstance(deployment_value(world, "image_pinned"), Unknown)
