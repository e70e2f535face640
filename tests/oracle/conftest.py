"""Both verdicts, asked for once, and the line that counts them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.verdicts import (
    MISTAKES,
    RIGHT,
    Advised,
    Mistake,
    advise,
    dry_run,
    mistakes,
    oracle_python,
    oracle_tool,
)
from tests.oracle.verdicts import right_configs as all_right

REAL = pytest.StashKey[dict[Path, str]]()
OURS = pytest.StashKey[dict[Path, Advised]]()


@pytest.fixture(scope="session")
def ours(pytestconfig: pytest.Config) -> dict[Path, Advised]:
    pytestconfig.stash[OURS] = advise([MISTAKES, RIGHT])
    return pytestconfig.stash[OURS]


@pytest.fixture(scope="session")
def real(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    for needed in (oracle_tool(), oracle_python()):
        if not needed.exists():
            pytest.skip(f"the real launcher is not asked: {needed} is absent")
    files = [mistake.path for mistake in mistakes()] + all_right()
    pytestconfig.stash[REAL] = dry_run(files, tmp_path_factory.mktemp("oracle"))
    return pytestconfig.stash[REAL]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    real, ours = config.stash.get(REAL, None), config.stash.get(OURS, None)
    if real is not None and ours is not None:
        terminalreporter.write_line(_counts(real, ours, mistakes(), all_right()))


def _counts(real: dict[Path, str], ours: dict[Path, Advised], wrong: list[Mistake], right: list[Path]) -> str:
    nothing = Advised((), ())
    rejected = [mistake for mistake in wrong if real[mistake.path]]
    passed = [mistake for mistake in wrong if not real[mistake.path]]
    reported = sum(bool(ours.get(mistake.path, nothing).errors) for mistake in rejected)
    caught = sum(mistake.slug in ours.get(mistake.path, nothing).names for mistake in passed)
    false_alarms = sum(bool(ours.get(path, nothing).errors) for path in right)
    return (
        f"real dry run rejects {len(rejected)} of {len(wrong)}; we report an error on {reported} of these "
        f"{len(rejected)}; we also catch {caught} that it passes (of {len(passed)}); "
        f"right configs {len(right)}, ours with an error: {false_alarms}"
    )
