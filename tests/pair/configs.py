"""A real-looking pair for each program: the evaluation of a model, and that of the same model quantized."""

from __future__ import annotations

BASELINE = """\
defaults:
  - execution: slurm/default
  - deployment: vllm
  - _self_
execution:
  hostname: login.cluster.example
  account: research
  output_dir: /lustre/out/bf16
  walltime: "04:00:00"
deployment:
  checkpoint_path: null
  hf_model_handle: Qwen/Qwen3-30B-A3B
  served_model_name: qwen3-30b-a3b
  image: vllm/vllm-openai:v0.16.0
  tensor_parallel_size: 4
  extra_args: >-
    --max-model-len 196608
    --reasoning-parser qwen3
    --max-num-seqs 64
env_vars:
  HF_TOKEN: host:HF_TOKEN
  INFERENCE_API_KEY: host:INFERENCE_API_KEY
  JUDGE_API_KEY: host:JUDGE_API_KEY
  DUMMY_API_KEY: lit:dummy
evaluation:
  nemo_evaluator_config:
    config:
      params:
        parallelism: 64
        request_timeout: 3600
        temperature: 0.6
        top_p: 0.95
        max_new_tokens: 65536
    target:
      api_endpoint:
        api_key_name: DUMMY_API_KEY
        adapter_config:
          process_reasoning_traces: true
          params_to_add:
            top_k: 20
            chat_template_kwargs:
              enable_thinking: true
  tasks:
    - name: ns_gpqa
      container: nvcr.io/nvidia/eval-factory/nemo-skills:26.03
      nemo_evaluator_config:
        config:
          params:
            extra:
              num_repeats: 16
              args: "++prompt_config=eval/aai/mcq-4choices"
    - name: ns_aa_lcr
      container: nvcr.io/nvidia/eval-factory/nemo-skills:26.03
      nemo_evaluator_config:
        config:
          params:
            parallelism: 16
            extra:
              num_repeats: 16
              judge:
                model_id: nvidia/qwen/qwen-235b
                url: https://inference-api.nvidia.com/v1
                api_key: INFERENCE_API_KEY
    - name: simple_evals.AIME_2025
export:
  mlflow:
    experiment_name: me/bf16
"""
CANDIDATE = (
    BASELINE.replace("checkpoint_path: null", "checkpoint_path: /lustre/models/Qwen3-30B-A3B-NVFP4")
    .replace("  hf_model_handle: Qwen/Qwen3-30B-A3B\n", "")
    .replace("served_model_name: qwen3-30b-a3b", "served_model_name: qwen3-30b-a3b-nvfp4")
    .replace("tensor_parallel_size: 4", "tensor_parallel_size: 1\n  gpu_memory_utilization: 0.9")
    .replace("--max-num-seqs 64", "--max-num-seqs 128 --quantization modelopt_fp4")
    .replace("/bf16", "/nvfp4")
    .replace("parallelism: 64", "parallelism: 128")
    .replace("request_timeout: 3600", "request_timeout: 7200")
    .replace('walltime: "04:00:00"', 'walltime: "02:00:00"')
)

NEXT_BASELINE = """\
services:
  model:
    type: vllm
    model: Qwen/Qwen3-30B-A3B
    served_model_name: qwen3
    protocol: chat_completions
    image: vllm/vllm-openai:v0.16.0
    tensor_parallel_size: 8
    extra_args:
      - "--enable-auto-tool-choice"
      - "--tool-call-parser=qwen3_coder"
      - "--max-model-len=131072"
    generation: {temperature: 1.0, top_p: 0.95}
    proxy:
      request_timeout: 3600
      extra_body: {skip_special_tokens: false}
    node_pool: gpu
  judge:
    type: api
    url: https://integrate.api.nvidia.com/v1/chat/completions
    protocol: chat_completions
    model: openai/gpt-oss-120b
    api_key: ${NVIDIA_API_KEY}
benchmarks:
  - playbook: terminal_bench_2_1
    repeats: 8
    max_concurrent: 50
    solver:
      service: model
      agent_kwargs: {llm_kwargs: {timeout: 3600}}
    sandbox:
      concurrency: 50
  - name: simpleqa
    solver: {type: simple, service: model}
    scoring:
      metrics:
        - {type: judge, name: correctness, service: judge}
cluster:
  type: slurm
  account: research
  eval_image: ${EVAL_IMAGE}
  node_pools:
    gpu: {partition: batch, nodes: 1, ntasks_per_node: 1, gpus_per_node: 8}
output: {dir: /lustre/out/bf16}
"""
NEXT_CANDIDATE = (
    NEXT_BASELINE.replace("model: Qwen/Qwen3-30B-A3B", "model: /lustre/models/Qwen3-30B-A3B-NVFP4")
    .replace("tensor_parallel_size: 8", "tensor_parallel_size: 2")
    .replace("/out/bf16", "/out/nvfp4")
    .replace("max_concurrent: 50", "max_concurrent: 20")
)
