"""A mistake of ours on one target: the others are advised on, and what a person reads is one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.cli.advising import _print_json, _results
from advisor.cli.work import Rendered, Report, Target, Work
from advisor.document.document import Document
from advisor.nel.context import Context
from advisor.policies import Asked, Policies, Policy
from tests.cli.test_advise import BAD, GOOD


class Breaking:
    """As Report, with a mistake in it."""

    def config(self, document: Document, policy: Policy) -> Rendered:
        if "secret" in document.text:
            raise OverflowError(document.text)
        return Report(None).config(document, policy)

    def checkpoint(self, path: str, policy: Policy) -> Rendered:
        raise NotImplementedError


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_others_are_advised_on(tmp_path: Path, jobs: int, capsys: pytest.CaptureFixture[str]) -> None:
    texts = {"a.yaml": "# secret\n" + GOOD, "b.yaml": BAD, "c.yaml": "# secret\n" + BAD, "d.yaml": GOOD}
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    targets = [Target(str(tmp_path / name), named=True) for name in texts]
    failures: list[str] = []
    work = Work(Policies(Asked(Context())), Breaking(), "<stdin>")
    summary = _print_json(_results(work, targets, jobs, failures))
    told = json.loads(capsys.readouterr().out)
    assert [Path(target["path"]).name for target in told["targets"]] == ["b.yaml", "d.yaml"]
    assert (summary.targets, summary.errors) == (2, 1)
    assert [Path(line.partition(":")[0]).name for line in failures] == ["a.yaml", "c.yaml"]
    for line in failures:
        assert "OverflowError in test_our_mistakes.py:" in line
        assert "secret" not in line
