"""Nothing that the real launcher rejects goes unnoticed, nothing that runs is called an error, and the advisor
sees the mistakes that the launcher's dry run lets through."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.verdicts import DEPENDS_ON_THE_SHELL, Advised, Mistake, mistakes, right_configs

ALL = mistakes()
CERTAIN = [mistake for mistake in ALL if mistake.rejected and mistake.slug not in DEPENDS_ON_THE_SHELL]
RIGHT = right_configs()


def name(item: Mistake | Path) -> str:
    return item.name if isinstance(item, Path) else item.path.name


@pytest.mark.parametrize("mistake", ALL, ids=name)
def test_the_header_states_the_real_verdict(mistake: Mistake, real: dict[Path, str]) -> None:
    assert bool(real[mistake.path]) == mistake.rejected, real[mistake.path]


@pytest.mark.parametrize("config", RIGHT, ids=name)
def test_the_real_dry_run_passes_a_right_config(config: Path, real: dict[Path, str]) -> None:
    assert real[config] == ""


@pytest.mark.parametrize("mistake", CERTAIN, ids=name)
def test_what_the_real_dry_run_rejects_is_an_error(mistake: Mistake, ours: dict[Path, Advised]) -> None:
    assert ours[mistake.path].errors


@pytest.mark.parametrize("mistake", ALL, ids=name)
def test_the_mistake_is_named(mistake: Mistake, ours: dict[Path, Advised]) -> None:
    assert mistake.slug in ours[mistake.path].names


@pytest.mark.parametrize("config", RIGHT, ids=name)
def test_a_right_config_has_no_error(config: Path, ours: dict[Path, Advised]) -> None:
    assert ours[config].errors == ()
