"""`nel-advisor lsp`: the language server, on standard input and output."""

from __future__ import annotations

import click

from advisor.cli.failures import fail


@click.command("lsp")
@click.option("--stdio", is_flag=True, hidden=True, help="What some clients add; there is nothing else.")
@click.option(
    "--time-limit", type=click.FloatRange(min=0.1), default=10.0, show_default=True, metavar="SECONDS",
    help="How long one answer may take before the engine is started anew.",
)  # fmt: skip
@click.option("--debounce", type=click.FloatRange(min=0), default=0.1, show_default=True, metavar="SECONDS",
    help="How long typing must rest before the text is looked at.",
)  # fmt: skip
def command(stdio: bool, time_limit: float, debounce: float) -> None:
    """Advise while you type: a language server for any editor, on standard input and output."""
    from advisor.lsp.process import Child

    child = Child()  # it loads the rules while this process loads the protocol
    try:
        from advisor.lsp.server import serve
    except ModuleNotFoundError as error:
        child.kill()
        fail(f"the language server needs {error.name}: pip install 'nel-advisor[lsp]'")
    serve(child, time_limit, debounce)


def engine(descriptor: int, front: int) -> None:
    """The engine process's own entry."""
    from advisor.cli.loading import context_here
    from advisor.lsp.session import Checks
    from advisor.lsp.worker import serve
    from advisor.policies import Asked, Policies

    def policies(checks: Checks) -> Policies:
        context = context_here(check_environment=checks.environment, nel_version=checks.nel_version)
        return Policies(Asked(context, checks.select, checks.ignore, checks.nel_version))

    serve(descriptor, front, policies)
