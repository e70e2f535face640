"""What is said of the served model's family: by which name, how strongly, and what goes before the table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from advisor.advise import advise_document
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.engine.findings import Finding
from advisor.knowledge import table
from advisor.nel.context import Context
from tests.checkpoint.flaws import build

FAMILY_RULES = {
    "reasoning-parser-foreign", "reasoning-parser-relative", "reasoning-parser-swallows", "reasoning-parser-leaves",
    "sampling-off-card", "toggle-of-other-family", "tool-parser-foreign", "maxlen-gt-config", "temp-zero",
    "reasoning-strip-off",
}  # fmt: skip
ADAPTER = "evaluation.nemo_evaluator_config.target.api_endpoint.adapter_config"


def launcher(model: str, flags: str = "", more: str = "", image: str = "vllm/vllm-openai:v0.20.2") -> str:
    """A config that serves a model; `model` is the lines that name it."""
    return f"""\
defaults: [{{execution: slurm/default}}, {{deployment: vllm}}, _self_]
deployment:
  image: {image}
  {model}
  extra_args: "{flags}"
evaluation:
  tasks: [{{name: lm-evaluation-harness.ifeval}}, {{name: tau2_bench_telecom}}]
{more}"""


def adapter(block: str, params: str = "{}") -> str:
    return (
        f"  nemo_evaluator_config: {{config: {{params: {params}}}, "
        f"target: {{api_endpoint: {{adapter_config: {block}}}}}}}\n"
    )


def findings(base: RuleBase, text: str) -> list[Finding]:
    advice = advise_document(parse_document("eval.yaml", text), base, Context())
    return [one for one in advice.findings if one.name in FAMILY_RULES]


def names(base: RuleBase, text: str) -> list[str]:
    return sorted(one.name for one in findings(base, text))


@pytest.mark.parametrize(
    ("model", "severity"),
    [
        ("hf_model_handle: Qwen/Qwen3-32B", "warning"),
        ("checkpoint_path: /lustre/models/Qwen3-32B-NVFP4", "warning"),
        ("checkpoint_path: /lustre/models/qwen3-32b-sft-law", "info"),
        ("checkpoint_path: /lustre/Qwen3-32B/run-3", "info"),
        ("checkpoint_path: /lustre/run-3\n  served_model_name: qwen3-32b", "info"),
        ("checkpoint_path: '???'\n  served_model_name: qwen3-32b", "info"),
        # What is loaded is known, and goes before what it is called.
        ("hf_model_handle: mistralai/Magistral-Small-2507\n  served_model_name: qwen3-32b", None),
        ("hf_model_handle: ourselves/our-model\n  served_model_name: qwen3-32b", None),
        ("hf_model_handle: Qwen/Qwen3-30B-A3B-Base", None),
        ("checkpoint_path: '???'", None),
    ],
)
def test_a_name_that_is_less_sure_says_less(base: RuleBase, model: str, severity: str | None) -> None:
    found = findings(base, launcher(model, "--reasoning-parser mistral"))
    told = [one.severity for one in found if one.name == "reasoning-parser-foreign"]
    assert told == ([severity] if severity else [])


def test_the_command_of_ones_own_says_what_is_loaded(base: RuleBase) -> None:
    text = """\
defaults: [{execution: slurm/default}, {deployment: vllm}, _self_]
deployment:
  image: vllm/vllm-openai:v0.20.2
  hf_model_handle: null
  checkpoint_path: /lustre/models/gemma-4-31B-it
  served_model_name: m
  command: vllm serve %s --port 8000 --served-model-name m --reasoning-parser qwen3
evaluation: {tasks: [{name: lm-evaluation-harness.ifeval}]}
"""
    assert "reasoning-parser-foreign" in names(base, text % "/checkpoint")
    assert "reasoning-parser-foreign" not in names(base, text % "Qwen/Qwen3-32B")
    assert "reasoning-parser-foreign" not in names(base, text % "$MODEL")


def canonical(record: dict[str, str]) -> str:
    """A name that an entry matches, spelled from its own expression."""
    known = {
        "DeepSeek R1 distills": "DeepSeek-R1-Distill-Qwen-32B", "DeepSeek R1": "DeepSeek-R1", "Kimi K3": "Kimi-K3",
        "DeepSeek V3.1": "DeepSeek-V3.1", "DeepSeek V3.2": "DeepSeek-V3.2", "DeepSeek V4": "DeepSeek-V4-Pro",
        "Qwen3 Thinking-2507 and Qwen3-Next Thinking": "Qwen3-4B-Thinking-2507", "QwQ": "QwQ-32B",
        "Qwen3 Instruct-2507 and Qwen3-Next Instruct": "Qwen3-4B-Instruct-2507", "Qwen3": "Qwen3-8B",
        "Qwen3-Coder": "Qwen3-Coder-30B-A3B-Instruct", "Qwen3.5 and Qwen3.6": "Qwen3.5-27B", "Qwen3.8": "Qwen3.8-27B",
        "Nemotron Nano v2": "NVIDIA-Nemotron-Nano-9B-v2", "Nemotron 3 Nano": "NVIDIA-Nemotron-3-Nano-30B-A3B-BF16",
        "Nemotron 3 Super": "Nemotron-3-Super-120B-A12B", "Nemotron 3 Ultra": "Nemotron-3-Ultra-550B-A55B",
        "Nemotron 3 Nano Omni": "Nemotron-3-Nano-Omni-30B-A3B-Reasoning", "GLM-4.5": "GLM-4.5", "GLM-4.6": "GLM-4.6",
        "Nemotron 3.5 Lightning": "Nemotron-3.5-Lightning-30B-A3B", "GLM-4.7": "GLM-4.7", "GLM-5": "GLM-5",
        "Llama-Nemotron v1": "Llama-3_3-Nemotron-Super-49B-v1", "GLM-5.2": "GLM-5.2", "gpt-oss": "gpt-oss-20b",
        "Llama-Nemotron Super v1.5": "Llama-3_3-Nemotron-Super-49B-v1_5", "Kimi K2 Instruct": "Kimi-K2-Instruct",
        "Kimi K2 Thinking": "Kimi-K2-Thinking", "Kimi K2.5 and K2.6": "Kimi-K2.5", "Kimi K2.7 Code": "Kimi-K2.7-Code",
        "MiniMax M2": "MiniMax-M2", "MiniMax M3": "MiniMax-M3", "Magistral": "Magistral-Small-2507",
        "Ministral 3 Reasoning": "Ministral-3-8B-Reasoning-2512", "Phi-4-reasoning": "Phi-4-reasoning-plus",
        "Mistral Small 4 and Medium 3.5": "Mistral-Small-4-119B-2603", "Gemma 4": "gemma-4-31B-it",
        "Granite 3.2": "granite-3.2-8b-instruct", "Granite 4.2": "granite-4.2", "Seed-OSS": "Seed-OSS-36B-Instruct",
        "Step 3.5 and 3.7 Flash": "Step-3.5-Flash", "MiMo V2.5": "MiMo-V2.5", "Hunyuan Hy3": "Hy3",
    }  # fmt: skip
    return known[record["family"]]


# The fields of an entry that each rule rests on which says more than a hint.
RESTS_ON = {
    "NEL251": "vllm.reasoning", "NEL254": "thinks", "NEL255": "toggle", "NEL256": "vllm.reasoning", "NEL258": "thinks",
    "NEL260": "thinking", "NEL261": "toggle", "NEL262": "thinks", "NEL457": "context", "NEL592": "vllm.tools",
}  # fmt: skip


@pytest.mark.parametrize("record", table("families")["families"], ids=lambda record: record["family"])
def test_what_nobody_read_makes_no_more_than_a_hint(base: RuleBase, record: dict[str, list[str]]) -> None:
    """Every entry is given everything that may be wrong: foreign parsers and switches, odd sampling, a long context."""
    unread = set(record.get("unverified", ()))
    name = f"hf_model_handle: org/{canonical(record)}"  # type: ignore[arg-type]
    texts = [
        launcher(name, f"--max-model-len 64M --tool-call-parser xlam --reasoning-parser {parser}", more, image)
        for parser in ("granite", "deepseek_r1", "seed_oss")
        for more in (
            "",
            adapter("{use_caching: true}", "{temperature: 0.0, top_p: 0.1}"),
            adapter("{params_to_add: {chat_template_kwargs: {enable_thinking: false}}}", "{temperature: 0.2}"),
            adapter("{params_to_add: {chat_template_kwargs: {thinking: true}}}"),
        )
        for image in ("vllm/vllm-openai:v0.20.2", "vllm/vllm-openai:v0.33.0")
    ]
    said = [one for text in texts for one in findings(base, text)]
    assert said, "nothing is said of this family at all"
    for one in said:
        assert one.severity != "error"
        if "reasons by itself" in one.message:
            assert not unread & {"*", "thinks"}, one.message
        if one.severity != "info" and one.rule in RESTS_ON:
            assert not unread & {"*", RESTS_ON[one.rule]}, one.message


@pytest.mark.parametrize(
    ("flags", "block", "said"),
    [
        ("", "{use_caching: true}", True),
        ("--reasoning-parser qwen3", "{use_caching: true}", False),
        ("", "{process_reasoning_traces: true}", False),
        ("", "{params_to_add: {chat_template_kwargs: {enable_thinking: false}}}", False),
        ("", "{use_system_prompt: true, custom_system_prompt: /no_think}", False),
        ("--default-chat-template-kwargs {enable_thinking:false}", "{use_caching: true}", False),
        ("--chat-template /x/mine.jinja", "{use_caching: true}", False),
    ],
)
def test_a_model_that_reasons_by_itself_needs_its_trace_taken_out(
    base: RuleBase, flags: str, block: str, said: bool
) -> None:
    text = launcher("hf_model_handle: Qwen/Qwen3-32B", flags, adapter(block))
    assert ("reasoning-strip-off" in names(base, text)) is said


@pytest.mark.parametrize(
    ("model", "block", "is_on"),
    [
        ("deepseek-ai/DeepSeek-V3.1", "{use_caching: true}", False),
        ("deepseek-ai/DeepSeek-V3.1", "{process_reasoning_traces: true}", False),
        ("deepseek-ai/DeepSeek-V3.1", "{params_to_add: {chat_template_kwargs: {thinking: true}}}", True),
        ("google/gemma-4-31B-it", "{use_caching: true}", False),
        ("ourselves/our-model", "{use_caching: true}", True),
    ],
)
def test_a_parser_alone_makes_no_model_reason(base: RuleBase, model: str, block: str, is_on: bool) -> None:
    text = launcher(f"hf_model_handle: {model}", "--reasoning-parser deepseek_v3", adapter(block, "{temperature: 0}"))
    assert ("temp-zero" in names(base, text)) is is_on


@pytest.mark.parametrize("prompt", ["'Reasoning: high'", "'You help.'"])
def test_vllm_splits_the_answers_of_gpt_oss_without_a_parser(base: RuleBase, prompt: str) -> None:
    block = f"{{use_system_prompt: true, custom_system_prompt: {prompt}}}"
    text = launcher("hf_model_handle: openai/gpt-oss-120b", "", adapter(block))
    assert "reasoning-strip-off" not in names(base, text)


def test_tasks_that_only_complete_text_never_see_the_template(base: RuleBase) -> None:
    text = launcher("hf_model_handle: Qwen/Qwen3-32B", "", adapter("{use_caching: true}", "{temperature: 0.0}"))
    text = text.replace("[{name: lm-evaluation-harness.ifeval}, {name: tau2_bench_telecom}]", "[{name: adlr_mmlu}]")
    assert names(base, text) == []


@pytest.mark.parametrize(
    ("version", "hint"),
    [("0.16.0", "nemotron_v3, the parser of Nemotron 3 Super, comes with vLLM 0.17.1"), ("0.19.1", "nemotron_v3 does")],
)
def test_the_hint_says_when_the_familys_parser_comes(base: RuleBase, version: str, hint: str) -> None:
    model = "hf_model_handle: nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-BF16"
    text = launcher(model, "", adapter("{use_caching: true}"), f"vllm/vllm-openai:v{version}")
    (said,) = [one.message for one in findings(base, text) if one.name == "reasoning-strip-off"]
    assert hint in said


def test_plugins_and_unknown_parsers_are_left_alone(base: RuleBase) -> None:
    plugin = "--reasoning-parser-plugin /x/p.py --reasoning-parser mistral --tool-call-parser xlam"
    assert "reasoning-parser-foreign" not in names(base, launcher("hf_model_handle: Qwen/Qwen3-8B", plugin))
    for parser in ("$PARSER", "<PARSER>", "none"):
        text = launcher("hf_model_handle: Qwen/Qwen3-8B", f"--reasoning-parser {parser}")
        assert "reasoning-parser-foreign" not in names(base, text)


@pytest.fixture
def glm(tmp_path: Path) -> Path:
    """A checkpoint with the name of a family whose template reads enable_thinking; its own reads `thinking`."""
    made = build("modelopt-NVFP4-dense+thinking-template", tmp_path)
    return made.rename(tmp_path / "GLM-4.7")


def switched(checkpoint: Path, key: str) -> str:
    more = adapter(f"{{process_reasoning_traces: true, params_to_add: {{chat_template_kwargs: {{{key}: true}}}}}}")
    return launcher(f"checkpoint_path: {checkpoint}", "", more)


@pytest.mark.parametrize("is_here", [True, False])
def test_the_template_on_disk_goes_before_the_table(base: RuleBase, glm: Path, is_here: bool) -> None:
    if not is_here:
        shutil.rmtree(glm)
    advice = advise_document(parse_document("eval.yaml", switched(glm, "thinking")), base, Context())
    said = {one.name for one in advice.findings}
    assert ("toggle-of-other-family" in said) is not is_here
    assert "ctk-key-generation" not in said
    advice = advise_document(parse_document("eval.yaml", switched(glm, "enable_thinking")), base, Context())
    said = {one.name for one in advice.findings}
    assert "toggle-of-other-family" not in said
    assert ("ctk-key-generation" in said) is is_here


@pytest.mark.parametrize("is_here", [True, False])
def test_a_template_without_the_switch_reasons_not_by_itself(base: RuleBase, glm: Path, is_here: bool) -> None:
    if not is_here:
        shutil.rmtree(glm)
    text = launcher(f"checkpoint_path: {glm}", "", adapter("{use_caching: true}"))
    assert ("reasoning-strip-off" in names(base, text)) is not is_here


def test_config_json_on_disk_goes_before_the_name_and_the_context(base: RuleBase, tmp_path: Path) -> None:
    """The made checkpoint is a llama: no Qwen3, whatever its directory is called."""
    made = build("modelopt-NVFP4-dense+long", tmp_path).rename(tmp_path / "Qwen3-8B")
    text = launcher(f"checkpoint_path: {made}", "--max-model-len 131072 --reasoning-parser mistral")
    assert names(base, text) == []


def test_the_models_own_card_goes_before_the_table(base: RuleBase, glm: Path) -> None:
    text = launcher(f"checkpoint_path: {glm}", "--reasoning-parser mistral")
    assert "reasoning-parser-foreign" in names(base, text)
    (glm / "README.md").write_text("```\nvllm serve x --reasoning-parser mistral\n```\n")
    assert "reasoning-parser-foreign" not in names(base, text)


@pytest.mark.parametrize(
    ("model", "params", "block", "said"),
    [
        ("Qwen/Qwen3-32B", "{temperature: 0.6, top_p: 0.95}", "{process_reasoning_traces: true}", ""),
        ("Qwen/Qwen3-32B", "{temperature: 0.7, top_p: 1.0}", "{process_reasoning_traces: true}", ""),
        ("Qwen/Qwen3-32B", "{temperature: 1.0}", "{process_reasoning_traces: true}", "temperature 1, not 0.6"),
        ("Qwen/Qwen3-32B", "{temperature: 0.0}", "{process_reasoning_traces: true}", ""),  # temp-zero says it
        (
            "openai/gpt-oss-20b",
            "{temperature: 0.2, top_p: 0.1}",
            "{use_caching: true}",
            "temperature 0.2, not 1 and top_p 0.1, not 1",
        ),
        # Greedy decoding without reasoning is the custom.
        ("Qwen/Qwen3-4B-Instruct-2507", "{temperature: 0.0, top_p: 0.00001}", "{use_caching: true}", ""),
        (
            "Qwen/Qwen3-32B",
            "{temperature: 0.2}",
            "{params_to_add: {chat_template_kwargs: {enable_thinking: false}}}",
            "temperature 0.2, not 0.7",
        ),
        # Two values of one vendor, for two uses.
        ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "{temperature: 0.6}", "{process_reasoning_traces: true}", ""),
        ("ourselves/our-model", "{temperature: 0.0}", "{use_caching: true}", ""),
    ],
)
def test_sampling_that_is_far_from_the_vendors(base: RuleBase, model: str, params: str, block: str, said: str) -> None:
    text = launcher(f"hf_model_handle: {model}", "", adapter(block, params))
    found = [one for one in findings(base, text) if one.name == "sampling-off-card"]
    assert [one.message.partition(":")[0] for one in found] == ([said] if said else [])
    assert all(one.severity == "info" for one in found)


@pytest.mark.parametrize(
    ("model", "warns"),
    [("Qwen/Qwen3-32B", "endless repetitions"), ("zai-org/GLM-4.6", ""), ("ourselves/our-model", "")],
)
def test_what_the_vendor_says_of_greedy_decoding(base: RuleBase, model: str, warns: str) -> None:
    more = adapter("{process_reasoning_traces: true}", "{temperature: 0}")
    (said,) = [
        one.message
        for one in findings(base, launcher(f"hf_model_handle: {model}", "", more))
        if one.name == "temp-zero"
    ]
    assert ("vendor warns of" in said) is bool(warns)
    assert warns in said


@pytest.mark.parametrize(
    "stray",
    [
        "  overrides: {config.params.temperature: 0.6, target.api_endpoint.adapter_config.use_reasoning: true}\n",
        "  nemo_evaluator_config: {temperature: 0.6, process_reasoning_traces: true}\n",
    ],
)
def test_what_stands_in_the_wrong_place_has_findings_of_its_own(base: RuleBase, stray: str) -> None:
    model = "hf_model_handle: Qwen/Qwen3-32B"
    assert {"reasoning-strip-off", "temp-zero"} <= set(names(base, launcher(model)))
    assert not {"reasoning-strip-off", "temp-zero"} & set(names(base, launcher(model, "", stray)))


SERVICE = """\
services:
  m:
    type: {kind}
    {model}
    protocol: {protocol}
    image: vllm/vllm-openai:v0.16.0
    {rest}
benchmarks: [{{name: gsm8k, solver: {{type: simple, service: m{solver}}}}}]
"""


def service(rest: str, model: str = "model: Qwen/Qwen3-32B", **other: str) -> str:
    return SERVICE.format(
        **{"kind": "vllm", "protocol": "chat_completions", "solver": "", "rest": rest, "model": model} | other
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (service("generation: {temperature: 0.0}"), ["temp-zero"]),
        (service("generation: {temperature: 0.6}"), []),
        (service("generation: {temperature: 1.5}"), ["sampling-off-card"]),
        (service("generation: {temperature: 0.0}", protocol="completions"), []),
        (service("generation: {temperature: 0.0}", solver=", system_prompt: /no_think"), []),
        (
            service("generation: {temperature: 0.0}", "model: /models/run-3\n    served_model_name: qwen3-32b"),
            ["sampling-off-card"],
        ),
        (service("generation: {temperature: 0.0}\n    extra_args: [--chat-template, /x.jinja]"), []),
        (
            service(
                "generation: {temperature: 0.0}\n    proxy: {interceptors: [{name: payload_modifier, config: {}}]}"
            ),
            [],
        ),
        (service("proxy: {extra_body: {chat_template_kwargs: {thinking: false}}}"), ["toggle-of-other-family"]),
        (service("proxy: {extra_body: {chat_template_kwargs: {enable_thinking: false}}}"), []),
        (service("extra_args: [--max-model-len, '65536', --hf-overrides, '{}']"), []),
        (service("extra_args: [--max-model-len, '65536']"), ["maxlen-gt-config"]),
    ],
)
def test_services_of_nel_next(base: RuleBase, text: str, said: list[str]) -> None:
    assert names(base, text) == said
