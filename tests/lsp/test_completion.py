"""Completion in every situation of typing: `old >> new` in a config of either dialect, the cursor is at `|`."""

# A row of the tables is a line, whatever its length.
# ruff: noqa: E501

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls", reason="the extra lsp is not installed")
from advisor.document.reading import decode_document
from advisor.lsp.session import Client
from tests.lsp.places import LAUNCHER, NEXT, changed, completed, cursor_in
from tests.lsp.texts import applied

PLAIN = Client()
_ADAPTER = (
    "    - name: ns_gpqa >>     - name: ns_gpqa\n      nemo_evaluator_config:\n        target:\n          api_endpoint:\n"
    "            adapter_config:\n              "
)
_PARAMS = "    - name: ns_gpqa >>     - name: ns_gpqa\n      nemo_evaluator_config: {config: {params: {"
_SERVED = "  served_model_name: model >>   served_model_name: model\n"
_IMAGE = "  image: vllm/vllm-openai:v0.11.0 >>   image: vllm/vllm-openai:v0.11.0\n"
_OUTPUT = "  output_dir: /results >>   output_dir: /results\n"
_ARGS = '    extra_args: ["--max-model-len", "32768"] >> '
_SOLVER = "    solver: {type: simple, service: model} >> "

# What is typed, labels that must be there, and labels that must not.
IN_LAUNCHER: dict[str, tuple[str, str, str]] = {
    "a key at the top": ("  - _self_\n >>   - _self_\nexp|\n", "export env_vars", "execution deployment partition"),
    "a blank line at the top": ("  - _self_\n >>   - _self_\n|\n", "export", "evaluation"),
    "a section that is being begun": ("  - _self_\nexecution >>   - _self_\ntarget:\n  |\nexecution", "api_endpoint", "url"),
    "a key of a section": ("  hostname: login >>   hostname: login\n  part|", "partition account", "hostname image"),
    "a key in the middle of a mapping": ("  hostname: login >>   |\n  hostname: login", "account", "hostname output_dir"),
    "a key that is there, from inside": ("  hostname: login >>   host|name: login", "hostname", "output_dir"),
    "a key whose section has no other": ("deployment:\n  image: vllm/vllm-openai:v0.11.0\n  checkpoint_path: null\n"
        "  hf_model_handle: org/model\n  served_model_name: model\n >> deployment:\n  |\n", "image checkpoint_path", "walltime"),
    "no key deeper than its neighbours": (_OUTPUT + "    |", "", "account"),
    "no key less deep than its neighbours": (_OUTPUT + " |", "", "account export"),
    "no key behind a value": ("  hostname: login >>   hostname: login acc|", "", "account"),
    "a group, in the middle of its name": ("execution: slurm/default >> execution: sl|urm", "slurm/default local", "vllm"),
    "another group": ("deployment: vllm >> deployment: |", "vllm sglang none", "local"),
    "an entry of defaults": ("  - deployment: vllm\n >>   - |\n", "deployment", "execution _self_ image"),
    "the last entry of defaults": ("  - _self_ >>   - |", "_self_", "execution"),
    "a task": ("    - name: ns_gpqa >>     - name: |", "ns_gpqa gsm8k lm-evaluation-harness.mmlu", "mmlu"),
    "a task, half typed": ("    - name: ns_gpqa >>     - name: ns_g|", "ns_gpqa", ""),
    "a task in quotes": ('    - name: ns_gpqa >>     - name: "ns|"', "ns_gpqa", ""),
    "a task in flow style": ("    - name: ns_gpqa >>     - {name: |}", "ns_gpqa", ""),
    "a new task": ("    - name: ns_gpqa >>     - name: ns_gpqa\n    - |", "name container", "image"),
    "a key of a task": ("    - name: ns_gpqa >>     - name: ns_gpqa\n      nemo|", "nemo_evaluator_config", "name config"),
    "a key of a task in flow style": ("    - name: ns_gpqa >>     - {name: ns_gpqa, |}", "env_vars", "name"),
    "an endpoint": ("    - name: ns_gpqa >>     - name: ns_gpqa\n      endpoint_type: |", "chat", "completions"),
    "a parameter, flow in flow": (_PARAMS + "top_p: 1, te|}}}", "temperature", "top_p name"),
    "flow that is not closed": (_PARAMS + "temperature: 0.6, |", "top_p", "temperature"),
    "flow over several lines": (_PARAMS + "top_p: 1,\n        te|\n      }}}", "temperature", "top_p"),
    "a key behind which others follow": (_PARAMS + "|, top_p: 1}}}", "temperature", "top_p"),
    "a key of extra": (_PARAMS[:-1] + "{extra: {|}}}}", "num_repeats judge", "temperature"),
    "an adapter's field": (_ADAPTER + "use_c|", "use_caching process_reasoning_traces", "temperature"),
    "true or false": (_ADAPTER + "use_caching: |", "true false", ""),
    "an interceptor": (_ADAPTER + "interceptors: [{name: |}]", "caching endpoint", "html"),
    "an interceptor's settings": (
        _ADAPTER + "interceptors:\n                - name: caching\n                  config: {|}", "cache_dir", "name"),
    "a flag in a folded text": (
        _SERVED + "  extra_args: >-\n    --max-model-len 32768\n    --enf|", "--enforce-eager", "--max-model-len"),
    "a value of a flag": (_SERVED + "  extra_args: >-\n    --quantization mo|", "modelopt_fp4", "modelopt_mixed"),
    "a value on the next line": (_SERVED + "  extra_args: >-\n    --quantization\n    mo|", "modelopt", "--seed"),
    "a value behind =, in quotes": (_SERVED + '  extra_args: "--tool-call-parser=|"', "hermes", "deepseek_r1"),
    "a flag in a command": (_SERVED + "  command: ||\n    vllm serve x \\\n      --reas|", "--reasoning-parser", ""),
    "a value in a command": (_SERVED + "  command: ||\n    vllm serve x --reasoning-parser \\\n      |", "deepseek_r1", ""),
    "no flag for the value of another": (_SERVED + "  extra_args: --max-model-len |", "", "--seed"),
    "a reference": (_SERVED + '  extra_args: "--served-model-name ${deployment.|}"', "deployment.port", "HF_TOKEN"),
    "a reference that is not closed": (_SERVED + "  extra_args: --port ${|", "deployment.port oc.env:", "image"),
    "a reference in a folded text": (_SERVED + "  extra_args: >-\n    --port ${dep|", "deployment.port", "--port"),
    "a variable of the shell": ("  hostname: login >>   hostname: ${oc.env:|}", "HF_TOKEN", "deployment.port"),
    "an image": ("  image: vllm/vllm-openai:v0.11.0 >>   image: |", "vllm/vllm-openai:v0.33.0", "lmsysorg/sglang:v0.5.9"),
    "an engine's variable": (_IMAGE + "  env_vars:\n    VLLM_US|", "VLLM_USE_V1", "host:"),
    "a variable's value": (_IMAGE + "  env_vars: {HF_TOKEN: |}", "host:HF_TOKEN host: lit: runtime:", "VLLM_USE_V1"),
    "a key that a task needs": (
        "    - name: ns_gpqa >>     - name: AIME_2025\n      env_vars:\n        |", "JUDGE_API_KEY", "VLLM_USE_V1"),
    "a destination": (_OUTPUT + "  auto_export:\n    destinations: [mlflow, |]", "wandb local", "mlflow"),
    "a destination on a line of its own": (_OUTPUT + "  auto_export:\n    destinations:\n      - |", "mlflow", "name"),
    "a key of the export": ("  - _self_\n >>   - _self_\nexport:\n  wandb:\n    |\n", "entity project", "tracking_uri"),
    "a word of a list of words": (
        "  - _self_\n >>   - _self_\nexport:\n  local: {format: |}\n", "json csv", "markdown"),
}  # fmt: skip

IN_NEXT: dict[str, tuple[str, str, str]] = {
    "a key at the top": ("sandboxes: >> out|\nsandboxes:", "output defaults", "services cluster"),
    "a key of a service": ("    node_pool: gpu >>     tens|", "tensor_parallel_size", "type url checkpoint_path"),
    "a key of an endpoint": ("    type: api\n >>     type: api\n    |\n", "api_key generation", "image url"),
    "a key where no type is told": ("    type: api\n >>     ty|\n", "type", "image extra_args"),
    "a type": ("    type: api >>     type: |", "vllm api", "slurm"),
    "a word in the middle": ("    type: vllm\n    protocol: chat_completions >>     type: vllm\n    protocol: ch|at",
        "chat_completions", "vllm"),
    "an image": ("    image: vllm/vllm-openai:v0.11.0 >>     image: |", "vllm/vllm-openai:v0.33.0", ""),
    "a pool": ("    node_pool: gpu >>     node_pool: |", "gpu", "model"),
    "a flag in flow style": (_ARGS + '    extra_args: ["--max-model-len", "1", |]', "--seed", "--max-model-len"),
    "a flag in quotes": (_ARGS + '    extra_args: ["--enf|"]', "--enforce-eager", "modelopt"),
    "a flag on a line of its own": (_ARGS + "    extra_args:\n      - --enf|", "--enforce-eager", ""),
    "a value as the next item": (_ARGS + "    extra_args:\n      - --quantization\n      - mo|", "modelopt", "--seed"),
    "a value as the next item in flow style": (_ARGS + '    extra_args: ["--quantization", "|"]', "modelopt", "--seed"),
    "a value behind =": (_ARGS + "    extra_args: [--quantization=mo|]", "modelopt", "--seed"),
    "no value in the flag's own item": (_ARGS + "    extra_args: [--quantization |]", "", "modelopt --seed"),
    "an engine's variable": (_ARGS + "    extra_env: {VLLM_US|}", "VLLM_USE_V1", "HF_TOKEN"),
    "a variable's value": (_ARGS + "    extra_env: {HF_TOKEN: |}", "${HF_TOKEN}", "host:HF_TOKEN"),
    "a variable of the environment": (_ARGS + "    served_model_name: ${|}", "HF_TOKEN .services.judge.url", "oc.env:"),
    "a reference": (_ARGS + '    served_model_name: "${.services.|', ".services.judge.url", "HF_TOKEN"),
    "a variable for later": (_ARGS + "    pre_cmd: echo $${|}", "HF_TOKEN", ".services.judge.url"),
    "an interceptor": (_ARGS + "    proxy:\n      interceptors:\n        - name: |", "drop_params", "logging_x"),
    "a key of the proxy": (_ARGS + "    proxy: {request_timeout: 60, |}", "max_retries", "request_timeout"),
    "sampling": (_ARGS + "    generation: {|", "temperature top_p", "top_k"),
    "a service that comes first": (_ARGS + "    depends_on: [|]", "judge", "model"),
    "a benchmark": ("  - name: gpqa >>   - name: |", "gpqa lm-eval:// harbor://", "terminal_bench_2_1"),
    "a benchmark, from inside": ("  - name: gpqa >>   - name: gp|qa", "gpqa", ""),
    "a playbook": ("  - name: gpqa\n >>   - playbook: |\n", "terminal_bench_2_1", "gpqa"),
    "a new benchmark": (_SOLVER + "    solver: {type: simple, service: model}\n  - |", "name solver playbook", "type"),
    "a key of a benchmark": ("    repeats: 4 >>     max|", "max_problems sandbox", "name solver limit_samples"),
    "a solver": (_SOLVER + "    solver: {type: |}", "simple harbor", "docker"),
    "a service": (_SOLVER + "    solver: {type: simple, service: |}", "model judge", "small"),
    "a key of a solver": (_SOLVER + "    solver:\n      type: harbor\n      |", "service agent", "type system_prompt"),
    "a sandbox by its name": ("    repeats: 4 >>     sandbox: |", "small", "gpu"),
    "a sandbox's type": ("    repeats: 4 >>     sandbox: {type: |}", "docker apptainer", "simple"),
    "a judge": ("    repeats: 4 >>     scoring: {metrics: [{type: judge, service: |}]}", "judge model", ""),
    "a key of a metric": ("    repeats: 4 >>     scoring: {metrics: [{type: judge, |}]}", "name service", "type services"),
    "a key of the cluster": ("  type: slurm\n >>   type: slurm\n  |\n", "account walltime", "node_pools gpus"),
    "a key of a pool": ('    gpu: {partition: batch, gres: "gpu:8"} >>     gpu: {gres: "gpu:8", |}', "partition", "gres"),
    "a report": ("sandboxes: >> output:\n  report: [html, |]\nsandboxes:", "markdown", "html"),
    "an exporter": ("sandboxes: >> output:\n  export:\n    - |\nsandboxes:", "mlflow wandb", "gsheets"),
    "an exporter's settings": (
        "sandboxes: >> output:\n  export_config: {mlflow: {|}}\nsandboxes:", "experiment_name", "entity"),
    "an entry of defaults": ("services:\n >> defaults:\n  - |\nservices:\n", "_base_ _self_", "execution"),
}  # fmt: skip
PLACES = {f"{name} (launcher)": (LAUNCHER, *case) for name, case in IN_LAUNCHER.items()}
PLACES |= {f"{name} (next)": (NEXT, *case) for name, case in IN_NEXT.items()}


@pytest.mark.parametrize("opened", ["typed", "opened", "with Windows line ends"])
@pytest.mark.parametrize(("base", "place", "wanted", "unwanted"), PLACES.values(), ids=PLACES)
def test_what_is_offered(base: str, place: str, wanted: str, unwanted: str, opened: str, tmp_path: Path) -> None:
    end = "\r\n" if "Windows" in opened else "\n"
    text = changed(base, place).replace("\n", end)
    items = completed(PLAIN, None if opened == "opened" else base.replace("\n", end), text, tmp_path / "eval.yaml")
    labels = [item["label"] for item in items]
    assert set(wanted.split()) <= set(labels)
    assert not set(unwanted.split()) & set(labels)
    assert len(labels) == len(set(labels))
    assert [item["sortText"] for item in items] == sorted(item["sortText"] for item in items)


# The place, a label, and the text from the line's beginning that taking it leaves; with a client that knows snippets.
TAKEN = {
    "a plain key": (LAUNCHER, "  hostname: login >>   hostname: login\n  acc|", "account", "  account: ", None),
    "a key that has its colon": (LAUNCHER, "  hostname: login >>   host|nam: login", "hostname", "  hostname: login", None),
    "a section": (LAUNCHER, "  - _self_\n >>   - _self_\nexp|\n", "export", "export:", "export:\n  $0"),
    "a list": (
        LAUNCHER, _OUTPUT + "  auto_export:\n    dest|", "destinations", "    destinations:", "    destinations:\n  - $0"),
    "a section in an element": (
        LAUNCHER, "    - name: ns_gpqa >>     - env|", "env_vars", "    - env_vars:", "    - env_vars:\n    $0"),
    "a section in flow style": (
        NEXT, _ARGS + "    proxy: {mod|}", "model_traffic", "    proxy: {model_traffic: }", "    proxy: {model_traffic: {$0\\}}"),
    "true or false": (
        NEXT, _ARGS + "    proxy: {verb|}", "verbose", "    proxy: {verbose: }", "    proxy: {verbose: ${1||true,false||}}"),
    "a value in the middle": (LAUNCHER, "execution: slurm/default >> execution: sl|ur", "slurm/default",
        "  - execution: slurm/default", None),
    "a value in quotes": (LAUNCHER, '    - name: ns_gpqa >>     - name: "ns|_x"', "ns_gpqa", '    - name: "ns_gpqa"', None),
    "a reference that is closed": (NEXT, _ARGS + "    pre_cmd: x ${HF|_T} y", "HF_TOKEN", "    pre_cmd: x ${HF_TOKEN} y", None),
    "a reference that is not": (NEXT, _ARGS + "    pre_cmd: x ${HF|", "HF_TOKEN", "    pre_cmd: x ${HF_TOKEN}", None),
    "a flag behind other letters": (LAUNCHER, _SERVED + "  extra_args: --served-model-name 𝄞é --enf| --seed 1",
        "--enforce-eager", "  extra_args: --served-model-name 𝄞é --enforce-eager --seed 1", None),
    "a prefix before its colon": (
        LAUNCHER, _IMAGE + "  env_vars: {X: ho|st:HF}", "host:HF_TOKEN", "  env_vars: {X: host:HF_TOKEN}", None),
}  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8", "utf-32"])
@pytest.mark.parametrize(("base", "place", "label", "plain", "rich"), TAKEN.values(), ids=TAKEN)
def test_what_taking_one_leaves(
    base: str, place: str, label: str, plain: str, rich: str | None, encoding: str, tmp_path: Path
) -> None:
    for snippets, expected in ((False, plain), (True, rich or plain)):
        text = changed(base, place)
        client = Client(snippets=snippets, encoding=encoding)
        item = next(one for one in completed(client, base, text, tmp_path / "eval.yaml") if one["label"] == label)
        whole, at = cursor_in(text)
        expected = expected.replace("||", "|")
        line = whole.count("\n", 0, at)
        edit = item["textEdit"]
        assert edit["range"]["start"]["line"] == edit["range"]["end"]["line"] == line
        if encoding == "utf-16":
            left = applied(whole, [edit])
            assert left.split("\n")[line : line + 1 + expected.count("\n")] == expected.split("\n")
        assert ("insertTextFormat" in item) is (snippets and rich is not None)


def test_what_must_be_there_comes_first_and_what_is_out_of_date_last(tmp_path: Path) -> None:
    def offered(base: str, place: str) -> list[dict[str, Any]]:
        return completed(PLAIN, base, changed(base, place), tmp_path / "eval.yaml")

    first = offered(LAUNCHER, "  hostname: login >>   |")[:2]
    assert [(item["label"], item["detail"]) for item in first] == [("hostname", "required"), ("account", "required")]
    assert offered(NEXT, "  - name: gpqa >>   - x: 1\n  - |")[0]["label"] == "name"
    last = offered(LAUNCHER, "  - _self_\n >>   - _self_\nexport:\n  mlflow:\n    |\n")[-3:]
    assert {item["label"] for item in last} == {"job_dirs", "log_logs", "log_artifacts"}
    assert [item["label"] for item in last if item.get("tags") == [1]] == ["log_logs", "log_artifacts"]


@pytest.mark.parametrize(
    ("base", "place"),
    [(LAUNCHER, "  hostname: login >>   |"), (NEXT, "    node_pool: gpu >>     |"), (NEXT, "    repeats: 4 >>     |")],
)
def test_keys_say_what_they_are(base: str, place: str, tmp_path: Path) -> None:
    items = completed(PLAIN, base, changed(base, place), tmp_path / "eval.yaml")
    assert [item["label"] for item in items if not item.get("documentation", {}).get("value")] == []


def test_a_value_of_a_secret_is_not_shown(tmp_path: Path) -> None:
    secret = "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYz012345"
    place = f"  - _self_\n >>   - _self_\nenv_vars: {{HF_TOKEN: lit:{secret}}}\nother: {secret}\nmine: ${{|}}\n"
    items = completed(PLAIN, None, changed(LAUNCHER, place), tmp_path / "eval.yaml")
    assert {"env_vars.HF_TOKEN", "other"} <= {item["label"] for item in items}
    assert secret not in str(items)


def test_the_config_that_is_built_on_is_offered(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(NEXT)
    (tmp_path / "eval.yaml").write_text("")
    place = "services:\n >> defaults:\n  - _base_: |\nservices:\n"
    items = completed(PLAIN, None, changed(NEXT, place), tmp_path / "eval.yaml")
    assert [item["label"] for item in items] == ["base.yaml"]


@pytest.mark.parametrize(("base", "place"), [(case[0], case[1]) for case in PLACES.values()], ids=PLACES)
def test_a_key_that_is_taken_is_legal(base: str, place: str, tmp_path: Path) -> None:
    """Where what is left parses there is no finding of an unknown key."""
    from advisor.lsp.diagnostics import diagnose
    from tests.lsp.places import session

    text = changed(base, place)
    whole, _ = cursor_in(text)
    path = tmp_path / "eval.yaml"
    for item in completed(PLAIN, base, text, path)[:3]:
        left = applied(whole, [item["textEdit"]])
        if item["kind"] != 5 or decode_document(str(path), left.encode()).problems:
            continue
        names = {one["data"]["name"] for one in diagnose(session(PLAIN, None, left, path))["items"]}
        said = [name for name in names if re.search(r"unknown-(\w+-)?key", name)]
        assert said == [], item["label"]
