from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.document.scalars import resolve_plain
from advisor.nel.walltime import UNLIMITED, base60, max_walltime_seconds, nel_seconds, read_walltime, slurm_seconds

DAY, HOUR, MINUTE = 86400, 3600, 60


@pytest.mark.parametrize(
    ("text", "slurm", "nel"),
    [
        ("04:00:00", 4 * HOUR, 4 * HOUR),
        ("120:00:00", 120 * HOUR, 120 * HOUR),
        ("1-00:00:00", DAY, DAY),
        ("2-12", 2 * DAY + 12 * HOUR, None),
        ("2-12:30", 2 * DAY + 12 * HOUR + 30 * MINUTE, None),
        ("00:90:00", 90 * MINUTE, 90 * MINUTE),
        ("240", 240 * MINUTE, None),
        ("04:00", 4 * MINUTE, None),
        ("UNLIMITED", UNLIMITED, None),
        ("-1", UNLIMITED, None),
        ("4h", None, None),
        ("4 hours", None, None),
        ("", None, None),
        ("None", None, None),
        ("1:2:3:4", None, None),
        ("1-2-3", None, None),
        ("04:00:00 ", None, None),
        ("04:00:00\n", None, None),
        ("1.5", None, None),
        ("9" * 5000, None, None),
        ("1-" + "9" * 5000, None, None),
    ],
)
def test_seconds(text: str, slurm: float | None, nel: int | None) -> None:
    assert slurm_seconds(text) == slurm
    assert nel_seconds(text) == nel


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12:00:00", 43200),
        ("4:00:00", 14400),
        ("10:00", 600),
        ("04:00:00", None),
        ("0:30:00", None),
        ("12:90:00", None),
        ("1-00:00:00", None),
        ("240", None),
        ("12:00:00.5", None),
    ],
)
def test_base_60(text: str, number: int | None) -> None:
    assert base60(text) == number


@pytest.mark.parametrize(
    ("text", "quoted", "submitted", "slurm", "meant"),
    [
        ("12:00:00", False, "43200", 43200 * MINUTE, "12:00:00"),
        ("12:00:00", True, "12:00:00", 12 * HOUR, None),
        ("04:00:00", False, "04:00:00", 4 * HOUR, None),
        ("43200", False, "43200", 43200 * MINUTE, None),
        ("null", False, "None", None, None),
        ("4h", False, "4h", None, None),
    ],
)
def test_what_is_submitted(text: str, quoted: bool, submitted: str, slurm: float | None, meant: str | None) -> None:
    found = read_walltime(text if quoted else resolve_plain(text), text)
    assert (found.submitted, found.slurm, found.meant) == (submitted, slurm, meant)
    assert found.meant_seconds == (slurm_seconds(meant) if meant else None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120:00:00", 120 * HOUR),
        ("1-00:00:00", DAY),
        (86400, DAY),
        ("86400", DAY),
        ("90:00", 90 * MINUTE),
        ("08:09:09", 8 * HOUR + 9 * MINUTE + 9),
        ("4h", 0),
        (None, UNLIMITED),
        ("", UNLIMITED),
        (0, UNLIMITED),
        (False, UNLIMITED),
    ],
)
def test_max_walltime(value: str | int | None, seconds: float) -> None:
    assert max_walltime_seconds(value) == seconds


@given(st.integers(0, 400), st.integers(0, 59), st.integers(0, 59))
def test_slurm_and_nel_agree_on_hours_minutes_seconds(hours: int, minutes: int, seconds: int) -> None:
    text = f"{hours:02}:{minutes:02}:{seconds:02}"
    assert (
        slurm_seconds(text)
        == nel_seconds(text)
        == max_walltime_seconds(text)
        == hours * HOUR + minutes * MINUTE + seconds
    )


@given(st.text(alphabet="0123456789:-dh ", max_size=10))
def test_no_text_is_a_crash(text: str) -> None:
    assert (nel_seconds(text) is None) or slurm_seconds(text) == nel_seconds(text)
    assert max_walltime_seconds(text) >= 0
    assert read_walltime(resolve_plain(text), text).submitted == str(resolve_plain(text))
