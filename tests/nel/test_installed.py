"""Which NEL is installed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.nel.installed import installed_version


@pytest.mark.parametrize(
    ("names", "version"),
    [
        (["nemo_evaluator_launcher-0.2.3.dist-info"], "0.2.3"),
        (["nemo_evaluator-0.2.8.dist-info", "nemo_evaluator_launcher-0.1.47.post1.dist-info"], "0.1.47.post1"),
        (["nemo_evaluator_launcher", "nemo_evaluator_launcher-nightly.dist-info"], None),
        ([], None),
    ],
)
def test_version_is_that_of_the_dist_info(tmp_path: Path, names: list[str], version: str | None) -> None:
    for name in names:
        (tmp_path / name).mkdir()
    assert installed_version(["", str(tmp_path / "missing"), str(tmp_path)]) == version


def test_the_first_folder_counts(tmp_path: Path) -> None:
    for folder, version in (("a", "0.2.5"), ("b", "0.2.6")):
        (tmp_path / folder / f"nemo_evaluator_launcher-{version}.dist-info").mkdir(parents=True)
    assert installed_version([str(tmp_path / "a"), str(tmp_path / "b")]) == "0.2.5"
