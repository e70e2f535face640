"""`nel-advisor service`: the systemd user unit that watches in the background."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

import advisor
from advisor.cli.failures import complain, fail

UNIT, TEMPLATE = "nel-advisor.service", "nel-advisor@.service"
# Where the units name the program; the installed ones name the program that installed them.
PROGRAM = "%h/.local/bin/nel-advisor"
_FOLDER = click.Path(exists=True, file_okay=False, resolve_path=True)


@click.group("service")
def command() -> None:
    """Install, remove or show the systemd user service that watches in the background."""


@command.command()
@click.argument("folders", nargs=-1, metavar="[DIR]...", type=_FOLDER)
@click.option("--no-start", is_flag=True, help="Only put the units in place.")
def install(folders: tuple[str, ...], no_start: bool) -> None:
    """Put the user units in place, and start watching.

    With DIRs, one service for each; without, one for $MODELOPT_WORKSPACE_ROOT, which must be set.
    """
    root = os.environ.get("MODELOPT_WORKSPACE_ROOT", "")
    if not folders and not root:
        fail("name the folders to watch, or set MODELOPT_WORKSPACE_ROOT")
    units = units_folder()
    try:
        units.mkdir(parents=True, exist_ok=True)
        for name in (UNIT, TEMPLATE):
            text = (shipped_units() / name).read_text(encoding="utf-8")
            (units / name).write_text(text.replace(PROGRAM, _quoted(program())), encoding="utf-8")
            click.echo(f"wrote {units / name}")
        if not folders:
            environment = _config_home() / "nel-advisor" / "watch.env"
            environment.parent.mkdir(parents=True, exist_ok=True)
            environment.write_text(f'MODELOPT_WORKSPACE_ROOT="{root}"\n', encoding="utf-8")
            click.echo(f"wrote {environment}")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")
    names = [instance(folder) for folder in folders] or [UNIT]
    if no_start:
        click.echo(f"start with: systemctl --user enable --now {' '.join(names)}")
        return
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", *names)
    click.echo("to keep watching after you log out: loginctl enable-linger")


@command.command()
def uninstall() -> None:
    """Stop watching, and remove the user units."""
    units = units_folder()
    running = sorted(path.name for path in units.glob("*.wants/nel-advisor*.service"))
    if running:
        _systemctl("disable", "--now", *running)
    for name in (UNIT, TEMPLATE):
        if (units / name).exists():
            (units / name).unlink()
            click.echo(f"removed {units / name}")
    _systemctl("daemon-reload")


@command.command()
def status() -> None:
    """Show what systemd says of the services."""
    done = subprocess.run(["systemctl", "--user", "--no-pager", "status", "nel-advisor*"], check=False)
    sys.exit(done.returncode)


def instance(folder: str) -> str:
    """The service that watches a folder."""
    done = subprocess.run(["systemd-escape", "--path", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        fail(f"systemd-escape: {done.stderr.strip()}")
    return TEMPLATE.replace("@", f"@{done.stdout.strip()}")


def units_folder() -> Path:
    return _config_home() / "systemd" / "user"


def shipped_units() -> Path:
    """In the package; in a clone, beside it."""
    packaged = Path(advisor.__file__).parent / "systemd"
    return packaged if packaged.is_dir() else packaged.parent.parent / "systemd"


def program() -> str:
    """The absolute path of the program that runs now."""
    found = shutil.which(sys.argv[0]) or shutil.which("nel-advisor")
    if found is None or not os.path.basename(found).startswith("nel-advisor"):
        found = os.path.join(os.path.dirname(sys.executable), "nel-advisor")
    if not os.access(found, os.X_OK):
        fail("nel-advisor is not installed as a program: pip install nel-advisor")
    return os.path.abspath(found)


def _config_home() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def _quoted(path: str) -> str:
    """A path as a unit's ExecStart takes it."""
    path = path.replace("%", "%%").replace("$", "$$")
    return f'"{path}"' if " " in path else path


def _systemctl(*words: str) -> None:
    try:
        done = subprocess.run(["systemctl", "--user", *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        fail("systemctl is not here: this system has no systemd")
    if done.returncode:
        complain(f"systemctl --user {' '.join(words)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
        sys.exit(done.returncode)
