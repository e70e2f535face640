"""`nel-advisor advise`: the main job."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from advisor.cli.failures import FAILED, FOUND, complain, fail
from advisor.cli.loading import context_here, policies_or_fail
from advisor.cli.work import (
    STANDARD_INPUT,
    Rendered,
    Report,
    Target,
    Treatment,
    Work,
    default_jobs,
    expand,
    paths_of,
    run_all,
    with_progress,
)
from advisor.policies import Asked, Policies
from advisor.report.style import Style, style_for
from advisor.report.summary import Summary, total
from advisor.report.text import summary_text

if TYPE_CHECKING:
    from advisor.baseline import Baseline


# Stands for any file of this folder.
_HERE = "./-"


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
def command(
    targets: tuple[str, ...],
    output: str,
    fail_on: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    unsafe: bool,
    diff: bool,
    fix_only: tuple[str, ...],
    baseline: str | None,
    write_baseline: bool,
    source: str,
    environment: bool,
    nel_version: str | None,
    jobs: int | None,
    stdin_name: str,
    color: str,
) -> None:
    """Advise on NEL configs and checkpoints: files as named, every NEL config (told by content) and checkpoint below a
    folder and the folder itself, or standard input (-).

    Without a target, the current folder.
    """
    fixes = fix or bool(fix_only)
    _check_options(targets, output, fixes=fixes, unsafe=unsafe, diff=diff, baseline=baseline, writes=write_baseline)
    missing: list[str] = []
    wanted = expand(targets or (".",), missing.append)
    if source and not os.path.isdir(source):
        raise click.UsageError(f"--source {source}: there is no such folder.")
    context = context_here(check_environment=environment, nel_version=nel_version or "")
    context = context._replace(source=source)
    known = _baseline(baseline) if baseline and not write_baseline else None
    asked = Asked(context, select, ignore, nel_version or "", known)
    policies = policies_or_fail(asked, [*paths_of(wanted, stdin_name), _HERE])
    style = style_for(sys.stdout, color) if output == "text" else None
    then: Treatment = Report(style, baseline or "" if write_baseline else "")
    if fixes or diff:
        then = _fixer(policies, style, fix_only, unsafe=unsafe, diff=diff)
    results = _results(Work(policies, then, stdin_name), wanted, jobs, missing)
    if write_baseline:
        _write_baseline(str(baseline), results)
        sys.exit(FAILED if missing else 0)
    if diff:
        summary = _print_diffs(results, style or style_for(sys.stderr, color))
    else:
        summary = _print_text(results, style) if style else _print_json(results)
    for message in missing:
        complain(message)
    sys.exit(FAILED if missing else FOUND if summary.at_or_above(fail_on) else 0)


def _check_options(
    targets: tuple[str, ...], output: str, *, fixes: bool, unsafe: bool, diff: bool, baseline: str | None, writes: bool
) -> None:
    if unsafe and not (fixes or diff):
        raise click.UsageError("--unsafe says which fixes --fix and --diff take: give one of them.")
    if diff and output == "json":
        raise click.UsageError("--diff prints a diff, not JSON.")
    if fixes and not diff and STANDARD_INPUT in targets:
        raise click.UsageError("standard input cannot be fixed in place; --diff shows what would change.")
    if writes and not baseline:
        raise click.UsageError("--write-baseline needs --baseline FILE, the file to write.")
    if writes and (fixes or diff):
        raise click.UsageError("--write-baseline goes with no fixes.")


def _fixer(policies: Policies, style: Style | None, only: tuple[str, ...], *, unsafe: bool, diff: bool) -> Treatment:
    from advisor.cli.fixing import FixInPlace, ShowDiff, only_these
    from advisor.engine.selection import UnknownSelector
    from advisor.fixing.rounds import Wanted

    try:
        wanted = Wanted(unsafe, only_these(policies.of(_HERE).base, only))
    except UnknownSelector as error:
        fail(f"--fix-only: {error}")
    return ShowDiff(wanted) if diff else FixInPlace(wanted, style)


def _results(work: Work, wanted: list[Target], jobs: int | None, failures: list[str]) -> Iterator[Rendered]:
    """The results of NEL configs; what went wrong with one joins the failures."""
    for result in with_progress(run_all(work, wanted, jobs or default_jobs(len(wanted))), len(wanted)):
        if result is not None:
            failures += result.complaints if result.failed else ()
            for complaint in () if result.failed else result.complaints:
                complain(complaint)
            yield result


def _print_text(results: Iterator[Rendered], style: Style) -> Summary:
    summaries, fixed = [], []
    for result in results:
        summaries.append(result.summary)
        fixed.append(result.fixed)
        if result.text:
            click.echo(result.text, color=True)
    summary = total(summaries)
    done = f"fixed {_counted(fixed)}; left: " if any(fixed) else ""
    click.echo(done + summary_text(summary, style), color=True)
    return summary


def _counted(counts: list[int]) -> str:
    """How many findings in how many files."""
    files = sum(map(bool, counts))
    return f"{sum(counts)} in {files} {'file' if files == 1 else 'files'}"


def _print_diffs(results: Iterator[Rendered], style: Style) -> Summary:
    """Diffs alone on standard output, so that another program can take them."""
    summaries, fixed = [], []
    for result in results:
        summaries.append(result.summary)
        fixed.append(result.fixed)
        click.echo(result.text, nl=False)
    summary = total(summaries)
    click.echo(f"would fix {_counted(fixed)}; now: {summary_text(summary, style)}", err=True)
    return summary


def _print_json(results: Iterator[Rendered]) -> Summary:
    """The contract, written target by target, so that a large tree needs no more memory than a small one."""
    import json

    from advisor.report.json import VERSION, summary_json

    summaries: list[Summary] = []
    fixed = []
    click.echo(f'{{"version": {VERSION}, "targets": [', nl=False)
    for result in results:
        click.echo(("," if summaries else "") + "\n" + result.text, nl=False)
        summaries.append(result.summary)
        fixed.append(result.fixed)
    summary = total(summaries)
    click.echo(f'\n], "summary": {json.dumps(summary_json(summary))}}}')
    if any(fixed):
        click.echo(f"fixed {_counted(fixed)}", err=True)
    return summary


def _baseline(path: str) -> Baseline:
    from advisor.baseline import BaselineError, read_baseline

    try:
        return read_baseline(path)
    except BaselineError as error:
        fail(str(error))


def _write_baseline(path: str, results: Iterator[Rendered]) -> None:
    from advisor.baseline import BaselineError, write_baseline

    try:
        count = write_baseline(path, (known for result in results for known in result.known))
    except BaselineError as error:
        fail(str(error))
    click.echo(f"wrote {count} {'finding' if count == 1 else 'findings'} to {path}")
