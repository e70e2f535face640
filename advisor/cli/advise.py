"""`nel-advisor advise`: the options of the main job."""

from __future__ import annotations

import sys
from typing import Any

import click

from advisor.cli.advising import BadUse, Options, advise


@click.command("advise")
@click.argument("targets", nargs=-1, metavar="[FILE|DIR|-]...")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info", "never"]),
    default="error",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
@click.option("--select", multiple=True, metavar="RULES", help="Only these: ids, names or families, comma-separated.")
@click.option("--ignore", multiple=True, metavar="RULES", help="Not these: ids, names or families, comma-separated.")
@click.option("--fix", is_flag=True, help="Write the fixes that cannot change what you meant into the files.")
@click.option("--unsafe", is_flag=True, help="With --fix or --diff: the fixes that are your choice too.")
@click.option("--diff", is_flag=True, help="Show what --fix would change; write nothing.")
@click.option("--fix-only", multiple=True, metavar="RULES", help="As --fix, for these ids or names, comma-separated.")
@click.option("--baseline", metavar="FILE", help="Report only what this file does not hold.")
@click.option("--write-baseline", is_flag=True, help="Write what is found now into the --baseline file.")
@click.option("--source", metavar="DIR", default="", help="The checkpoint that the targets were quantized from.")
@click.option(
    "--environment", is_flag=True, help="The job is submitted from this shell: its variables and ./.env count."
)
@click.option(
    "--nel-version",
    metavar="VERSION",
    help="The launcher's version.  [default: the installed one, else the newest known]",
)
@click.option("--jobs", "-j", type=click.IntRange(1, 64), help="Processes.  [default: by file count and cores]")
@click.option("--stdin-name", default="<stdin>", show_default=True, help="What standard input (-) is called.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(**given: Any) -> None:
    """Advise on NEL configs and checkpoints: files as named, every NEL config (told by content) and checkpoint below a
    folder and the folder itself, or standard input (-).

    Without a target, the current folder.
    """
    try:
        code = advise(Options(**given))
    except BadUse as error:
        raise click.UsageError(str(error)) from None
    sys.exit(code)
