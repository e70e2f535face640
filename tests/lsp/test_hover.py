"""Hover on every kind of thing, in both dialects: `old >> new` in a config, the cursor is at `|`."""

# A row of the tables is a line, whatever its length.
# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="the extra lsp is not installed")
from advisor.lsp.session import Client
from tests.lsp.places import LAUNCHER, NEXT, changed, hovered
from tests.lsp.texts import MISTAKEN

CLIENT = Client(markdown=True)
_ARGS = '    extra_args: ["--max-model-len", "32768"] >> '
_SERVED = "  served_model_name: model >>   served_model_name: model\n"

IN_LAUNCHER = {
    "a key": ("  hostname: login >>   host|name: login", ["**execution.hostname**", "login node", "Effective value: `login`"]),
    "a key that must be filled in": ("  hostname: login >>   host|name: ???", ["required", "it is ???, to be filled in"]),
    "a value that refers to one that is not filled in": (
        _SERVED + "  cache_path: /c/${exe|cution.account}", ["Not known here: it is ???"]),
    "a key whose value refers to one that is not": (
        _SERVED + "  cache_p|ath: /c/${execution.account}", ["something that it refers to is ???"]),
    "a default's origin": ("  hostname: login >>   hostname: login\n  part|ition: ???", ["`batch`, from the default of execution slurm/default"]),
    "a key that nobody reads": ("  hostname: login >>   hostname: login\n  partit|on: x", ["Nobody reads a key of this name here"]),
    "a key that is refused": ("    - name: ns_gpqa >>     - name: ns_gpqa\n      limi|t: 1", ["The launcher refuses a key of this name here"]),
    "a shipped config": ("execution: slurm/default >> execution: slurm/def|ault", ["NEL's own config for execution", "`hostname`, `account`, `output_dir`", "partition: batch"]),
    "a shipped config, on its key": ("deployment: vllm >> deploy|ment: vllm", ["tensor_parallel_size: 8"]),
    "_self_": ("  - _self_ >>   - _se|lf_", ["Keep it last"]),
    "a task": ("name: ns_gpqa >> name: ns_|gpqa", ["nemo_skills.ns_gpqa", "endpoint: chat", "nemo-skills:", "every sample is run once", "quantization shows in it"]),
    "a task, on its key": ("name: ns_gpqa >> na|me: ns_gpqa", ["nemo_skills.ns_gpqa"]),
    "a task with a judge": ("name: ns_gpqa >> name: AIME|_2025", ["calls another model (judge", "JUDGE_API_KEY"]),
    "a task that nobody knows": ("name: ns_gpqa >> name: ns_gp|q", ["NEL knows no task of this name", "ns_gpqa"]),
    "a flag": (_SERVED + "  extra_args: --max-mo|del-len 1", ["**--max-model-len**", "vLLM 0.11.0 has it"]),
    "a flag in a command": (_SERVED + "  command: >-\n    vllm serve x\n    --enfor|ce-eager", ["vLLM 0.11.0 has it"]),
    "a flag that came later": (_SERVED + "  extra_args: --attention|-backend x", ["vLLM 0.11.0 does not have it yet"]),
    "a flag's value": (_SERVED + "  extra_args: --quantization model|opt", ["**modelopt** for `--quantization`", "vLLM 0.11.0 takes it"]),
    "a value that is none": (_SERVED + "  extra_args: --reasoning-parser deep|seek", ["No version of vLLM", "`deepseek_r1`"]),
    "a reference": (_SERVED + "  extra_args: --port ${deploy|ment.port}", ["It becomes `8000`, from the default of deployment vllm"]),
    "a reference to nothing": (_SERVED + "  extra_args: --port ${deploy|ment.prot}", ["It names nothing in this config"]),
    "a variable of the shell": ("  hostname: login >>   hostname: ${oc.env:HF_|TOKEN,x}", ["The variable HF_TOKEN", "`x` where it is not set", "It is set in the shell of this server"]),
    "a variable that is not set": ("  hostname: login >>   hostname: ${oc.env:NO|PE}", ["It is not set in the shell of this server"]),
    "host:": (_SERVED + "  env_vars: {HF_TOKEN: host:HF|_TOKEN}", ["**HF_TOKEN** of the shell that submits the job", "It is set"]),
    "runtime:": (_SERVED + "  env_vars: {A: runt|ime:B}", ["**B** of the container"]),
    "lit:": (_SERVED + "  env_vars: {A: li|t:b}", ["Anybody may read it"]),
    "an engine's variable": (_SERVED + "  env_vars: {VLLM_USE|_V1: lit:1}", ["vLLM 0.11.0 reads it"]),
}  # fmt: skip

IN_NEXT = {
    "a key": ("    node_pool: gpu >>     node|_pool: gpu", ["**services.model.node_pool** · text", "cluster.node_pools", "Effective value: `gpu`"]),
    "a key of the whole": ("services:\n >> serv|ices:\n", ["mapping · required", "benchmarks ask"]),
    "a type": ("    type: api >>     ty|pe: api", ["vllm | sglang", "required"]),
    "a key that is refused": ("    node_pool: gpu >>     checkpoint_|path: /x", ["nel-next refuses a key of this name here"]),
    "a pool": ("    node_pool: gpu >>     node_pool: g|pu", ["**gpu** · node pool", "partition: `batch`", "gres: `gpu:8`"]),
    "a pool that is not there": ("    node_pool: gpu >>     node_pool: g|pus", ["There is no node pool of this name"]),
    "a service": ("service: model} >> service: mo|del}", ["**model** · service", "type: `vllm`", "model: `org/model`"]),
    "a service that is not there": ("service: model} >> service: mode|ls}", ["There is no service of this name"]),
    "a sandbox": ("    repeats: 4 >>     sandbox: sm|all", ["**small** · sandbox", "type: `docker`"]),
    "a benchmark": ("name: gpqa >> name: gp|qa", ["nel-next's own benchmarks", "quantization shows in it"]),
    "a benchmark of another harness": ("name: gpqa >> name: lm-eval://gs|m8k", ["lm-evaluation-harness", "GSM8K"]),
    "a benchmark that nobody knows": ("name: gpqa >> name: gpq|aa", ["no benchmark of this name; nearest: `gpqa`"]),
    "a playbook": ("name: gpqa >> playbook: terminal_bench_2|_1", ["A packaged benchmark", "terminus-2"]),
    "a playbook that nobody knows": ("name: gpqa >> playbook: terminal_bench_2|_2", ["no playbook of this name"]),
    "a playbook's value": ("  - name: gpqa\n    repeats: 4\n >>   - playbook: pinchbench\n    sandbox: {time|out: 2}\n", ["1800 by default", "`2`"]),
    "a flag": (_ARGS + '    extra_args: ["--max-mo|del-len", "1"]', ["**--max-model-len**", "vLLM 0.11.0 has it"]),
    "a flag behind which its value stands": (_ARGS + '    extra_args: ["--quanti|zation=modelopt"]', ["vLLM 0.11.0 has it"]),
    "a flag's value": (_ARGS + '    extra_args: ["--quantization", "model|opt"]', ["**modelopt** for `--quantization`"]),
    "a value in the flag's own item": (_ARGS + "    extra_args: [--quantization=mod|elopt]", ["**modelopt** for `--quantization`"]),
    "an engine's variable": (_ARGS + '    extra_env: {VLLM_USE|_V1: "1"}', ["vLLM 0.11.0 reads it"]),
    "a variable": (_ARGS + "    pre_cmd: x ${HF_|TOKEN:-y}", ["The variable HF_TOKEN, looked up when the config is read", "`y` where it is not set"]),
    "a variable for later": (_ARGS + "    pre_cmd: x $${HF_|TOKEN}", ["Left for the job"]),
    "a reference": (_ARGS + '    served_model_name: "${.services.mo|del.model}"', ["It becomes `org/model`"]),
    "what nobody replaces": (_ARGS + "    pre_cmd: x ${oc.env:|USER}", ["Nobody replaces it"]),
}  # fmt: skip
PLACES = {f"{name} (launcher)": (LAUNCHER, *case) for name, case in IN_LAUNCHER.items()}
PLACES |= {f"{name} (next)": (NEXT, *case) for name, case in IN_NEXT.items()}


@pytest.mark.parametrize(("base", "place", "wanted"), PLACES.values(), ids=PLACES)
def test_hover(base: str, place: str, wanted: list[str], tmp_path: Path) -> None:
    said = hovered(CLIENT, changed(base, place), tmp_path / "eval.yaml")
    assert [one for one in wanted if one not in said] == [], said


def test_the_model_of_a_service_is_read_where_it_is_here(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
    (tmp_path / "model.safetensors").write_bytes((8).to_bytes(8, "little") + b"{}      ")
    for path, said in ((tmp_path, "not quantized"), (tmp_path / "no", "It is not on this machine")):
        text = changed(NEXT, f"    model: org/model >>     mod|el: {path}")
        assert said in hovered(CLIENT, text, tmp_path / "eval.yaml")


@pytest.mark.parametrize("shows", [False, True])
def test_a_finding_is_said_once(shows: bool, tmp_path: Path) -> None:
    """An editor that shows it in its own hover is told why only; the rule links to its page."""
    said = hovered(
        Client(markdown=True, shows_findings=shows), MISTAKEN.replace("12:00:00", "12|:00:00"), tmp_path / "e.yaml"
    )
    assert ("without quotes is the number" in said) is not shows
    assert "YAML 1.1 reads digits with colons" in said
    assert "[NEL640](file://" in said
