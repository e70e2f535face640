"""Every command knows the rules of the folders that the settings name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.run import nel_advisor

RULE = """\
id: SITE100
name: our-partition
severity: error
on: execution
when:
  - partition: old
message: "the partition {partition} is gone"
why: It was switched off.
evidence: [the site's own page]
examples:
  - bad: |
      defaults: [{execution: slurm/default}, {deployment: none}, _self_]
      execution: {partition: old}
    good: |
      defaults: [{execution: slurm/default}, {deployment: none}, _self_]
      execution: {partition: new}
"""
CONFIG = """\
defaults: [{execution: slurm/default}, {deployment: none}, _self_]
execution: {partition: old, account: a, hostname: h, output_dir: /out, walltime: "01:00:00"}
evaluation: {tasks: [{name: ifeval}]}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "ours" / "site").mkdir(parents=True)
    (folder / "ours" / "site" / "our-partition.yaml").write_text(RULE)
    (folder / ".nel-advisor.yaml").write_text("rules: [ours]\nlimits: {partitions: [old]}\n")
    (folder / "eval.yaml").write_text(CONFIG)
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("advise", "eval.yaml", "--select", "our-partition"), "the partition old is gone"),
        (("rules", "our-partition"), "SITE100"),
        (("rules", "--family", "site"), "SITE100"),
        (("explain", "our-partition"), "It was switched off."),
        (("explain", "SITE100", "eval.yaml"), "fires"),
        # The site's limits are known too: this rule asks for them.
        (("explain", "partition-not-here", "eval.yaml"), "does not fire"),
    ],
)
def test_a_rule_of_ones_own_is_known(project: Path, words: tuple[str, ...], said: str) -> None:
    assert said in nel_advisor(*words, cwd=project).out


def test_they_are_those_of_the_files_own_settings(project: Path) -> None:
    ran = nel_advisor("explain", "our-partition", "project/eval.yaml", cwd=project.parent)
    assert "SITE100" in ran.out
    elsewhere = nel_advisor("explain", "our-partition", cwd=project.parent)
    assert (elsewhere.code, elsewhere.out) == (2, "")
    assert "our-partition" in elsewhere.err


@pytest.mark.parametrize("command", [("rules",), ("explain", "our-partition"), ("advise", "eval.yaml")])
def test_a_rule_that_cannot_be_read_is_said_with_its_place(project: Path, command: tuple[str, ...]) -> None:
    (project / "ours" / "site" / "our-partition.yaml").write_text(RULE.replace("on: execution", "on: nothing"))
    ran = nel_advisor(*command, cwd=project)
    assert ran.code == 2
    assert "our-partition.yaml:4:" in ran.err
