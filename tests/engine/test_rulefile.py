"""Rule files: what loads, and how an error names file, key and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.document.parse import parse_document
from advisor.engine.bundle import load_rules
from advisor.engine.rulefile import RuleFileError, load_rule

RULE = """\
id: NEL299
name: a-rule
severity: error
on: adapter
when:
  - use_caching: false
message: "text {use_caching}"
why: because
evidence: [seen]
examples:
  - {bad: "a: 1", good: "a: 2"}
"""


def test_a_rule_loads() -> None:
    rule, examples = load_rule(parse_document("r.yaml", RULE), "reasoning")
    assert (rule.id, rule.family, rule.when) == (
        "NEL299",
        "reasoning",
        ({"name": "use_caching", "ops": {"is": False}},),
    )
    assert examples[0].bad == "a: 1"


@pytest.mark.parametrize(
    ("old", "new", "where", "what"),
    [
        ("severity: error", "severity: fatal", "r.yaml:3:11: severity:", "'error', 'warning' or 'info'"),
        ("on: adapter", "on: adaptor", "r.yaml:4:5: on:", "no kind of subject 'adaptor'"),
        ("use_caching: false", "use_caching: {iss: false}", "r.yaml:6:3: when:", "no operator 'iss'"),
        ("use_caching: false", "use_caching: {lt: x}", "r.yaml:6:3: when:", "lt takes a int or float"),
        ("use_caching: false", "use_caching: {matches: '('}", "r.yaml:6:3: when:", "missing ), unterminated"),
        ("use_caching: false", "use_caching: {not: {concluded: x}}", "r.yaml:6:3: when:", "cannot be negated"),
        ("use_caching: false", "any: [{a: 1}]", "r.yaml:6:3: when:", "two or more"),
        ("use_caching: false", "any: [{concluded: x}, {a: 1}]", "r.yaml:6:3: when:", "cannot stand inside any"),
        ("id: NEL299", "id: NEL999", "r.yaml:1:5: id:", "numbered 200 to 299"),
        ("name: a-rule", "name: A Rule", "r.yaml:2:7: name:", "should match pattern"),
        ("why: because", "whi: because", "r.yaml:8:6: whi:", "Extra inputs"),
        ("why: because\n", "", "r.yaml:1:1:", "a why and its evidence"),
        ("evidence: [seen]", "evidence: [seen]\nnel: banana", "r.yaml:10:6: nel:", "not a version range"),
        ("evidence: [seen]", "evidence: [seen]\nfix: {title: x, safety: auto}", "r.yaml:10:6: fix:", "at least one of"),
        (
            "evidence: [seen]", "evidence: [seen]\nfix: {title: x, safety: maybe, delete: a}",
            "r.yaml:10:25: fix.safety:", "'auto' or 'ask'",
        ),
        ('  - {bad: "a: 1", good: "a: 2"}\n', "", "r.yaml:10:10: examples:", "valid list"),
        ("id: NEL299", "id: NEL299\nid: NEL298", "r.yaml:2:1: duplicate-key:", "stands twice"),
        ("id: NEL299", "id: [", "r.yaml:3:", "syntax"),
    ],
)  # fmt: skip
def test_errors_name_file_line_and_key(old: str, new: str, where: str, what: str) -> None:
    assert old in RULE
    with pytest.raises(RuleFileError) as caught:
        load_rule(parse_document("r.yaml", RULE.replace(old, new)), "reasoning")
    assert str(caught.value).startswith(where)
    assert what in str(caught.value)


def _write(folder: Path, name: str, text: str) -> None:
    (folder / "reasoning").mkdir(exist_ok=True)
    (folder / "reasoning" / name).write_text(text)


def test_an_id_is_taken_once(tmp_path: Path) -> None:
    _write(tmp_path, "a-rule.yaml", RULE)
    _write(tmp_path, "b-rule.yaml", RULE)
    with pytest.raises(RuleFileError, match="the id NEL299 is taken"):
        load_rules([str(tmp_path)])


def test_a_conclusion_that_nobody_draws_is_an_error(tmp_path: Path) -> None:
    _write(tmp_path, "a-rule.yaml", RULE.replace("- use_caching: false", "- concluded: nobody_says_so"))
    with pytest.raises(RuleFileError, match="no rule concludes 'nobody_says_so'"):
        load_rules([str(tmp_path)])


def test_the_bundle_is_made_anew_when_a_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "rules").mkdir()
    _write(tmp_path / "rules", "a-rule.yaml", RULE)
    first = load_rules([str(tmp_path / "rules")])
    assert load_rules([str(tmp_path / "rules")]) == first
    _write(tmp_path / "rules", "a-rule.yaml", RULE.replace("severity: error", "severity: info"))
    mine = [rule for rule in load_rules([str(tmp_path / "rules")]) if rule.id == "NEL299"]
    assert [rule.severity for rule in mine] == ["info"]


def test_equal_conditions_are_one_object_from_files_and_from_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for _ in range(2):
        conditions = [condition for rule in load_rules() for condition in rule.when]
        assert len({id(one) for one in conditions}) == len({repr(one) for one in conditions}) < len(conditions)


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"version": 1}', '{"version": 1, "files": [], "rules": [{}]}', "[" * 100_000]
)
def test_a_damaged_cache_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = load_rules()
    (cached,) = (tmp_path / "nel-advisor").iterdir()
    cached.write_text(damage)
    assert load_rules() == first


def test_no_writable_cache_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert load_rules()
