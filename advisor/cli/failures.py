"""Failures of the call or of the tool: one line on standard error, exit code 2."""

from __future__ import annotations

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
