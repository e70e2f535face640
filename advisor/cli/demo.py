"""`nel-advisor demo`: a small realistic workspace with mistakes in it, advised on."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from advisor.cli.failures import fail
from advisor.cli.loading import context_here, policies_or_fail
from advisor.cli.work import Report
from advisor.document.reading import read_document
from advisor.nel.context import NEWEST_NEL
from advisor.policies import Asked
from advisor.report.style import style_for
from advisor.report.text import summary_text

CHECKPOINT = "Demo-2L-NVFP4"
CONFIG = """\
# Evaluates an NVFP4 checkpoint on a SLURM cluster. It would be accepted, queue for hours, and score the wrong thing.
defaults:
  - execution: slurm/default
  - deployment: vllm
  - _self_

execution:
  hostname: login01
  account: nlp
  output_dir: /scratch/nlp/results
  walltime: 12:00:00
  mounts: {{mount_home: false}}

deployment:
  image: vllm/vllm-openai:v0.13.0
  checkpoint_path: {checkpoint}
  hf_model_handle: example/Demo-2L
  served_model_name: demo-2l-nvfp4
  tensor_parallel_size: 16
  extra_args: "--max_model_len 16384 --quantization modelopt_fp8 --guided-decoding-backend xgrammar"

evaluation:
  env_vars:
    HF_TOKEN: HF_TOKEN
  nemo_evaluator_config:
    config:
      params:
        max_tokens: 32768
        temperature: 0.6
      target:
        api_endpoint:
          adapter_config:
            use_system_prompt: true
            custom_system_prompt: "/no_think"
  tasks:
    - name: gpqa_diamond
    - name: ns_scicode

export:
  mlflow:
    tracking_uri: http://mlflow.lab:5000
    tags: {{temperature: 0.6}}
"""


@click.command("demo")
@click.argument("directory", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
def command(directory: Path | None) -> None:
    """Build a small workspace in DIR (a new one; by default in a new temporary folder), and advise on it."""
    from advisor.checkpoint.synthesize import write_demo_checkpoint

    try:
        if directory is None:
            directory = Path(tempfile.mkdtemp(prefix="nel-advisor-demo-"))
        else:
            directory.mkdir(parents=True)
        write_demo_checkpoint(directory / CHECKPOINT)
        config = directory / "eval.yaml"
        config.write_text(CONFIG.format(checkpoint=(directory / CHECKPOINT).resolve()), encoding="utf-8")
    except FileExistsError:
        fail(f"{directory} is there already: name a new directory")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")
    shown = os.path.relpath(config) if not config.is_absolute() else str(config)
    click.echo(
        f"Wrote a tiny NVFP4 checkpoint and a config with mistakes to {directory}\n\n$ nel-advisor advise {shown}\n"
    )
    style = style_for(sys.stdout, "auto")
    asked = Asked(context_here(check_environment=False, nel_version=NEWEST_NEL))
    rendered = Report(style).config(read_document(shown), policies_or_fail(asked, [shown]).of(shown))
    click.echo(rendered.text, color=True)
    click.echo(summary_text(rendered.summary, style), color=True)
