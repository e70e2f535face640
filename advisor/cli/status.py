"""`nel-advisor status`: what the watching daemons are doing, and what they have found."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import time
from dataclasses import asdict

import click

from advisor.cli.options import output_format
from advisor.report.style import Style, safe, style_for
from advisor.watch.ledger import ADVISED, QUARANTINED, UNWRITTEN, Target
from advisor.watch.state import RootStatus, StateFolder, all_state_folders

VERSION = 1


@click.command("status")
@click.argument("folders", nargs=-1, metavar="[DIR]...")
@output_format
def command(folders: tuple[str, ...], output: str) -> None:
    """Show the roots that are or were watched (or only DIRs): how, what is waiting, the last errors, and the
    findings by file.

    Exit codes: 0 all of them are watched, 1 one is not.
    """
    wanted = {os.path.realpath(folder) for folder in folders}
    found = [(folder, status) for folder in all_state_folders() if (status := folder.read_status()) is not None]
    shown = [(folder, status) for folder, status in found if not wanted or status.root in wanted]
    if output == "json":
        roots = [_as_json(folder, status) for folder, status in shown]
        click.echo(json.dumps({"version": VERSION, "roots": roots}, ensure_ascii=False, indent=1))
    else:
        style = style_for(sys.stdout, "auto")
        for folder, status in shown:
            click.echo(_as_text(folder, status, style), color=True)
        if not shown:
            click.echo("nothing is watched: start with `nel-advisor watch DIR`")
    watched = {status.root for folder, status in shown if folder.is_running}
    sys.exit(0 if shown and watched >= {status.root for _, status in shown} | wanted else 1)


def _as_json(folder: StateFolder, status: RootStatus) -> dict[str, object]:
    targets, problem = _targets(folder)
    files = [
        {
            "path": t.path,
            "kind": t.kind,
            "state": t.state,
            "errors": t.errors,
            "warnings": t.warnings,
            "infos": t.infos,
            "note": t.note,
        }
        for t in targets
    ]
    return {**asdict(status), "running": folder.is_running, "files": files, "problem": problem}


def _targets(folder: StateFolder) -> tuple[list[Target], str]:
    try:
        return folder.read_targets(), ""
    except sqlite3.Error as error:
        return [], f"the ledger cannot be read: {error}"


def _as_text(folder: StateFolder, status: RootStatus, style: Style) -> str:
    running = folder.is_running
    head = (
        f"watched by process {status.pid} on {status.host} since {_when(status.since)}"
        if running
        else "not watched now"
    )
    how = f"{status.mode}" + (f" ({status.reason})" if status.reason else "")
    lines = [
        f"{style.paint(safe(status.root), 'path')}: {style.paint(head, 'fix' if running else 'warning')}",
        f"  {how}; {status.filesystem}, {status.folders} folders; {status.backlog} waiting; "
        f"all looked over {_when(status.reconciled)}",
    ]
    targets, problem = _targets(folder)
    lines += [f"  {problem}"] if problem else []
    lines += _table(status.root, targets, style)
    lines += [
        f"  {style.paint('left alone', 'error')} {safe(os.path.relpath(p, status.root))}: {safe(why)}"
        for p, why in status.quarantined.items()
    ]
    if status.worker_restarts:
        lines.append(f"  the worker was restarted {status.worker_restarts} times")
    lines += [style.paint(f"  {safe(line)}", "dim") for line in status.errors[-5:]]
    return "\n".join(lines) + "\n"


def _table(root: str, targets: list[Target], style: Style) -> list[str]:
    """A line for each file with something to say; the others are counted."""
    rows = [t for t in targets if t.errors or t.warnings or t.infos or t.state in (QUARANTINED, UNWRITTEN)]
    clean = sum(t.state == ADVISED for t in targets) - sum(t.state == ADVISED for t in rows)
    lines = []
    if rows:
        lines.append(style.paint(f"  {'errors':>7} {'warnings':>9} {'notes':>6}  file", "bold"))
    for t in rows:
        counts = f"  {t.errors or '-':>7} {t.warnings or '-':>9} {t.infos or '-':>6}"
        note = f"  ({safe(t.note)})" if t.note else ""
        lines.append(f"{counts}  {safe(os.path.relpath(t.path, root))}{note}")
    lines.append(f"  {clean} {'other ' if rows else ''}target{'' if clean == 1 else 's'} with nothing found")
    return lines


def _when(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment)) if moment else "never"
