"""Failures of the call or of the tool: one line on standard error, exit code 2."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

FOUND, FAILED = 1, 2


def complain(message: str) -> None:
    print(f"nel-advisor: {message}", file=sys.stderr)


def fail(message: str) -> NoReturn:
    complain(message)
    sys.exit(FAILED)


def our_mistake(error: Exception) -> str:
    """What a person can report of a failure that no input should cause; nothing of the input is in it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace is not None else ""
    return f"it failed inside nel-advisor ({type(error).__name__}{where}); please report this with the file"
