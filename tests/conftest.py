"""What every test may use: the shipped rule base, compiled once."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from advisor.engine.base import RuleBase
from advisor.engine.bundle import load_rules


@pytest.fixture(scope="session")
def base() -> RuleBase:
    return RuleBase(load_rules())


# The same examples every time, so that a red run speaks of the change; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile("repeat", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeat"))
