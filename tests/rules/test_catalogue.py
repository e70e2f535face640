"""Every row of the catalogue of mistakes is a rule, by its findings' names, or stands in a list with the reason."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from advisor.engine.bundle import load_rules
from tests.shared import SHARED

CATALOGUE = SHARED / "facts" / "nel" / "catalogue.md"
NOT_RULES = Path(__file__).parent / "not_rules.json"
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

pytestmark = pytest.mark.skipif(
    not CATALOGUE.is_file(), reason=f"{CATALOGUE} is not there: nothing to compare the rules with"
)


def rows() -> dict[str, str]:
    """Each slug of the catalogue's tables and of its corrections, with its section."""
    found: dict[str, str] = {}
    section = ""
    for line in CATALOGUE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:4]
        elif section == "C" and not line.startswith("|") and "New slugs:" in line:
            found |= dict.fromkeys(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", line), "new")
        elif line.startswith("| ") and section in "ABCDEFGHI":
            for slug in line.split("|")[1].split("/"):
                if _SLUG.fullmatch(slug.strip()) and slug.strip() != "slug":
                    found[slug.strip()] = section
    return found


def names() -> Counter[str]:
    return Counter(name for rule in load_rules() for name in {*rule.names, rule.name})


def test_every_row_is_a_rule_or_has_a_reason() -> None:
    reasons = json.loads(NOT_RULES.read_text())
    covered = names()
    missing = {slug: section for slug, section in rows().items() if slug not in covered and slug not in reasons}
    assert missing == {}


def test_no_reason_is_out_of_date() -> None:
    reasons = json.loads(NOT_RULES.read_text())
    covered, known = names(), rows()
    assert {slug for slug in reasons if slug in covered} == set(), "these are rules now"
    assert {slug for slug in reasons if slug not in known} == set(), "the catalogue has no such row"
    assert all(len(reason) > 20 for reason in reasons.values())


def test_the_catalogue_is_read_whole() -> None:
    found = rows()
    assert len(found) > 240
    assert {"flag-unknown", "shard-truncated", "pair-params", "yaml-syntax", "next-image-skew"} <= found.keys()


def test_no_finding_has_a_name_that_a_generic_rule_covers_twice() -> None:
    """A generic rule names what it covers; a name that two of them cover must differ in what it is about."""
    seen: dict[tuple[str, tuple[str, ...], str], str] = {}
    for rule in load_rules():
        for name in rule.covers:
            key = (name, rule.on, json.dumps(rule.when, sort_keys=True))
            assert key not in seen, f"{rule.id} and {seen[key]} cover {name} alike"
            seen[key] = rule.id
