"""`nel-advisor new`: a starter config for a checkpoint."""

from __future__ import annotations

import os
import tempfile

import click

from advisor.cli.failures import fail
from advisor.nel.benchmarks import STANDARD, sets


@click.command("new")
@click.argument("checkpoint")
@click.option(
    "-o", "--output", metavar="FILE", help="Where to write it, - for standard output.  [default: NAME.nel.yaml]"
)
@click.option(
    "--for",
    "use",
    type=click.Choice([one.name for one in sets()]),
    default=STANDARD,
    show_default=True,
    help="Which tasks to run: `nel-advisor benchmarks` lists the sets.",
)
@click.option(
    "--execution", type=click.Choice(["local", "slurm"]), default="slurm", show_default=True, help="Where it runs."
)
@click.option(
    "--deployment", type=click.Choice(["vllm", "sglang", "trtllm"]), help="The server.  [default: one that loads it]"
)
@click.option("--gpus", type=click.IntRange(1, 64), metavar="N", help="GPUs of one node.  [default: 8 on slurm]")
@click.option("--gpu-memory", type=click.IntRange(8, 1024), metavar="GB", help="Memory of one GPU.  [default: 80]")
def command(
    checkpoint: str,
    output: str | None,
    use: str,
    execution: str,
    deployment: str | None,
    gpus: int | None,
    gpu_memory: int | None,
) -> None:
    """Write a starter config for the CHECKPOINT directory.

    What only a person can answer is ???. No file is overwritten.
    """
    from advisor.checkpoint.read import read_checkpoint
    from advisor.starter.choices import CannotStart, Wanted, choose
    from advisor.starter.text import questions, starter_text

    if not os.path.isdir(checkpoint):
        fail(f"{checkpoint}: there is no such folder")
    read = read_checkpoint(checkpoint)
    broken = next((problem for problem in read.problems if not problem.file and not read.files), None)
    if broken is not None:
        fail(f"{checkpoint}: {broken.message}")
    try:
        choices = choose(read, Wanted(execution, deployment, gpus, gpu_memory, use))
    except CannotStart as error:
        fail(f"{checkpoint}: {error}")
    text = starter_text(choices)
    if output == "-":
        click.echo(text, nl=False)
        return
    target = output or f"{choices.name}.nel.yaml"
    _check(target, checkpoint)
    try:
        write_new(target, text)
    except FileExistsError:
        fail(f"{target} is there already: name another file with -o")
    except OSError as error:
        fail(f"{target}: {error.strerror or error}")
    asked = questions(text)
    click.echo(f"wrote {target}" + (f"; to be filled in: {', '.join(asked)}" if asked else ""))


def _check(target: str, checkpoint: str) -> None:
    """A config that NEL would not find, or that would lie in the checkpoint, is no use."""
    if not target.endswith(".yaml"):
        fail(f"{target}: NEL reads only configs whose name ends in .yaml")
    if os.path.realpath(os.path.dirname(target) or ".") == os.path.realpath(checkpoint):
        fail(f"{target} would lie in the checkpoint: name another place with -o")


def write_new(path: str, text: str) -> None:
    """Write a file that is not there yet, whole or not at all. Raises FileExistsError, OSError."""
    descriptor, temporary = tempfile.mkstemp(prefix=".nel-advisor-", dir=os.path.dirname(path) or ".")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.link(temporary, path)
    finally:
        os.unlink(temporary)
