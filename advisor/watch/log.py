"""The daemon's log: lines for people on a terminal, JSON for journald and files."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

KEPT = 20


class LastErrors:
    """Keeps the last warnings and errors for the status."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, _: WrappedLogger, level: str, event: EventDict) -> EventDict:
        if level in ("warning", "error", "critical"):
            details = " ".join(
                f"{key}={value}" for key, value in event.items() if key not in ("event", "level", "timestamp")
            )
            self.lines = [*self.lines, f"{event.get('timestamp', '')} {event['event']} {details}".strip()][-KEPT:]
        return event


def make_log(errors: LastErrors, *, verbose: bool) -> FilteringBoundLogger:
    """A log to standard error."""
    terminal = sys.stderr.isatty()
    renderer = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if terminal
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
            errors,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    log: FilteringBoundLogger = structlog.get_logger()
    return log
