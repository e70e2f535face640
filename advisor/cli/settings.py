"""`nel-advisor settings`: what holds, and where it came from."""

from __future__ import annotations

import json
import os

import click

from advisor.cli.failures import fail
from advisor.cli.options import output_format
from advisor.settings.effective import Lookup
from advisor.settings.files import NAME, SettingsError, user_settings_path


@click.command("settings")
@click.argument("path", default=".", metavar="[FILE|DIR]")
@output_format
def command(path: str, output: str) -> None:
    """Show the settings that hold for a file, or for what lies in a folder, and where each came from."""
    target = os.path.join(path, "-") if os.path.isdir(path) else path
    try:
        lookup = Lookup()
        settings = lookup.for_target(target)
    except SettingsError as error:
        fail(str(error))
    if output == "json":
        rows = {key: {"value": value, "from": settings.sources[key]} for key, value in settings.values.items()}
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    nearest = lookup.nearest(os.path.dirname(os.path.abspath(target)))
    click.echo(f"nearest file: {nearest or f'none ({NAME} in no folder from here up)'}")
    user = user_settings_path()
    click.echo(f"yours: {user}{'' if lookup.user else ' (not there)'}\n")
    width = max(map(len, settings.values))
    for key, value in settings.values.items():
        click.echo(f"{key:<{width}}  {_shown(value)}  ({settings.source(key)})")


def _shown(value: object) -> str:
    return "-" if value in (None, [], {}) else json.dumps(value, ensure_ascii=False)
