"""A config of 0.1.x, mended round by round into one that 0.2.6 takes."""

from __future__ import annotations

import pytest

from advisor.advise import Advice, advise_document
from advisor.document.document import Document
from advisor.document.nodes import plain
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.fixing.rounds import Fixed, Wanted, fix_document
from advisor.nel.context import Context

OLD = """\
defaults:
  - execution: slurm/default
  - deployment: vllm
  - _self_

execution:
  hostname: login.cluster.org
  account: acc
  output_dir: /lustre/out
  num_nodes: 2
  env_vars:
    deployment:
      HF_TOKEN: HF_TOKEN  # for the weights
    evaluation:
      HF_TOKEN: $HF_TOKEN
      HF_HOME: /cache
    export:
      MLFLOW_TRACKING_URI: MLFLOW_TRACKING_URI
  auto_export:
    destinations: [mlflow, wandb]
    configs:
      mlflow:
        experiment_name: e
        log_logs: true
        tags: {precision: 8}
  mounts: {mount_home: false}

deployment:
  multiple_instances: true  # one on each node
  image: vllm/vllm-openai:v0.16.0
  checkpoint_path: /lustre/m
  served_model_name: m
  env_vars:
    VLLM_LOGGING_LEVEL: "INFO"

export:
  wandb:
    entity: e
    project: p
    log_artifacts: true

evaluation:
  config:
    config:
      params:
        temperature: 0.1
  overrides:
    config.params.temperature: 0.6
    config.params.top_p: 0.95
    target.api_endpoint.adapter_config.use_reasoning: true
    config.target.api_endpoint.adapter_config.use_caching: false
  tasks:
    - name: ifeval
    - name: mbpp
      overrides:
        config.params.max_new_tokens: 1024
      endpoint_type: completions
    - name: gpqa_diamond
      env_vars:
        HF_TOKEN: HF_TOKEN_FOR_GPQA
      config:
        params:
          temperature: 0.2
      overrides: {config.params.parallelism: 4}
    - name: safety-harness.aegis_v2
"""
NEW = """\
defaults:
  - execution: slurm/default
  - deployment: vllm
  - _self_

execution:
  hostname: login.cluster.org
  account: acc
  output_dir: /lustre/out
  num_nodes: 2
  num_instances: 2
  auto_export:
    destinations: [mlflow, wandb]
  mounts: {mount_home: false}

deployment:
  image: vllm/vllm-openai:v0.16.0
  checkpoint_path: /lustre/m
  served_model_name: m
  env_vars:
    VLLM_LOGGING_LEVEL: "lit:INFO"
    HF_TOKEN: host:HF_TOKEN

env_vars:
  HF_TOKEN: host:HF_TOKEN
  HF_HOME: lit:/cache

export:
  wandb:
    entity: e
    project: p
    copy_artifacts: true
  env_vars:
    MLFLOW_TRACKING_URI: host:MLFLOW_TRACKING_URI
  mlflow:
    experiment_name: e
    copy_logs: true
    tags: {precision: "8"}

evaluation:
  nemo_evaluator_config:
    config:
      params:
        temperature: 0.6
        top_p: 0.95
    target:
      api_endpoint:
        adapter_config:
          process_reasoning_traces: true
          use_caching: false
  tasks:
    - name: lm-evaluation-harness.ifeval
    - name: mbpp-completions
      endpoint_type: completions
      nemo_evaluator_config:
        config:
          params:
            max_new_tokens: 1024
    - name: simple_evals.gpqa_diamond
      env_vars:
        HF_TOKEN: host:HF_TOKEN_FOR_GPQA
      nemo_evaluator_config:
        config:
          params:
            temperature: 0.2
            parallelism: 4
    - name: safety_eval.aegis_v2
"""


def fixed(text: str, base: RuleBase, version: str) -> Fixed:
    context = Context(nel_version=version)

    def advise(document: Document) -> Advice:
        return advise_document(document, base, context, lambda name: None)

    return fix_document(parse_document("eval.yaml", text), advise, Wanted())


def test_a_config_of_the_first_versions_is_migrated_without_asking(base: RuleBase) -> None:
    done = fixed(OLD, base, "0.2.6")
    wanted = parse_document("eval.yaml", NEW)
    assert done.document.root is not None
    assert wanted.root is not None
    assert plain(done.document.root) == plain(wanted.root)
    assert "# for the weights" in done.document.text
    assert done.refused == ()


MIGRATIONS = {
    "env-exec-env-vars", "env-no-prefix", "overrides-block", "old-evaluation-config", "multiple-instances",
    "auto-export-configs", "task-unknown", "task-ambiguous", "export-log-logs",
}  # fmt: skip


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.1.12", set()),
        ("0.1.28", {"auto-export-configs"}),
        ("0.1.50", {"auto-export-configs", "overrides-block"}),
        ("0.1.93", {"auto-export-configs", "overrides-block", "env-no-prefix"}),
        ("0.2.2", {"auto-export-configs", "overrides-block", "env-no-prefix", "export-log-logs"}),
        ("0.2.6", MIGRATIONS),
    ],
)
def test_each_version_hears_only_of_what_it_no_longer_takes(base: RuleBase, version: str, expected: set[str]) -> None:
    advice = advise_document(parse_document("eval.yaml", OLD), base, Context(nel_version=version), lambda name: None)
    assert {finding.name for finding in advice.findings} & MIGRATIONS == expected
