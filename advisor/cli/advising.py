"""What `nel-advisor advise` does. It needs no click: a call that names nothing but targets does not import it, since
that takes as long as the rest of a cold start."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

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
from advisor.document.reading import read_document
from advisor.policies import Asked, Policies
from advisor.records import NamedTuple
from advisor.report.style import Style, style_for
from advisor.report.summary import Summary, total
from advisor.report.text import summary_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.baseline import Baseline


# Stands for any file of this folder.
_HERE = "./-"


class BadUse(ValueError):
    """Options that do not go together."""


class Options(NamedTuple):
    """The options of the command, by their names there; `beside` is the baseline that the target is compared with."""

    targets: tuple[str, ...] = ()
    output: str = "text"
    fail_on: str = "error"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fix: bool = False
    unsafe: bool = False
    diff: bool = False
    fix_only: tuple[str, ...] = ()
    baseline: str | None = None
    write_baseline: bool = False
    source: str = ""
    environment: bool = False
    nel_version: str | None = None
    jobs: int | None = None
    stdin_name: str = "<stdin>"
    color: str = "auto"
    beside: str = ""


def advise(given: Options) -> int:
    """Advises, prints, and returns the exit code. Raises BadUse."""
    fixes = given.fix or bool(given.fix_only)
    _check_options(given, fixes=fixes)
    missing: list[str] = []
    wanted = expand(given.targets or (".",), missing.append, complain)
    if given.source and not os.path.isdir(given.source):
        raise BadUse(f"--source {given.source}: there is no such folder.")
    context = context_here(check_environment=given.environment, nel_version=given.nel_version or "")
    context = context._replace(source=given.source)
    known = _baseline(given.baseline) if given.baseline and not given.write_baseline else None
    beside = read_document(given.beside) if given.beside else None
    asked = Asked(context, given.select, given.ignore, given.nel_version or "", known, beside)
    policies = policies_or_fail(asked, [*paths_of(wanted, given.stdin_name), _HERE])
    style = style_for(sys.stdout, given.color) if given.output == "text" else None
    then: Treatment = Report(style, given.baseline or "" if given.write_baseline else "")
    if fixes or given.diff:
        then = _fixer(policies, style, given.fix_only, unsafe=given.unsafe, diff=given.diff)
    results = _results(Work(policies, then, given.stdin_name), wanted, given.jobs, missing)
    if given.write_baseline:
        _write_baseline(str(given.baseline), results)
        return FAILED if missing else 0
    if given.diff:
        summary = _print_diffs(results, style or style_for(sys.stderr, given.color))
    else:
        summary = _print_text(results, style) if style else _print_json(results)
    for message in missing:
        complain(message)
    return FAILED if missing else FOUND if summary.at_or_above(given.fail_on) else 0


def _check_options(given: Options, *, fixes: bool) -> None:
    if given.unsafe and not (fixes or given.diff):
        raise BadUse("--unsafe says which fixes --fix and --diff take: give one of them.")
    if given.diff and given.output == "json":
        raise BadUse("--diff prints a diff, not JSON.")
    if fixes and not given.diff and STANDARD_INPUT in given.targets:
        raise BadUse("standard input cannot be fixed in place; --diff shows what would change.")
    if given.write_baseline and not given.baseline:
        raise BadUse("--write-baseline needs --baseline FILE, the file to write.")
    if given.write_baseline and (fixes or given.diff):
        raise BadUse("--write-baseline goes with no fixes.")


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
            if result.summary.targets:
                yield result


def _print_text(results: Iterator[Rendered], style: Style) -> Summary:
    summaries, fixed = [], []
    for result in results:
        summaries.append(result.summary)
        fixed.append(result.fixed)
        if result.text:
            print(result.text)
    summary = total(summaries)
    done = f"fixed {_counted(fixed)}; left: " if any(fixed) else ""
    print(done + summary_text(summary, style))
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
        print(result.text, end="")
    summary = total(summaries)
    print(f"would fix {_counted(fixed)}; now: {summary_text(summary, style)}", file=sys.stderr)
    return summary


def _print_json(results: Iterator[Rendered]) -> Summary:
    """The contract, written target by target, so that a large tree needs no more memory than a small one."""
    import json

    from advisor.report.json import VERSION, summary_json

    summaries: list[Summary] = []
    fixed = []
    print(f'{{"version": {VERSION}, "targets": [', end="")
    for result in results:
        print(("," if summaries else "") + "\n" + result.text, end="")
        summaries.append(result.summary)
        fixed.append(result.fixed)
    summary = total(summaries)
    print(f'\n], "summary": {json.dumps(summary_json(summary))}}}')
    if any(fixed):
        print(f"fixed {_counted(fixed)}", file=sys.stderr)
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
    print(f"wrote {count} {'finding' if count == 1 else 'findings'} to {path}")
