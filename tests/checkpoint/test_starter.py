"""Starter configs: no error or warning of the advisor's own, nothing overwritten, and the real launcher takes them."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from advisor.advise import advise_document
from advisor.checkpoint.read import read_checkpoint
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.nel.benchmarks import STANDARD, set_named, sets
from advisor.nel.context import Context
from advisor.nel.tasks import lookup
from advisor.starter.choices import CannotStart, Choices, Wanted, choose
from advisor.starter.tasks import planned
from advisor.starter.text import questions, starter_text
from tests.cli.run import nel_advisor
from tests.oracle.verdicts import oracle_python, oracle_tool

from . import make
from .flaws import build

# One answer for each question, as a person would give it.
ANSWERS = {
    "hostname": "login01.hpc.lab",
    "account": "llm_eval",
    "output_dir": "/lustre/results",
    "url": "https://judge.hpc.lab/v1",
    "model_id": "judge-70b",
    "tokenizer": "meta-llama/Llama-3.1-8B",
}
VARIANTS = (
    "modelopt-NVFP4-dense+long",
    "modelopt-NVFP4-moe+long+thinking-template+card",
    "bf16-dense+no-template",
    "bf16-dense+no-template+card",
    "bf16-dense+custom-code",
    "bf16-dense+six-heads",
    "modelopt-NVFP4-dense+kv-fp8",
)
NAMES = (*(kind.name for kind in make.KINDS), *VARIANTS)


def answered(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        key = line.strip().partition(":")[0]
        answer = ANSWERS.get(key, "") + ("/chat/completions" if "/v1/chat/completions" in line else "")
        lines.append(line.replace("???", answer) if line.strip().startswith(f"{key}: ???") else line)
    return "\n".join(lines)


def choices_of(name: str, room: Path, wanted: Wanted) -> Choices:
    return choose(read_checkpoint(build(name, room)), wanted)


@pytest.mark.parametrize("execution", ["local", "slurm"])
@pytest.mark.parametrize("name", NAMES)
def test_the_advisor_has_no_error_or_warning(name: str, execution: str, base: RuleBase, tmp_path: Path) -> None:
    text = starter_text(choices_of(name, tmp_path, Wanted(execution)))
    advice = advise_document(parse_document(str(tmp_path / "new.yaml"), answered(text)), base, Context())
    assert [(f.name, f.message) for f in advice.findings if f.severity != "info"] == [], text
    assert len(questions(text)) == text.count("???") - text.count("# Fill in every ???")


USES = [one.name for one in sets()]
MODELS = (
    "modelopt-NVFP4-moe+long+thinking-template+card",
    "modelopt-NVFP4-dense+long+kv-fp8",
    "gpt-oss",
    "bf16-dense",
    "bf16-dense+no-template",
    "bf16-dense+no-template+long+card",
)


NOT_FITTING = {
    *(("agentic", name) for name in MODELS if "no-template" in name),
    *(("long-context", name) for name in ("gpt-oss", "bf16-dense", "bf16-dense+no-template")),
}
FITTING = [(use, name) for use in USES for name in MODELS if (use, name) not in NOT_FITTING]


@pytest.mark.parametrize(("use", "name"), sorted(NOT_FITTING))
def test_a_set_that_fits_nowhere_is_refused(use: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="no task of the set"):
        choices_of(name, tmp_path, Wanted(use=use))


@pytest.mark.parametrize(("use", "name"), FITTING)
def test_every_set_by_use(use: str, name: str, base: RuleBase, tmp_path: Path) -> None:
    """The tasks are those of the set, or the text says why not, and the advisor has nothing to say of them."""
    choices = choices_of(name, tmp_path, Wanted(use=use))
    text = starter_text(choices)
    chosen = set_named(use)
    wanted = chosen.base if choices.is_base else chosen.chat
    assert len(choices.tasks) + len(choices.dropped) == len(wanted)
    assert all(reason in text for reason in choices.dropped)
    names = [one["name"] for one in yaml.safe_load(text)["evaluation"]["tasks"]]
    assert [lookup(one).task for one in names] == [lookup(one.task).task for one in choices.tasks]
    advice = advise_document(parse_document(str(tmp_path / "new.yaml"), answered(text)), base, Context())
    found = [(f.name, f.message) for f in advice.findings if f.severity != "info" or f.name != "quant-no-longctx"]
    assert found == [], text


@pytest.mark.parametrize(
    ("context", "tasks", "dropped"),
    [
        (None, ["ns_gpqa", "ns_aa_lcr"], []),
        (196608, ["ns_gpqa", "ns_aa_lcr"], []),
        (131072, ["ns_gpqa", "ruler-128k-chat"], ["196608 tokens of context, and RULER stands in for it"]),
        (98304, ["ns_gpqa", "ruler-64k-chat"], ["and RULER stands in for it"]),
        (65536, ["ns_gpqa"], ["AA-LCR is left out: it needs 196608 tokens of context"]),
    ],
)
def test_long_prompts_are_as_long_as_the_context_allows(
    context: int | None, tasks: list[str], dropped: list[str]
) -> None:
    kept, left_out = planned(("nemo_skills.ns_gpqa", "nemo_skills.ns_aa_lcr"), context, 2048, has_tool_parser=False)
    assert [one.task.rpartition(".")[2] for one in kept] == tasks
    assert all(text.endswith(end) for text, end in zip(left_out, dropped, strict=True))


@pytest.mark.parametrize(
    ("name", "use", "words"),
    [
        (MODELS[0], "agentic", ["--enable-auto-tool-choice --tool-call-parser hermes", "n_samples: 8", "USER_API_KEY"]),
        ("bf16-dense", "agentic", ["no --tool-call-parser is known", "- name: bfclv3_ast_prompting"]),
        ("bf16-dense", "reasoning", ["n_samples: 64", "num_repeats: 16", "- name: ns_hle_aa", "JUDGE_API_KEY"]),
        ("bf16-dense", "quick", ["--max-model-len 32768", "num_repeats: 16"]),
        (
            "modelopt-NVFP4-dense+long",
            "long-context",
            ["ruler-128k-chat", "tokenizer_backend: hf", "thinking: false"],
        ),
        ("modelopt-NVFP4-dense+long", "code", ["--max-model-len 131072", "num_repeats: 8", "parallelism: 8"]),
        ("bf16-dense+no-template+long", "long-context", ["ruler-128k-completions", "--max-model-len 131072"]),
        ("bf16-dense+no-template", "standard", ["RULER is left out: it needs 65536 tokens", "adlr_humaneval_greedy"]),
    ],
)
def test_what_tasks_need_is_there(name: str, use: str, words: list[str], tmp_path: Path) -> None:
    text = starter_text(choices_of(name, tmp_path, Wanted(use=use)))
    assert [word for word in words if word not in text] == [], text


@pytest.mark.parametrize("deployment", ["vllm", "sglang", "trtllm"])
@pytest.mark.parametrize("name", ["modelopt-NVFP4-moe+long", "modelopt-FP8-vlm", "bf16-dense+custom-code", "fp8-block"])
def test_every_deployment(name: str, deployment: str, base: RuleBase, tmp_path: Path) -> None:
    text = starter_text(choices_of(name, tmp_path, Wanted("slurm", deployment, 4, 80)))
    assert f"  - deployment: {deployment}\n" in text
    advice = advise_document(parse_document(str(tmp_path / "new.yaml"), answered(text)), base, Context())
    assert [(f.name, f.message) for f in advice.findings if f.severity != "info"] == [], text


needs_oracle = pytest.mark.skipif(
    not (oracle_python().is_file() and oracle_tool().is_file()), reason="the real launcher is not installed here"
)


@needs_oracle
def test_the_real_launcher_takes_them(tmp_path: Path) -> None:
    files = []
    asked = [(name, execution, STANDARD) for name in NAMES for execution in ("local", "slurm")]
    asked += [(name, "slurm", use) for use, name in FITTING]
    for name, execution, use in asked:
        text = starter_text(choices_of(name, tmp_path, Wanted(execution, use=use)))
        files.append(tmp_path / f"{execution}-{len(files)}.yaml")
        files[-1].write_text(answered(text).replace("/lustre/results", str(tmp_path / "results")))
    environment = {**os.environ, "USER": "tester"}
    done = subprocess.run(
        [str(oracle_python()), str(oracle_tool()), *map(str, files)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(rows) == len(files), done.stderr[-2000:]
    assert [(row["path"], row["error"]) for row in rows if not row["ok"]] == []


@pytest.mark.parametrize(
    ("name", "wanted", "says"),
    [
        ("modelopt-NVFP4-dense+no-tokenizer", Wanted(), "not whole"),
        ("modelopt-W4A8_AWQ-dense", Wanted(deployment="vllm"), "no vLLM that we know loads W4A8_AWQ"),
        ("bf16-dense+many-weights", Wanted(gpu_memory=24), "GPUs of 24 GB"),
        ("bf16-dense+many-weights", Wanted(gpus=2, gpu_memory=1000), "need 4 GPUs of 1000 GB, and there are 2"),
    ],
)
def test_what_cannot_start_says_why(name: str, wanted: Wanted, says: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStart) as failure:
        choices_of(name, tmp_path, wanted)
    assert says in str(failure.value)


def test_values_come_from_the_checkpoint(tmp_path: Path) -> None:
    long = choices_of("modelopt-NVFP4-moe+long+thinking-template+card", tmp_path, Wanted("slurm", None, 4, 80))
    assert (long.tensor_parallel.value, long.data_parallel, long.engine) == (1, 4, "vllm")
    assert [said.value for said in long.flags] == [
        "--max-model-len 196608", "--enable-expert-parallel", "--reasoning-parser qwen3",
    ]  # fmt: skip
    assert dict(long.sampling)["temperature"].value == 0.6
    assert long.switch is not None
    assert long.switch.value == "thinking"
    assert [one.task.rpartition(".")[2] for one in long.tasks] == ["ns_gpqa", "ns_scicode", "ns_aa_lcr"]
    plain = choices_of("bf16-dense+no-template", tmp_path, Wanted())
    assert [one.benchmark.name for one in plain.tasks] == ["MATH-500", "HumanEval and MBPP", "WinoGrande", "MMLU"]


def test_new_writes_once_and_never_over(tmp_path: Path) -> None:
    checkpoint = build("modelopt-NVFP4-dense", tmp_path)
    ran = nel_advisor("new", str(checkpoint), cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    target = tmp_path / "modelopt-nvfp4-dense.nel.yaml"
    assert "hostname (line " in ran.out
    before = target.read_bytes()
    again = nel_advisor("new", str(checkpoint), cwd=tmp_path)
    assert again.code == 2
    assert "is there already" in again.err
    assert target.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["modelopt-NVFP4-dense", target.name]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "there is no such folder"),
        (["{c}", "-o", "x.yml"], "ends in .yaml"),
        (["{c}", "-o", "{c}/x.yaml"], "would lie in the checkpoint"),
        (["{c}", "-o", "none/x.yaml"], "none/x.yaml"),
        (["{c}", "--deployment", "nim"], "nim"),
        (["{c}", "--gpus", "0"], "0"),
        (["{c}", "--for", "fun"], "fun"),
        (["{c}", "--for", "long-context"], "no task of the set long-context fits this model: AA-LCR is left out"),
    ],
)
def test_new_refuses(arguments: list[str], says: str, tmp_path: Path) -> None:
    checkpoint = build("modelopt-NVFP4-dense", tmp_path)
    ran = nel_advisor("new", *(argument.format(c=checkpoint) for argument in arguments), cwd=tmp_path)
    assert ran.code == 2
    assert says in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["modelopt-NVFP4-dense"]
