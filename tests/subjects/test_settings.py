"""What is taken for a placeholder, and what is not."""

from __future__ import annotations

import pytest

from advisor.subjects.settings import placeholder


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("execution.account", "<your-slurm-account>", "<your-slurm-account>"),
        ("execution.account", "CHANGE_ME", "CHANGE_ME"),
        ("execution.account", "your_account", "your_account"),
        ("execution.account", "TODO", "TODO"),
        ("execution.account", "yourlab", None),
        ("execution.account", "exchange-media", None),
        ("execution.account", "my-account", None),
        ("execution.output_dir", "/path/to/results", "/path/to"),
        ("execution.output_dir", "/lustre/path/to/results", "path/to"),
        ("execution.output_dir", "/path/together", None),
        ("execution.output_dir", "/lustre/todo", None),
        ("target.api_endpoint.url", "https://<HOST>/v1", "<HOST>"),
        ("target.api_endpoint.url", "...", "..."),
        ("target.api_endpoint.url", "http://host/v1...", None),
        ("target.api_endpoint.url", "http://api.example.com/v1", "api.example.com"),
        ("target.api_endpoint.url", "http://example.company.com/v1", None),
        ("target.api_endpoint.url", "http://example.com.lab/v1", None),
        ("deployment.image", "vllm/vllm-openai:v0.16.0", None),
        ("deployment.extra_args", "--tp <N> --x", "<N>"),
        ("deployment.extra_args", "--tp=<N>", "<N>"),
        ("deployment.extra_args", "--stop '<END>'", None),
        ("deployment.command", "cat <in.txt >out.txt && sort < a > b", None),
        ("deployment.command", "serve /path/to/model", "/path/to"),
        ("deployment.command", "# see /path/to/model\nserve /m", None),
        ("env_vars.A", "host:<KEY NAME>", "<KEY NAME>"),
        ("env_vars.A", "lit:/path/to/x", "/path/to"),
        ("env_vars.A", "lit:your time", None),
        ("evaluation.pre_cmd", "git clone <url", None),
        ("x.custom_system_prompt", "Fill <YOUR_NAME>; CHANGEME", None),
        ("x.start_reasoning_token", "<think>", None),
        ("x.params_to_add.stop", "<END OF TURN>", None),
        ("x.chat_template", "<|im_start|> <USER NAME>", None),
        ("x.params.extra.eos", "<EOS>", None),
        ("x.params.extra.judge.url", "<INFERENCE_JUDGE_URL>", "<INFERENCE_JUDGE_URL>"),
        ("x.params.extra.base", "<INFERENCE_JUDGE_URL>", "<INFERENCE_JUDGE_URL>"),
        ("export.mlflow.description", "results of your-model", None),
        ("export.mlflow.description", "CHANGEME", "CHANGEME"),
    ],
)
def test_placeholders(path: str, text: str, found: str | None) -> None:
    match, _ = placeholder(tuple(path.split(".")), text)
    assert (match.group() if match else None) == found
