"""What `--version` says: the product, its rules, and the engine that runs them here."""

from __future__ import annotations

import platform

from advisor import __version__
from advisor.engine.bundle import load_rules
from advisor.engine.choice import why_not_durable
from advisor.nel.context import NEWEST_NEL


def version_text() -> str:
    reason = why_not_durable()
    if reason:
        engine = f"the reference engine ({reason})"
    else:
        from importlib.metadata import version

        engine = f"durable_rules {version('durable_rules')}"
    return (
        f"nel-advisor {__version__}\n"
        f"{len(load_rules())} rules for NEL up to {NEWEST_NEL}, on {engine}, Python {platform.python_version()}"
    )
