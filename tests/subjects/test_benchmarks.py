"""What a config says of a quantized model: its KV cache, its repeats, and what is to be added to its tasks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from advisor.advise import advise_document
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.nel.context import Context
from advisor.nel.recommended import context_needed
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.launcher import launcher_world
from advisor.subjects.subject import World
from tests.checkpoint.flaws import filled

LAUNCHER = """\
defaults: [{{execution: slurm/default}}, {{deployment: {kind}}}, _self_]
deployment:
  image: {image}
  {model}
  served_model_name: m
  extra_args: "{args}"
evaluation:
  {more}
  tasks: [{tasks}]
"""
IMAGES = {"vllm": "vllm/vllm-openai:v0.16.0", "sglang": "lmsysorg/sglang:v0.5.9"}


def text(
    tasks: str = "{name: ns_gpqa}",
    args: str = "",
    model: str = "nvidia/Llama-3.3-70B-Instruct-FP4",
    kind: str = "vllm",
    image: str = "",
    more: str = "env_vars: {}",
) -> str:
    where = (
        f'checkpoint_path: "{{checkpoint:{model.removeprefix("checkpoint:")}}}"'
        if model.startswith("checkpoint:")
        else f"checkpoint_path: null\n  hf_model_handle: {model}"
    )
    return filled(
        LAUNCHER.format(kind=kind, image=image or IMAGES[kind], model=where, args=args, more=more, tasks=tasks)
    )


def world(config: str) -> World:
    document = parse_document("eval.yaml", config)
    assert not document.problems
    return launcher_world(document, Context(), lambda _: None)


KV = "checkpoint:modelopt-NVFP4-dense+kv-fp8"
OLD = "vllm/vllm-openai:v0.12.0"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (text(args="--kv-cache-dtype fp8"), "--kv-cache-dtype fp8"),
        (text(args="--kv-cache-dtype=fp8_e5m2", kind="sglang"), "--kv-cache-dtype fp8_e5m2"),
        (text(args="--kv-cache-dtype fp8_e4m3", model="meta-llama/Llama-3.1-8B"), "--kv-cache-dtype fp8_e4m3"),
        (text(args="--kv-cache-dtype auto"), ABSENT),
        (text(args="--kv-cache-dtype bfloat16"), ABSENT),
        (text(args="--kv-cache-dtype fp9"), ABSENT),
        (text(args="--kv-cache-dtype $KV"), ABSENT),
        (text(), ABSENT),
        (text(model=KV), "the checkpoint's FP8 scales"),
        (text(model=KV, kind="sglang"), "the checkpoint's FP8 scales"),
        (text(model=KV, args="--kv-cache-dtype bfloat16"), ABSENT),
        (text(model=KV, image=OLD), ABSENT),
        (text(model=KV, image=OLD, args="--kv-cache-dtype fp8"), "--kv-cache-dtype fp8"),
        (text(model="checkpoint:modelopt-NVFP4-dense"), ABSENT),
    ],
)
def test_what_quantizes_the_kv_cache(config: str, said: Value) -> None:
    assert world(config).singles["evaluation"].get("kv_quantized_by") == said


def gym(folder: str, repeats: str) -> str:
    params = f'data_prep_params: "+config_paths=[benchmarks/{folder}/config.yaml]", common_params: "{repeats}"'
    return f"{{name: nemo_gym, container: img:1, {extra(f'nemo_gym: {{{params}}}')}}}"


def extra(inner: str) -> str:
    return f"nemo_evaluator_config: {{config: {{params: {{extra: {{{inner}}}}}}}}}"


@pytest.mark.parametrize(
    ("task", "benchmark", "repeats", "own", "missing"),
    [
        ("{name: ns_gpqa}", "GPQA Diamond", 1, False, 15),
        (f"{{name: ns_gpqa, {extra('num_repeats: 4')}}}", "GPQA Diamond", 4, True, 12),
        (f"{{name: ns_gpqa, {extra('num_repeats: 32')}}}", "GPQA Diamond", 32, True, 0),
        (f"{{name: ns_gpqa, {extra('n_samples: 4')}}}", "GPQA Diamond", 1, False, 15),
        ("{name: AIME_2025_aa_v2}", "AIME", 10, False, 54),
        (f"{{name: AIME_2025_aa_v2, {extra('n_samples: 64')}}}", "AIME", 64, True, 0),
        (f"{{name: AIME_2025_aa_v2, {extra('n_samples: 64, args: --num_repeats 8')}}}", "AIME", 8, True, 56),
        (f"{{name: livecodebench_aa_v2, {extra('args: --n 8 --n 2')}}}", "LiveCodeBench", 2, True, 6),
        ("{name: livecodebench_aa_v2}", "LiveCodeBench", 3, False, 5),
        ("{name: aa_lcr}", "AA-LCR", 3, False, 13),
        ("{name: tau2_bench_retail}", "tau2-bench", 3, False, 5),
        ("{name: scicode.scicode}", "SciCode", 1, False, 0),
        ("{name: ns_ruler}", "RULER", 1, False, Unknown),
        ("{name: ifbench.ifbench}", "IFBench", Unknown, False, Unknown),
        ("{name: codec.gpqa_diamond}", "contamination checks", Unknown, False, Unknown),
        (gym("mrcr", "++num_repeats=1"), "MRCR", 1, True, 0),
        (gym("tau2", "++num_repeats=3"), "tau2-bench", 3, True, 5),
        (gym("unheard_of", "++num_repeats=3"), ABSENT, 3, True, Unknown),
    ],
)
def test_repeats_by_the_way_that_each_harness_has(
    task: str, benchmark: Value, repeats: Value | type, own: bool, missing: Value | type
) -> None:
    (subject,) = world(text(task)).of("task")
    assert subject.get("benchmark") == benchmark
    assert subject.get("repeats_are_own") is own
    for attribute, expected in (("repeats", repeats), ("repeats_missing", missing)):
        found = subject.get(attribute)
        assert isinstance(found, Unknown) if expected is Unknown else found == expected


def test_repeats_for_all_tasks_count_for_each() -> None:
    more = extra("num_repeats: 8")
    found = world(text("{name: ns_gpqa}, {name: ns_aa_lcr}", more=more)).of("task")
    assert [task.get("repeats_missing") for task in found] == [8, 8]


@pytest.mark.parametrize("name", ["ns_aa_lcr", "ns_scicode", "aa_lcr"])
def test_the_context_that_is_recommended_is_the_one_that_is_asked_for(name: str) -> None:
    (task,) = world(text(f"{{name: {name}}}")).of("task")
    assert task.get("context_advised") == context_needed(str(task.get("query")))


def told(base: RuleBase, config: str) -> list[tuple[str, str]]:
    advice = advise_document(parse_document("eval.yaml", config), base, Context(), lambda _: None)
    return [
        (one.name, one.message)
        for one in advice.findings
        if one.name in ("quant-bench-insensitive", "quant-no-longctx", "quant-repeats-lowered")
    ]


TOOLS = "--enable-auto-tool-choice --tool-call-parser hermes"


@pytest.mark.parametrize(
    ("config", "kind", "names"),
    [
        (text("{name: ns_mmlu_pro}"), "chat", ["ns_gpqa", "ns_scicode", "ns_aa_lcr"]),
        (text("{name: ns_mmlu_pro}", "--max-model-len 32768"), "chat", ["ns_gpqa"]),
        (text("{name: ns_mmlu_pro}", "--max-model-len 65536"), "chat", ["ns_gpqa", "ns_scicode", "ruler-64k-chat"]),
        (text("{name: ns_mmlu_pro}", "--reasoning-parser qwen3"), "reasoning", ["AIME_2025_aa_v2", "ns_hle_aa"]),
        (text("{name: ns_mmlu_pro}", TOOLS), "chat", ["ns_gpqa", "tau2_bench_telecom"]),
        (text("{name: ns_mmlu_pro}", model="Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8"), "code", ["ns_livecodebench"]),
        (
            text("{name: hellaswag}", model="checkpoint:modelopt-NVFP4-dense+no-template"),
            "base",
            ["adlr_math_500_4_shot_sampled", "adlr_humaneval_greedy"],
        ),
    ],
)
def test_what_to_add_is_told_by_kind_of_model(base: RuleBase, config: str, kind: str, names: list[str]) -> None:
    ((name, message),) = told(base, config)
    assert name == "quant-bench-insensitive"
    assert f"for this {kind} model add " in message
    assert [one for one in names if f"({one}" not in message] == []


@pytest.mark.parametrize(
    "config",
    [
        text("{name: ns_mmlu_pro}", model="meta-llama/Llama-3.3-70B-Instruct"),
        text("{name: ns_mmlu_pro}, {name: chartqa}"),
        text("{name: ns_mmlu_pro}, {name: my_harness.my_task}"),
        text("{name: simple_evals.mmlu}, {name: math_test_500}", "--max-model-len 32768"),
        text("{name: codec.gpqa_diamond}"),
        text("{name: genai_perf_generation}", "--kv-cache-dtype fp8"),
        text(
            "{name: ns_omniscience, nemo_evaluator_config: {config: {params: {extra: {num_repeats: 10}}}}}", TOOLS
        ).replace(TOOLS, "--max-model-len 40960"),
        text("{name: ruler-64k-chat}", "--kv-cache-dtype fp8"),
        text(gym("mrcr", "++num_repeats=1"), "--kv-cache-dtype fp8"),
        text("{name: ns_scicode}", "--kv-cache-dtype fp8 --max-model-len 32768"),
        text("{name: ns_scicode}", model="checkpoint:modelopt-NVFP4-dense+kv-fp8"),
    ],
)
def test_what_is_not_known_or_fits_is_not_told(base: RuleBase, config: str) -> None:
    assert told(base, config) == []


def test_of_tasks_that_show_nothing_the_kv_cache_is_not_told_as_well(base: RuleBase) -> None:
    assert [name for name, _ in told(base, text("{name: ns_mmlu_pro}", "--kv-cache-dtype fp8"))] == [
        "quant-bench-insensitive"
    ]


NEXT = """\
services:
  model:
    type: vllm
    model: "{model}"
    protocol: chat_completions
    image: vllm/vllm-openai:v0.16.0
    extra_args: [{args}]
  other: {{type: api, url: "https://host.internal/v1", protocol: chat_completions}}
benchmarks: [{benchmarks}]
"""
SIMPLE = "solver: {type: simple, service: model}"


def next_text(benchmarks: str, args: str = "", model: str = "nvidia/Llama-3.3-70B-Instruct-FP4") -> str:
    return filled(NEXT.format(model=model, args=args, benchmarks=benchmarks))


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (next_text(f"{{name: mmlu, {SIMPLE}}}"), ["quant-bench-insensitive"]),
        (next_text(f"{{name: mmlu, {SIMPLE}}}", model="meta-llama/Llama-3.3-70B"), []),
        (next_text("{name: mmlu, solver: {type: simple, service: other}}"), []),
        (next_text(f"{{name: mmlu, {SIMPLE}}}, {{name: simpleqa, {SIMPLE}}}"), []),
        (next_text(f"{{name: mmlu, {SIMPLE}}}", model="{checkpoint:bf16-dense}"), []),
        (next_text(f"{{name: mmlu, {SIMPLE}}}", model="{checkpoint:modelopt-FP8-dense}"), ["quant-bench-insensitive"]),
        (next_text(f"{{name: gpqa, {SIMPLE}}}"), ["quant-repeats-lowered"]),
        (next_text(f"{{name: gpqa, repeats: 2, {SIMPLE}}}"), ["quant-repeats-lowered"]),
        (next_text(f"{{name: gpqa, repeats: 16, {SIMPLE}}}"), []),
        (next_text(f"{{name: gpqa, max_problems: 4, {SIMPLE}}}"), []),
        (next_text(f"{{name: humaneval, {SIMPLE}}}"), []),
        (next_text(f"{{name: math500, {SIMPLE}}}", "--kv-cache-dtype, fp8"), ["quant-no-longctx"]),
        (next_text(f"{{name: math500, {SIMPLE}}}", "--kv-cache-dtype, bfloat16"), []),
        (next_text(f"{{name: math500, {SIMPLE}}}", "--kv-cache-dtype=fp8, --max-model-len=32768"), []),
        (next_text(f"{{name: 'skills://aalcr', repeats: 16, {SIMPLE}}}", "--kv-cache-dtype, fp8"), []),
        (
            next_text(f"{{name: math500, {SIMPLE}}}", model="{checkpoint:modelopt-NVFP4-dense+long+kv-fp8}"),
            ["quant-no-longctx"],
        ),
        (next_text("{playbook: swebench_verified, repeats: 2}", "--kv-cache-dtype, fp8"), []),
    ],
)
def test_nel_next(base: RuleBase, config: str, names: list[str]) -> None:
    assert [name for name, _ in told(base, config)] == names


TWO = """\
services:
  judge: {{type: vllm, model: "{{checkpoint:{judge}}}", protocol: chat_completions}}
  policy: {{type: vllm, model: "{{checkpoint:{policy}}}", protocol: chat_completions}}
benchmarks: [{{name: mmlu, solver: {{type: simple, service: policy}}}}]
"""


@pytest.mark.parametrize(
    ("judge", "policy", "names"),
    [
        ("modelopt-NVFP4-dense", "bf16-dense", []),
        ("bf16-dense", "modelopt-NVFP4-dense", ["quant-bench-insensitive"]),
        ("modelopt-NVFP4-dense", "modelopt-NVFP4-dense", ["quant-bench-insensitive"]),
    ],
)
def test_each_service_is_quantized_by_its_own_checkpoint(
    base: RuleBase, judge: str, policy: str, names: list[str]
) -> None:
    assert [name for name, _ in told(base, filled(TWO.format(judge=judge, policy=policy)))] == names


def test_a_reasoning_model_of_nel_next_that_calls_tools_is_told_what_nel_next_has(base: RuleBase) -> None:
    args = "--reasoning-parser, qwen3, --enable-auto-tool-choice, --tool-call-parser, hermes"
    ((_, message),) = told(base, next_text(f"{{name: mmlu_pro, {SIMPLE}}}", args))
    assert "for this reasoning model add AIME (lm-eval://aime25, 64 repeats), GPQA Diamond (gpqa, 16" in message
    assert "Terminal-Bench (terminal_bench_2_1, 8 repeats)" in message


OPENED = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
from advisor.cli.advising import Options, advise
advise(Options((sys.argv[1],)))
print("OPENED", any(name.endswith("benchmarks.json") for name in opened))
"""


@pytest.mark.parametrize(
    ("config", "is_read"),
    [
        (text("{name: ns_gpqa}", model="meta-llama/Llama-3.3-70B-Instruct"), False),
        (text("{name: ns_gpqa}", model="nvidia/Llama-3.3-70B-Instruct-FP4"), True),
        (text("{name: ns_gpqa}", "--kv-cache-dtype fp8", model="meta-llama/Llama-3.3-70B-Instruct"), True),
        (next_text(f"{{name: gpqa, {SIMPLE}}}", model="meta-llama/Llama-3.3-70B"), False),
    ],
)
def test_the_table_is_read_only_for_what_is_quantized(config: str, is_read: bool, tmp_path: Path) -> None:
    (tmp_path / "eval.yaml").write_text(config)
    command = [sys.executable, "-c", OPENED, str(tmp_path / "eval.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"OPENED {is_read}" in done.stdout, done.stdout + done.stderr
