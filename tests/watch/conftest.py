"""Two daemons for all tests that do not need one of their own: one that is told of changes, one that looks for them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.watch.running import Running, running

_NUMBERS = count()


@pytest.fixture(scope="session", params=["events", "polling"])
def daemon(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Shared by many tests: each looks only at its own `root`, a folder below the daemon's."""
    place = tmp_path_factory.mktemp(str(request.param))
    (place / "ws").mkdir()
    args = ("--poll", "--interval", "0.1") if request.param == "polling" else ()
    with running(place / "ws", place / "state", "--settle", "0.1", *args) as it:
        yield it


@pytest.fixture
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder of the test's own: below the shared daemon's root where the test asks for that one."""
    shared = "daemon" in request.fixturenames
    folder = request.getfixturevalue("daemon").root / f"t{next(_NUMBERS)}" if shared else tmp_path / "ws"
    folder.mkdir()
    return folder
