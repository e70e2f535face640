"""`nel-advisor advise`: the options of the main job."""

from __future__ import annotations

import sys
from typing import Any

import click

from advisor.cli.advising import BadUse, Options, advise
from advisor.cli.options import color, environment, nel_version, reporting


@click.command("advise")
@click.argument("targets", nargs=-1, metavar="[FILE|DIR|-]...")
@reporting
@click.option("--baseline", metavar="FILE", help="Report only what this file does not hold.")
@click.option("--write-baseline", is_flag=True, help="Write what is found now into the --baseline file.")
@click.option("--source", metavar="DIR", default="", help="The checkpoint that the targets were quantized from.")
@environment
@nel_version
@click.option("--jobs", "-j", type=click.IntRange(1, 64), help="Processes.  [default: by file count and cores]")
@click.option("--stdin-name", default="<stdin>", show_default=True, help="What standard input (-) is called.")
@color
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
