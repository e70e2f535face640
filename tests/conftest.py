"""What every test may use: the shipped rule base, compiled once."""

from __future__ import annotations

import pytest

from advisor.engine.base import RuleBase
from advisor.engine.bundle import load_rules


@pytest.fixture(scope="session")
def base() -> RuleBase:
    return RuleBase(load_rules())
