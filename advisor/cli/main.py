"""The command line: one module a command, imported only when that command runs."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "advise": "Advise on configs, on folders of them, or on standard input.",
    "benchmarks": "Show what to compare a quantized model by: sets by use, sensitivity, repeats.",
    "compare": "Say what but the model differs between a baseline's config and a candidate's.",
    "demo": "Build a small workspace with mistakes in it, and advise on that.",
    "explain": "Say what a rule says, and with a file why it fires there or does not.",
    "lsp": "Advise while you type: a language server for any editor.",
    "new": "Write a starter config for a checkpoint.",
    "rules": "List the rules.",
    "service": "Install, remove or show the systemd service that watches.",
    "settings": "Show the settings that hold for a file or folder.",
    "status": "Show what the watching daemons are doing.",
    "watch": "Keep advice beside the configs and checkpoints of a workspace.",
}


class LateCommands(click.Group):
    """Knows the commands' names and help without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"advisor.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from advisor.cli.version import version_text

        click.echo(version_text())
        ctx.exit()


@click.group(cls=LateCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, callback=_print_version, expose_value=False, is_eager=True, help="Print the version."
)
def main() -> None:
    """Find the mistakes in NeMo Evaluator Launcher configs and quantized checkpoints before a job does.

    \b
    Exit codes: 0 nothing at or above --fail-on, 1 something, 2 the call or the tool failed.
    """
