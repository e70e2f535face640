from __future__ import annotations

from typing import Any

import pytest

from advisor.nel.adapter_schema import (
    STAGES,
    SWITCHES,
    adapter_section,
    interceptors,
    internal_interceptors,
    legacy_only,
    post_eval_hooks,
)
from advisor.nel.schema import Unknown, exporters, read_by, section

TASK = ("evaluation", "tasks", 2)
NEC = "nemo_evaluator_config"
ADAPTER = (NEC, "target", "api_endpoint", "adapter_config")


@pytest.mark.parametrize(
    ("path", "execution", "deployment", "name"),
    [
        ((), None, None, ""),
        (("execution",), "slurm", None, "execution@slurm"),
        (("execution",), "local", "vllm", "execution@local"),
        (("execution", "auto_export"), "slurm", None, "execution.auto_export@slurm"),
        (("execution", "mounts"), "slurm", None, "execution.mounts"),
        (("execution", "mounts", "auxiliary", "judge"), "slurm", None, "execution.mounts.auxiliary.*"),
        (("deployment",), "slurm", "vllm", "deployment@vllm"),
        (("auxiliary_deployments", "judge"), "slurm", None, "auxiliary_deployments.*"),
        (TASK, None, None, "evaluation.tasks[]"),
        ((*TASK, NEC, "config", "params"), None, None, "nemo_evaluator_config.config.params"),
        (("evaluation", *ADAPTER), None, None, ".".join(ADAPTER)),
        ((*TASK, *ADAPTER, "interceptors", 0), None, None, ".".join(ADAPTER) + ".interceptors[]"),
        (("export", "mlflow"), None, None, "export.mlflow"),
    ],
)
def test_section_of_a_path(
    path: tuple[str | int, ...], execution: str | None, deployment: str | None, name: str
) -> None:
    found = section(path, execution, deployment)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("path", "execution", "deployment"),
    [
        (("execution",), "internal_cluster", None),
        (("execution",), None, None),
        (("deployment",), "slurm", "internal_engine"),
        (("nowhere",), None, None),
        (("nemo_evaluator_config",), None, None),
        (("target", "api_endpoint", "adapter_config"), None, None),
        (("execution", "auto_export"), "lepton", None),
    ],
)
def test_what_is_not_known_has_no_section(
    path: tuple[str | int, ...], execution: str | None, deployment: str | None
) -> None:
    assert section(path, execution, deployment) is None


@pytest.mark.parametrize(
    ("path", "unknown"),
    [
        (("evaluation",), Unknown.SUBMIT),
        (TASK, Unknown.SUBMIT),
        (("execution", "mounts"), Unknown.SUBMIT),
        ((), Unknown.IGNORED),
        (("deployment",), Unknown.IGNORED),
        (("execution",), Unknown.IGNORED),
        (("evaluation", NEC), Unknown.IGNORED),
        (("evaluation", NEC, "config"), Unknown.CONTAINER),
        (("evaluation", NEC, "config", "params"), Unknown.CONTAINER),
        (("evaluation", NEC, "config", "params", "extra"), Unknown.FREE),
        (("evaluation", NEC, "target"), Unknown.CONTAINER),
        (("evaluation", *ADAPTER), Unknown.CONTAINER),
        (("evaluation", *ADAPTER, "params_to_add"), Unknown.FREE),
        (("export", "wandb"), Unknown.EXPORT),
        (("export",), Unknown.IGNORED),
        (("execution", "sbatch_extra_flags"), Unknown.FREE),
        (("env_vars",), Unknown.FREE),
    ],
)
def test_what_becomes_of_an_unknown_key(path: tuple[str | int, ...], unknown: Unknown) -> None:
    found = section(path, "slurm", "vllm")
    assert found is not None
    assert found.unknown is unknown


@pytest.mark.parametrize(
    ("path", "key", "legal"),
    [
        (("execution",), "walltime", True),
        (("execution",), "cpu_partition", True),
        (("execution",), "evaluation_gpu_visible", True),
        (("execution",), "num_nodes_per_instance", False),
        (("execution",), "mount_home", False),
        (("deployment",), "hf_model_handle", True),
        (("deployment",), "cache_path", True),
        (("deployment",), "max_model_len", False),
        (("target", "api_endpoint"), "api_key", False),
        (("evaluation",), "overrides", False),
        (("evaluation", NEC, "config", "params"), "top_k", False),
        (("evaluation", NEC, "config"), "target", False),
        (("evaluation", *ADAPTER), "max_logged_requests", True),
        (("evaluation", *ADAPTER), "max_requests", False),
        (("evaluation", *ADAPTER), "interceptors", True),
    ],
)
def test_legal_keys(path: tuple[str | int, ...], key: str, legal: bool) -> None:
    found = section(path, "slurm", "vllm")
    assert found is not None
    assert (key in found.keys) is legal


def test_keys_that_another_type_reads() -> None:
    assert read_by(("execution",), "walltime") == ("slurm",)
    assert read_by(("execution",), "extra_docker_args") == ("local",)
    assert read_by(("deployment",), "data_parallel_size") == ("vllm", "sglang")
    assert read_by(("execution",), "wall_time") == ()


def test_keys_with_an_error_of_their_own() -> None:
    execution, deployment = section(("execution",), "slurm"), section(("deployment",), None, "vllm")
    task = section(TASK)
    assert execution is not None
    assert deployment is not None
    assert task is not None
    assert "env_vars" in execution.refused
    assert "multiple_instances" in deployment.refused
    assert {"config", "overrides"} <= task.refused


@pytest.mark.parametrize(
    ("path", "key", "value", "wrong"),
    [
        (("evaluation", NEC, "config", "params"), "parallelism", "many", True),
        (("evaluation", NEC, "config", "params"), "parallelism", "8", False),
        (("evaluation", NEC, "config", "params"), "limit_samples", 0.1, False),
        (("evaluation", NEC, "config", "params"), "temperature", None, False),
        (("evaluation", *ADAPTER), "params_to_add", '{"a": 1}', True),
        (("evaluation", *ADAPTER), "use_caching", "yes", False),
        (("evaluation", *ADAPTER), "use_caching", None, True),
        (("export", "mlflow"), "tags", {"temperature": 1.0}, True),
        (("export", "mlflow"), "tags", {"temperature": "1.0"}, False),
        (("export", "wandb"), "tags", {"a": "b"}, True),
        (("evaluation",), "pre_cmd", None, True),
        (("evaluation",), "nemo_evaluator_config", None, True),
        (("evaluation",), "env_vars", "${common}", True),
        (("execution", "mounts"), "mount_home", "${flag}", True),
        (TASK, "container", None, False),
        (("execution",), "walltime", 43200, False),
        (("evaluation",), "no_such_key", 1, False),
    ],
)
def test_type_problems(path: tuple[str | int, ...], key: str, value: Any, wrong: bool) -> None:
    found = section(path, "slurm", "vllm")
    assert found is not None
    assert (found.type_problem(key, value) is not None) is wrong


def test_exporters_and_what_they_require() -> None:
    assert set(exporters()) == {"mlflow", "wandb", "gsheets", "local"}
    wandb = section(("export", "wandb"))
    assert wandb is not None
    assert wandb.required == ("entity", "project")


def test_the_simple_fields_of_the_adapter() -> None:
    fields = adapter_section().keys
    assert len(fields) == 39 + 3
    assert not legacy_only() & {"interceptors", "discovery", "post_eval_hooks"}
    assert SWITCHES.keys() | set(SWITCHES.values()) <= fields.keys()


def test_interceptors_and_hooks() -> None:
    assert interceptors()["caching"].stage == interceptors()["endpoint"].stage == "request_to_response"
    assert interceptors()["system_message"].config.required == ("system_message",)
    assert "max_requests" in interceptors()["request_logging"].config.keys
    assert {one.stage for one in interceptors().values()} == set(STAGES)
    assert not internal_interceptors() & interceptors().keys()
    assert "report_types" in post_eval_hooks()["post_eval_report"].keys
