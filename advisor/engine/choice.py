"""Which engine runs here."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from advisor.engine.chain import ChainRule, Engine, EngineError
from advisor.engine.reference import ReferenceEngine


def make_engine(rules: Sequence[ChainRule]) -> Engine:
    """durable_rules where it can be imported and holds these rules, else the reference engine."""
    if why_not_durable():
        return ReferenceEngine(rules)
    from advisor.engine.host import DurableEngine

    try:
        return DurableEngine(rules)
    except EngineError:
        return ReferenceEngine(rules)


def why_not_durable() -> str:
    """Why durable_rules is not used here; '' where it is."""
    if sys.version_info >= (3, 13):
        return "durable_rules does not import on Python 3.13"
    try:
        import durable_rules_engine  # noqa: F401
    except ImportError as error:
        return f"durable_rules cannot be imported: {error}"
    return ""
