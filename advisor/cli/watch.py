"""`nel-advisor watch`: the daemon, in the foreground."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from advisor.cli.failures import fail
from advisor.watch.roots import default_roots, real_roots
from advisor.watch.timing import Timing

_DEFAULT = Timing()
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _seconds(name: str, default: float, least: float, says: str) -> Callable[[_Command], _Command]:
    limits = click.FloatRange(least, 86400)
    return click.option(name, type=limits, default=default, show_default=True, metavar="SECONDS", help=says)


@click.command("watch")
@click.argument("folders", nargs=-1, metavar="[DIR]...")
@click.option("--once", is_flag=True, help="Bring the advice up to date, and stop.")
@click.option("--poll", is_flag=True, help="Look for changes, also where the kernel would tell of them.")
@_seconds("--settle", _DEFAULT.settle, 0.01, "How long a config must hold still.")
@_seconds("--interval", _DEFAULT.poll, 0.05, "Between looks for changes, where there are no events.")
@_seconds("--reconcile", _DEFAULT.reconcile, 1, "Between looks over everything.")
@_seconds("--time-limit", _DEFAULT.limit, 0.1, "For the advice on one file.")
@click.option("--verbose", "-v", is_flag=True, help="Say of each file what is done.")
def command(
    folders: tuple[str, ...],
    once: bool,
    poll: bool,
    settle: float,
    interval: float,
    reconcile: float,
    time_limit: float,
    verbose: bool,
) -> None:
    """Keep advice beside the configs and checkpoints below DIRs.

    eval.yaml gets eval.advice.md, and eval.advised.yaml where a fix is known; a checkpoint directory gets its advice
    and a starter config beside it. Without DIR: $MODELOPT_WORKSPACE_ROOT, or the current folder.
    """
    from advisor.watch.daemon import Daemon, Plan
    from advisor.watch.log import LastErrors, make_log

    try:
        roots = real_roots(folders or default_roots())
    except OSError as error:
        fail(f"{error.filename or ' '.join(folders)}: {(error.strerror or 'cannot be watched').lower()}")
    errors = LastErrors()
    timing = Timing(settle, reconcile, interval, time_limit)
    sys.exit(Daemon(Plan(roots, timing, poll, once), make_log(errors, verbose=verbose), errors).run())
