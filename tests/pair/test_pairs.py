"""What is said of two configs: each difference that decides a score once, at its place, and nothing that is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.advise import Advice
from advisor.compare import NotComparable, compare_documents
from advisor.document.document import Document
from advisor.document.parse import parse_document
from advisor.engine.base import RuleBase
from advisor.fixing.rounds import Wanted, fix_document
from advisor.nel.context import Context
from tests.checkpoint.flaws import filled
from tests.pair.configs import BASELINE, CANDIDATE, NEXT_BASELINE, NEXT_CANDIDATE


def compare(base: RuleBase, baseline: str, candidate: str, files: dict[str, str] | None = None) -> Advice:
    """The advice on two texts; `files` lie beside both."""
    beside = {name: parse_document(f"{name}.yaml", text) for name, text in (files or {}).items()}
    documents = parse_document("bf16.yaml", baseline), parse_document("nvfp4.yaml", candidate)
    return compare_documents(*documents, base, Context(), beside.get)


def edited(text: str, *edits: tuple[str, str]) -> str:
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def said(advice: Advice) -> list[str]:
    return [f"{finding.severity} {finding.name}: {finding.message}" for finding in advice.findings]


@pytest.mark.parametrize(
    ("baseline", "candidate"), [(BASELINE, CANDIDATE), (NEXT_BASELINE, NEXT_CANDIDATE)], ids=["launcher", "next"]
)
def test_what_is_meant_to_differ_is_no_finding(base: RuleBase, baseline: str, candidate: str) -> None:
    advice = compare(base, baseline, candidate)
    assert said(advice) == []
    assert advice.unchecked == ()
    assert advice.pair is not None
    assert advice.pair.settings > 15


# (what stands in the candidate, what stands there instead, what is said of it)
LAUNCHER_EDITS = [
    ("temperature: 0.6", "temperature: 1.0", "error pair-params: temperature of all 3 tasks is 1.0 here and 0.6"),
    ("temperature: 0.6", 'temperature: "0.6"', None),
    ("max_new_tokens: 65536", "max_new_tokens: 8192", "error pair-params: max_new_tokens of all 3 tasks is 8192"),
    ("            top_k: 20\n", "", "error pair-params: params_to_add.top_k of all 3 tasks is not set here and 20"),
    (
        "            top_k: 20\n",
        "            top_k: 20\n            min_p: 0.1\n",
        "error pair-params: params_to_add.min_p of all 3 tasks is 0.1 here and not set in the baseline",
    ),
    ("enable_thinking: true", "enable_thinking: false", "error pair-reasoning: params_to_add.chat_template_kwargs."),
    ("process_reasoning_traces: true", "use_reasoning: true", None),
    ("process_reasoning_traces: true", "use_caching: true", "error pair-reasoning: process_reasoning_traces of all 3"),
    ("          params_to_add", "          custom_system_prompt: Be brief.\n          params_to_add", None),
    (
        "          params_to_add",
        "          use_system_prompt: true\n          custom_system_prompt: Be brief.\n          params_to_add",
        'error pair-params: the system prompt of all 3 tasks is "Be brief." here and not set in the baseline',
    ),
    (
        "          params_to_add",
        "          use_system_prompt: true\n          custom_system_prompt: /no_think\n          params_to_add",
        "error pair-reasoning: the system prompt of all 3 tasks is /no_think here and not set in the baseline",
    ),
    ("num_repeats: 16", "num_repeats: 4", "error pair-repeats: extra.num_repeats of ns_gpqa is 4 here and 16"),
    ("num_repeats: 16", "num_repeats: null", "error pair-repeats: extra.num_repeats of ns_gpqa is 1 by default here"),
    ("parallelism: 128", "limit_samples: 10", "error pair-repeats: limit_samples of all 3 tasks is 10 here and not"),
    ("mcq-4choices", "mcq-10choices", "error pair-tasks: extra.args of ns_gpqa is ++prompt_config=eval/aai/mcq-10"),
    ("nemo-skills:26.03", "nemo-skills:26.01", "error pair-tasks: container of ns_gpqa is nvcr.io/nvidia/eval-factory"),
    ("      container: nvcr.io/nvidia/eval-factory/nemo-skills:26.03\n", "", None),
    ("name: ns_gpqa", "name: nemo_skills.ns_gpqa", None),
    ("    - name: simple_evals.AIME_2025\n", "", "error pair-tasks: the baseline runs simple_evals.AIME_2025, and no"),
    (
        "    - name: simple_evals.AIME_2025\n",
        "    - name: simple_evals.AIME_2025\n    - name: ns_mmlu_pro\n",
        "warning pair-tasks: the baseline does not run ns_mmlu_pro",
    ),
    ("qwen-235b", "qwen-30b", "error pair-judge: extra.judge.model_id of ns_aa_lcr is nvidia/qwen/qwen-30b here and"),
    ("inference-api.nvidia.com", "integrate.api.nvidia.com", None),
    ("inference-api.nvidia.com", "api.openai.com", "error pair-judge: extra.judge.url of ns_aa_lcr is"),
    ("      api_key: INFERENCE_API_KEY", "      api_key: OTHER_API_KEY", None),
    ("image: vllm/vllm-openai:v0.16.0", "image: docker.io/vllm/vllm-openai:v0.16.0", None),
    ("openai:v0.16.0", "openai:v0.15.0", "warning pair-image: the serving image is vllm/vllm-openai:v0.15.0 here"),
    ("196608", "131072", "error pair-maxlen: --max-model-len is 131072 here and 196608 in the baseline"),
    ("196608", "192K", None),
    ("196608", "auto", "warning pair-maxlen: --max-model-len is left to its default here and 196608 in the baseline"),
    ("30B-A3B-NVFP4", "8B-NVFP4", "warning pair-other-model: the baseline 'Qwen/Qwen3-30B-A3B' has 30B parameters by"),
    ("30B-A3B-NVFP4", "30B-A3B-8bit", None),
    ("    --max-model-len 196608\n", "", "warning pair-maxlen: --max-model-len is left to its default here and 196608"),
    (
        "modelopt_fp4",
        "modelopt_fp4 --kv-cache-dtype fp8",
        "warning pair-kv-dtype: --kv-cache-dtype is fp8 here and auto by default in",
    ),
    ("modelopt_fp4", "modelopt_fp4 --kv-cache-dtype auto", None),
    ("modelopt_fp4", "modelopt_fp4 --dtype bfloat16", None),
    (
        " 0.9",
        " 0.9 --dtype float16",
        "warning pair-serving: --dtype is float16 here and auto by default in the baseline",
    ),
    (
        "modelopt_fp4",
        "modelopt_fp4 --tool-call-parser hermes",
        "warning pair-serving: --tool-call-parser is hermes here and not set",
    ),
    (
        "modelopt_fp4",
        "modelopt_fp4 --chat-template /t.jinja",
        "error pair-params: --chat-template is /t.jinja here and not set in the",
    ),
    ("parser qwen3", "parser deepseek_r1", "error pair-reasoning: --reasoning-parser is deepseek_r1 here and qwen3 in"),
    ("    --reasoning-parser qwen3\n", "", "error pair-reasoning: the baseline's server has --reasoning-parser qwen3"),
]


@pytest.mark.parametrize(("old", "new", "expected"), LAUNCHER_EDITS)
def test_one_difference_is_one_finding(base: RuleBase, old: str, new: str, expected: str | None) -> None:
    advice = compare(base, BASELINE, edited(CANDIDATE, (old, new)))
    assert [line[: len(expected or "")] for line in said(advice)] == ([expected] if expected else [])
    assert advice.unchecked == ()


def test_each_task_has_its_own_default(base: RuleBase) -> None:
    """Of one task the default is in the table, of the others the harness alone knows it."""
    advice = compare(base, BASELINE, edited(CANDIDATE, ("        temperature: 0.6\n", "")))
    assert said(advice) == [
        "warning pair-params: temperature of ns_gpqa is left to its default here and 0.6 in the baseline",
        "warning pair-params: temperature of ns_aa_lcr is left to its default here and 0.6 in the baseline",
        "error pair-params: temperature of simple_evals.AIME_2025 is 0.0 by default here and 0.6 in the baseline",
    ]


NEXT_EDITS = [
    (
        "temperature: 1.0",
        "temperature: 0.7",
        "error pair-params: temperature of terminal_bench_2_1 and simpleqa is 0.7",
    ),
    (
        "service: model}",
        "service: model, generation: {temperature: 0}}",
        "error pair-params: temperature of simpleqa is 0",
    ),
    ("repeats: 8", "repeats: 1", "error pair-repeats: repeats of terminal_bench_2_1 is 1 here and 8 in the baseline"),
    ("    repeats: 8\n", "", "error pair-repeats: repeats of terminal_bench_2_1 is 1 by default here and 8 in"),
    ("name: simpleqa", "name: simpleqa\n    max_problems: 5", "error pair-repeats: max_problems of simpleqa is 5 here"),
    ("120b", "20b", "error pair-judge: services.judge.model is openai/gpt-oss-20b here and openai/gpt-oss-120b in"),
    (
        "name: correctness",
        "name: correctness, max_score: 5",
        "error pair-judge: scoring.correctness.max_score of simpleqa",
    ),
    ("=131072", "=65536", "error pair-maxlen: --max-model-len is 65536 here and 131072 in the baseline"),
    (
        "qwen3_coder",
        "hermes",
        "warning pair-serving: --tool-call-parser is hermes here and qwen3_coder in the baseline",
    ),
    ("tokens: false", "tokens: true", "error pair-params: extra_body.skip_special_tokens is true here and false in"),
    ("v0.16.0", "v0.15.0", "warning pair-image: the serving image is vllm/vllm-openai:v0.15.0 here and"),
    ("timeout: 3600}}", "timeout: 60}}", None),
    ("name: simpleqa", "name: simpleqa@2", "error pair-tasks: name of simpleqa@2 is simpleqa@2 here and simpleqa in"),
    (
        "type: simple,",
        "type: simple, system_prompt: Be brief.,",
        "error pair-params: solver.system_prompt of simpleqa is",
    ),
    ("${EVAL_IMAGE}", "nel:0.5.0.1", None),
]


@pytest.mark.parametrize(("old", "new", "expected"), NEXT_EDITS)
def test_one_difference_of_nel_next_is_one_finding(base: RuleBase, old: str, new: str, expected: str | None) -> None:
    advice = compare(base, NEXT_BASELINE, edited(NEXT_CANDIDATE, (old, new)))
    assert [line[: len(expected or "")] for line in said(advice)] == ([expected] if expected else [])


def test_a_finding_stands_in_the_candidate_and_names_the_baselines_place(base: RuleBase) -> None:
    (finding,) = compare(base, BASELINE, edited(CANDIDATE, ("top_p: 0.95", "top_p: 0.8"))).findings
    assert finding.place.document is None
    assert finding.place.path == ("evaluation", "nemo_evaluator_config", "config", "params", "top_p")
    ((name, place),) = finding.related
    assert (name, place.document and place.document.path) == ("baseline", "bf16.yaml")
    assert BASELINE[place.span.start : place.span.end] == "0.95"
    assert finding.because[-1] == "the baseline says so at bf16.yaml:32:16"


@pytest.mark.parametrize(
    ("baseline", "edits", "reason"),
    [
        (BASELINE, [("temperature: 0.6", "temperature: ???")], "it is ???, to be filled in, in nvfp4.yaml"),
        (BASELINE, [("temperature: 0.6", "temperature: ${oc.env:T}")], "${oc.env:T} is known only when the job is"),
        (BASELINE, [("v0.16.0", "${oc.env:TAG}")], "${oc.env:TAG} is known only when the job is submitted, in nv"),
        (BASELINE, [("196608", "$LENGTH")], "a shell tells it, in nvfp4.yaml"),
        (NEXT_BASELINE, [("EVAL_IMAGE", "OTHER_IMAGE")], "${OTHER_IMAGE} is a variable of the environment, in "),
        (NEXT_BASELINE, [("v0.16.0", "${TAG}")], "${TAG} is a variable of the environment, in nvfp4.yaml"),
    ],
)
def test_what_is_not_known_is_said_and_is_no_finding(
    base: RuleBase, baseline: str, edits: list[tuple[str, str]], reason: str
) -> None:
    candidate = edited(NEXT_CANDIDATE if baseline == NEXT_BASELINE else CANDIDATE, *edits)
    advice = compare(base, baseline, candidate)
    assert said(advice) == []
    assert [note.reason[: len(reason)] for note in advice.unchecked if reason in note.reason] == [reason]


def test_the_same_variable_on_both_sides_is_the_same_value(base: RuleBase) -> None:
    edit = ("url: https://inference-api.nvidia.com/v1", "url: ${oc.env:JUDGE_URL}")
    advice = compare(base, edited(BASELINE, edit), edited(CANDIDATE, edit))
    assert (said(advice), advice.unchecked) == ([], ())


def test_what_a_missing_sibling_may_set_is_not_known(base: RuleBase) -> None:
    edits = [("  - _self_", "  - _common\n  - _self_"), ("temperature: 0.6", "top_k: 1")]
    advice = compare(base, BASELINE, edited(CANDIDATE, *edits))
    assert said(advice) == []
    assert "a config that is not here may set it, in nvfp4.yaml" in [note.reason for note in advice.unchecked]


def test_values_of_a_sibling_count(base: RuleBase) -> None:
    """A value that stands in another file is set for the tasks in this one."""
    shared = {"_common": "evaluation: {nemo_evaluator_config: {config: {params: {temperature: 1.0}}}}"}
    edits = [("  - _self_", "  - _common\n  - _self_"), ("        temperature: 0.6\n", "")]
    advice = compare(base, BASELINE, edited(CANDIDATE, *edits), shared)
    assert said(advice) == ["error pair-params: temperature of all 3 tasks is 1.0 here and 0.6 in the baseline"]
    fix = advice.findings[0].fix
    assert fix is not None
    assert [edit.path[1:] for edit in fix.edits] == [("nemo_evaluator_config", "config", "params", "temperature")]


def test_a_task_that_alone_differs_is_set_alone(base: RuleBase) -> None:
    """The baseline gives one task another value; the candidate's value for all tasks is right for the others."""
    baseline = edited(BASELINE, ("            parallelism: 16", "            parallelism: 16\n            top_p: 0.5"))
    document = parse_document("nvfp4.yaml", CANDIDATE)
    original = parse_document("bf16.yaml", baseline)

    def advise(one: Document) -> Advice:
        return compare_documents(original, one, base, Context())

    assert said(advise(document)) == ["error pair-params: top_p of ns_aa_lcr is 0.95 here and 0.5 in the baseline"]
    fixed = fix_document(document, advise, Wanted(unsafe=True))
    assert said(fixed.advice) == []
    lines = set(fixed.document.text.splitlines()) - set(CANDIDATE.splitlines())
    assert lines == {"            top_p: 0.5"}


@pytest.mark.parametrize(
    ("old", "new"),
    [(old, new) for old, new, expected in LAUNCHER_EDITS if expected and expected.startswith("error")],
)
def test_the_fixes_lead_back_to_what_the_baseline_has(base: RuleBase, old: str, new: str) -> None:
    """Where there is a fix, nothing is left to say after it but for what no fix can know."""
    original = parse_document("bf16.yaml", BASELINE)
    document = parse_document("nvfp4.yaml", edited(CANDIDATE, (old, new)))

    def advise(one: Document) -> Advice:
        return compare_documents(original, one, base, Context())

    fixable = [finding for finding in advise(document).findings if finding.fix]
    fixed = fix_document(document, advise, Wanted(unsafe=True))
    assert len(fixed.applied) == len(fixable)
    assert [finding for finding in fixed.advice.findings if finding.fix] == []


@pytest.mark.parametrize("first", ["ns_gpqa", "ns_aa_lcr"])
def test_the_order_of_tasks_does_not_matter(base: RuleBase, first: str) -> None:
    """Nor does it for a task that stands there twice, with other values."""
    head, _, tail = BASELINE.partition("    - name: ns_gpqa\n")
    gpqa, _, rest = tail.partition("    - name: simple_evals")
    twice = "    - name: simple_evals.AIME_2025\n      nemo_evaluator_config: {config: {params: {temperature: 0.1}}}\n"
    aime = "    - name: simple_evals.AIME_2025\n"
    export = rest.partition("\n")[2]
    one = f"{head}    - name: ns_gpqa\n{gpqa}{aime}{twice}{export}"
    two = f"{head}{twice}{aime}    - name: ns_gpqa\n{gpqa}{export}"
    if first == "ns_aa_lcr":
        one, two = two, one
    assert [finding.name for finding in compare(base, one, two).findings] == ["pair-same-model"]


# The model.


@pytest.mark.parametrize(
    ("edits", "names"),
    [
        ([], ["pair-same-model"]),
        ([("--max-num-seqs 64", "--quantization fp8")], []),
        ([("--max-num-seqs 64", "--kv-cache-dtype fp8")], ["pair-kv-dtype"]),
        ([("--max-num-seqs 64", "--revision nvfp4")], []),
        ([("Qwen/Qwen3-30B-A3B", "nvidia/Qwen3-30B-A3B-NVFP4")], []),
        ([("checkpoint_path: null", "checkpoint_path: /models/x-NVFP4")], ["pair-same-model"]),
        ([("hf_model_handle: Qwen/Qwen3-30B-A3B", "hf_model_handle: ${oc.env:MODEL}")], []),
    ],
)
def test_the_same_model_twice(base: RuleBase, edits: list[tuple[str, str]], names: list[str]) -> None:
    """A handle goes before a checkpoint's path; what is quantized on the fly is another model of the same files."""
    assert [finding.name for finding in compare(base, BASELINE, edited(BASELINE, *edits)).findings] == names


HOSTED = """\
defaults: [{execution: local}, {deployment: none}, _self_]
execution: {output_dir: /tmp/out}
target: {api_endpoint: {url: https://integrate.api.nvidia.com/v1/chat/completions, model_id: qwen/qwen3-30b}}
evaluation: {tasks: [{name: ns_gpqa}]}
"""


def test_hosted_models_are_told_by_name_and_url(base: RuleBase) -> None:
    other = HOSTED.replace("integrate.api.nvidia.com", "quantized.company.net")
    assert [finding.name for finding in compare(base, HOSTED, HOSTED).findings] == ["pair-same-model"]
    assert [finding.name for finding in compare(base, HOSTED, other).findings] == []


def test_a_hosted_baseline_says_nothing_of_its_server(base: RuleBase) -> None:
    one = edited(CANDIDATE, (CANDIDATE.partition("evaluation:")[2], "\n  tasks:\n    - name: ns_gpqa\n"))
    advice = compare(base, HOSTED, one)
    assert said(advice) == []
    assert [note.what for note in advice.unchecked] == ["serve flags"]


def test_swapped_files_are_told(base: RuleBase) -> None:
    (finding,) = compare(base, CANDIDATE, BASELINE).findings
    assert finding.name == "pair-baseline-precision"
    assert finding.message.endswith("are the two swapped?")


def test_a_cache_that_the_name_tells_of_is_meant(base: RuleBase) -> None:
    edits = [("modelopt_fp4", "modelopt --kv-cache-dtype fp8"), ("30B-A3B-NVFP4", "30B-A3B-FP8-KV")]
    assert said(compare(base, BASELINE, edited(CANDIDATE, *edits))) == []


def test_flags_of_another_engine_are_known_by_what_they_set(base: RuleBase) -> None:
    """The parsers' names differ in a dash only, and the context has another flag."""
    edits = [
        ("deployment: vllm", "deployment: sglang"),
        ("image: vllm/vllm-openai:v0.16.0", "image: lmsysorg/sglang:v0.5.9"),
        ("--max-model-len 196608", "--context-length 131072"),
        ("--reasoning-parser qwen3", "--reasoning-parser deepseek-r1"),
        ("--max-num-seqs 128 ", ""),
    ]
    baseline = edited(BASELINE, ("parser qwen3", "parser deepseek_r1"))
    names = {finding.name: finding.message for finding in compare(base, baseline, edited(CANDIDATE, *edits)).findings}
    assert names.keys() == {"pair-image", "pair-maxlen"}
    assert names["pair-maxlen"] == "--context-length is 131072 here and 196608 in the baseline"


def test_a_calibrated_cache_is_meant(base: RuleBase) -> None:
    flag = ("modelopt_fp4", "modelopt_fp4 --kv-cache-dtype fp8")
    path = "/lustre/models/Qwen3-30B-A3B-NVFP4"
    names = {}
    for checkpoint in ("modelopt-NVFP4-dense+kv-fp8", "modelopt-NVFP4-dense"):
        candidate = edited(CANDIDATE, flag, (path, filled("{checkpoint:" + checkpoint + "}")))
        names[checkpoint] = [finding.name for finding in compare(base, BASELINE, candidate).findings]
    assert names == {"modelopt-NVFP4-dense+kv-fp8": [], "modelopt-NVFP4-dense": ["pair-kv-dtype"]}


@pytest.mark.parametrize(("checkpoint", "expected"), [("+kv-fp8", []), ("", ["pair-kv-dtype"])])
def test_a_calibrated_cache_of_a_service_is_meant(
    base: RuleBase, tmp_path: Path, checkpoint: str, expected: list[str]
) -> None:
    """What its name does not tell, the checkpoint of the service under test does."""
    model = tmp_path / "release-7"
    model.symlink_to(filled("{checkpoint:modelopt-NVFP4-dense" + checkpoint + "}"))
    flag = ('- "--max-model-len', '- "--kv-cache-dtype=fp8"\n      - "--max-model-len')
    candidate = edited(NEXT_CANDIDATE, flag, ("/lustre/models/Qwen3-30B-A3B-NVFP4", str(model)))
    assert [finding.name for finding in compare(base, NEXT_BASELINE, candidate).findings] == expected


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("1", "1.0", True),
        ("1", '"1"', True),
        ('"1.10"', '"1.1"', False),
        (".nan", ".nan", True),
        ("nan", "nan", True),
        ("a  b", "a b", True),
        ("true", "1", False),
        ("[1, a]", '[1.0, "a"]', True),
        ("[1, a]", "[a, 1]", False),
        ("9" * 400, "9" * 400, True),
    ],
)
def test_what_is_the_same_value(base: RuleBase, one: str, two: str, same: bool) -> None:
    texts = [edited(text, ("top_k: 20", f"top_k: {value}")) for text, value in ((BASELINE, one), (CANDIDATE, two))]
    assert [finding.name for finding in compare(base, *texts).findings] == ([] if same else ["pair-params"])


# Other files.


def test_configs_of_both_programs_are_compared_by_their_servers(base: RuleBase) -> None:
    candidate = edited(NEXT_CANDIDATE, ("=131072", "=65536"))
    advice = compare(base, BASELINE, candidate)
    assert [finding.name for finding in advice.findings] == [
        "pair-reasoning",
        "pair-serving",
        "pair-serving",
        "pair-maxlen",
    ]
    assert advice.unchecked[0].what == "tasks and what they send"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "bf16.yaml: it holds no config"),
        ("- a\n", "bf16.yaml: it holds no config"),
        ("a: [", "bf16.yaml: it does not parse: "),
        ("a: 1\n", "bf16.yaml: not recognised as a NEL config"),
    ],
)
def test_what_is_no_config_cannot_be_compared(base: RuleBase, text: str, reason: str) -> None:
    with pytest.raises(NotComparable) as raised:
        compare(base, text, CANDIDATE)
    assert str(raised.value).startswith(reason)


def test_a_comment_hides_a_finding(base: RuleBase) -> None:
    for name in ("pair-params", "pair", "NEL1101"):
        new = f"temperature: 1.0  # nel-advisor: ignore[{name}] the model card says so"
        assert said(compare(base, BASELINE, edited(CANDIDATE, ("temperature: 0.6", new)))) == []


def test_a_comment_on_a_pair_is_no_mistake_where_one_file_is_advised_on(base: RuleBase, tmp_path: Path) -> None:
    from advisor.advise import advise_document

    text = edited(CANDIDATE, ("temperature: 0.6", "temperature: 1.0  # nel-advisor: ignore[pair-params] as agreed"))
    names = [finding.name for finding in advise_document(parse_document("x.yaml", text), base, Context()).findings]
    assert not [name for name in names if "suppress" in name or "ignore" in name]


SECRET = "nvapi-" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5z"


def test_no_secret_stands_in_what_is_said_to_be_unknown(base: RuleBase) -> None:
    url = "url: https://inference-api.nvidia.com/v1"
    advice = compare(base, BASELINE, edited(CANDIDATE, (url, f"url: https://x/${{oc.env:KEY,{SECRET}}}/v1")))
    assert [note.what for note in advice.unchecked] == ["extra.judge.url of ns_aa_lcr"]
    assert SECRET not in str(advice.unchecked)


def test_no_secret_of_either_file_is_printed(base: RuleBase) -> None:
    url = "url: https://inference-api.nvidia.com/v1"
    baseline = edited(
        BASELINE,
        (url, f"url: https://user:{SECRET}@api.openai.com/v1"),
        ("      api_key: INFERENCE_API_KEY", f"      api_key: {SECRET}"),
    )
    advice = compare(base, baseline, CANDIDATE)
    assert [finding.name for finding in advice.findings] == ["pair-judge"]
    finding = advice.findings[0]
    assert finding.fix is not None
    assert SECRET not in finding.message + finding.why + finding.fix.title + "".join(finding.because)
