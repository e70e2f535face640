"""Versions and bounds: as packaging has them, for every version that an image tag or a rule can hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from advisor.nel.versions import check_bounds, version_key, within

RELEASES = st.lists(st.integers(0, 30), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
SUFFIXES = st.sampled_from(["", "rc1", "rc2", ".post1", ".post3", ".dev1", "a1", "b2"])
VERSIONS = st.builds("{}{}".format, RELEASES, SUFFIXES)


@given(VERSIONS, VERSIONS)
def test_the_order_is_packagings(one: str, other: str) -> None:
    ours, theirs = (version_key(one), version_key(other)), (Version(one), Version(other))
    assert ours[0] is not None
    assert ours[1] is not None
    assert (ours[0] < ours[1], ours[0] == ours[1]) == (theirs[0] < theirs[1], theirs[0] == theirs[1])


@given(RELEASES, st.sampled_from([">=", "<=", "<", ">", "==", "!="]), RELEASES)
def test_bounds_on_releases_are_packagings(version: str, comparison: str, bound: str) -> None:
    bounds = comparison + bound
    assert within(version, bounds) is SpecifierSet(bounds).contains(version)


@pytest.mark.parametrize("text", ["latest", "nightly", "v", "1.x", "abc1.2"])
def test_what_is_no_version_is_unknown(text: str) -> None:
    assert version_key(text) is None
    assert within(text, ">=1") is None


@pytest.mark.parametrize("bounds", ["0.2", ">=", ">=latest", "~=1.2", ">=1 <2"])
def test_what_are_no_bounds_is_refused(bounds: str) -> None:
    with pytest.raises(ValueError, match="no bound on a version"):
        check_bounds(bounds)
