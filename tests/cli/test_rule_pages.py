"""`nel-advisor rules --markdown`: a page for each rule, from the rule files alone."""

from __future__ import annotations

from pathlib import Path

from advisor.engine.bundle import load_rules
from tests.cli.run import nel_advisor


def test_every_rule_has_a_page_and_stands_in_the_index(tmp_path: Path) -> None:
    ran = nel_advisor("rules", "--markdown", "pages", cwd=tmp_path)
    assert ran.code == 0, ran.err
    index = (tmp_path / "pages" / "index.md").read_text()
    rules = load_rules()
    assert {path.name for path in (tmp_path / "pages").iterdir()} == {"index.md", *(f"{rule.id}.md" for rule in rules)}
    for rule in rules:
        page = (tmp_path / "pages" / f"{rule.id}.md").read_text()
        assert f"[{rule.id}]({rule.id}.md)" in index
        assert page.startswith(f"# {rule.id} {rule.name}\n")
        assert "## When" in page
        if rule.message:
            parts = ("Why", "Example", "Fix", "Versions", "Evidence", "To ignore it")
            assert all(f"\n## {part}\n" in page for part in parts)


def test_only_the_chosen_ones_and_nothing_twice(tmp_path: Path) -> None:
    first = nel_advisor("rules", "--family", "next", "oc-env-in-next", "--markdown", "pages", cwd=tmp_path)
    again = nel_advisor("rules", "--family", "next", "oc-env-in-next", "--markdown", "pages", cwd=tmp_path)
    assert "1 rules, 2 pages written" in first.out
    assert "1 rules, 0 pages written" in again.out
    page = (tmp_path / "pages" / "NEL842.md").read_text()
    assert "${USER}" in page
    assert "safe" in page
