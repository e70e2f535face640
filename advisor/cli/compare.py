"""`nel-advisor compare`: two configs whose scores are to be compared."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from advisor.cli.advising import BadUse, Options, advise
from advisor.cli.failures import fail
from advisor.cli.options import color, nel_version, reporting
from advisor.compare import NotComparable


@click.command("compare")
@click.argument("baseline")
@click.argument("candidate")
@reporting
@nel_version
@color
def command(baseline: str, candidate: str, **given: Any) -> None:
    """Say what but the model differs between the evaluation of BASELINE, a config of the reference model, and that of
    CANDIDATE, a config of what was quantized from it.

    Findings point into CANDIDATE, and fixes give it the baseline's values.
    """
    for path in (baseline, candidate):
        if os.path.isdir(path):
            fail(f"{path} is a folder; compare takes two config files")
        if not os.path.lexists(path):
            fail(f"{path}: there is no such file")
    try:
        code = advise(Options(targets=(candidate,), beside=baseline, **given))
    except BadUse as error:
        raise click.UsageError(str(error)) from None
    except NotComparable as error:
        fail(str(error))
    sys.exit(code)
