"""The options that several commands have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


output_format = click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for programs.",
)


def reporting(command: _Command) -> _Command:
    """What is reported, how, and what is fixed of it."""
    for option in reversed(_REPORTING):
        command = option(command)
    return command


_REPORTING = (
    output_format,
    click.option(
        "--fail-on",
        type=click.Choice(["error", "warning", "info", "never"]),
        default="error",
        show_default=True,
        help="The least severity that makes the exit code 1.",
    ),
    click.option(
        "--select", multiple=True, metavar="RULES", help="Only these: ids, names or families, comma-separated."
    ),
    click.option(
        "--ignore", multiple=True, metavar="RULES", help="Not these: ids, names or families, comma-separated."
    ),
    click.option("--fix", is_flag=True, help="Write the fixes that cannot change what you meant into the files."),
    click.option("--unsafe", is_flag=True, help="With --fix or --diff: the fixes that are your choice too."),
    click.option("--diff", is_flag=True, help="Show what --fix would change; write nothing."),
    click.option(
        "--fix-only", multiple=True, metavar="RULES", help="As --fix, for these ids or names, comma-separated."
    ),
)
environment = click.option(
    "--environment", is_flag=True, help="The job is submitted from this shell: its variables and ./.env count."
)
nel_version = click.option(
    "--nel-version",
    metavar="VERSION",
    help="The launcher's version.  [default: the installed one, else the newest known]",
)
color = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Whether the text has colours.",
)
