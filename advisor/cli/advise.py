"""`nel-advisor advise`: the main job."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from advisor.cli.failures import FAILED, FOUND, complain, fail
from advisor.cli.loading import base_or_fail, context_here
from advisor.cli.work import Rendered, Work, default_jobs, expand, run_all, with_progress
from advisor.engine.selection import UnknownSelector, make_selection
from advisor.nel.context import NEWEST_NEL
from advisor.report.json import VERSION, summary_json
from advisor.report.style import Style, style_for
from advisor.report.summary import Summary, total
from advisor.report.text import summary_text


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
@click.option("--environment", is_flag=True, help="The job is submitted from this shell: its variables and ./.env count.")
@click.option("--nel-version", metavar="VERSION", help="The launcher's version.  [default: the newest known]")
@click.option("--jobs", "-j", type=click.IntRange(1, 64), help="Processes.  [default: by file count and cores]")
@click.option("--stdin-name", default="<stdin>", show_default=True, help="What standard input (-) is called.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(
    targets: tuple[str, ...],
    output: str,
    fail_on: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    environment: bool,
    nel_version: str | None,
    jobs: int | None,
    stdin_name: str,
    color: str,
) -> None:
    """Advise on NEL configs: files as named, every NEL config below a folder (told by content), or standard input (-).

    Without a target, the current folder.
    """
    missing: list[str] = []
    wanted = expand(targets or (".",), missing.append)
    base = base_or_fail()
    try:
        selection = make_selection(base.rules, select, ignore)
    except UnknownSelector as error:
        fail(str(error))
    style = style_for(sys.stdout, color) if output == "text" else None
    context = context_here(check_environment=environment, nel_version=nel_version or NEWEST_NEL)
    work = Work(base, context, selection, style, stdin_name)
    results = with_progress(run_all(work, wanted, jobs or default_jobs(len(wanted))), len(wanted))
    summary = _print_text(results, style) if style else _print_json(results)
    for message in missing:
        complain(message)
    sys.exit(FAILED if missing else FOUND if summary.at_or_above(fail_on) else 0)


def _print_text(results: Iterator[Rendered | None], style: Style) -> Summary:
    summaries = []
    for result in results:
        if result is not None:
            summaries.append(result.summary)
            if result.text:
                click.echo(result.text, color=True)
    summary = total(summaries)
    click.echo(summary_text(summary, style), color=True)
    return summary


def _print_json(results: Iterator[Rendered | None]) -> Summary:
    """The contract, written target by target, so that a large tree needs no more memory than a small one."""
    import json

    summaries: list[Summary] = []
    click.echo(f'{{"version": {VERSION}, "targets": [', nl=False)
    for result in results:
        if result is not None:
            click.echo(("," if summaries else "") + "\n" + result.text, nl=False)
            summaries.append(result.summary)
    summary = total(summaries)
    click.echo(f'\n], "summary": {json.dumps(summary_json(summary))}}}')
    return summary
