"""What becomes of a walltime: YAML may make a number of it; Slurm, NEL and its resume script each read it their way.

Source: nemo-evaluator-launcher 0.2.6 common/helpers.py (walltime_to_seconds), executors/slurm/executor.py
(`#SBATCH --time`, _generate_autoresume_handler); Slurm's sbatch manual, --time.
"""

from __future__ import annotations

import re

from advisor.document.scalars import resolve_plain
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.nodes import Data

UNLIMITED = float("inf")
_DAY, _HOUR, _MINUTE = 86400, 3600, 60
_NEL = pattern(r"(?:([0-9]{1,9})-)?([0-9]{1,9}):([0-9]{1,9}):([0-9]{1,9})\Z")
_SLURM_DAYS = pattern(r"([0-9]{1,9})-([0-9]{1,9})(?::([0-9]{1,9}))?(?::([0-9]{1,9}))?\Z")
_SLURM_TIME = pattern(r"[0-9]{1,9}(?::[0-9]{1,9}){0,2}\Z")
_SLURM_UNLIMITED = frozenset({"-1", "infinite", "unlimited"})


class Walltime(NamedTuple):
    """`submitted` is the text that `#SBATCH --time` gets. `slurm` and `nel` are the seconds that each makes of it, None
    where it is refused; `nel` matters only where a server is waited for without endpoint_readiness_timeout.
    `meant` is the text as written where YAML 1.1 has read it as a number in base 60, and `meant_seconds` its value."""

    submitted: str
    slurm: float | None
    nel: int | None
    meant: str | None = None
    meant_seconds: float | None = None


def read_walltime(value: Data, text: str) -> Walltime:
    """`execution.walltime` from its value and its text in the file (without quotes)."""
    submitted = str(value)
    meant = text if base60(text) is not None and value == base60(text) else None
    seconds = slurm_seconds(meant) if meant else None
    return Walltime(submitted, slurm_seconds(submitted), nel_seconds(submitted), meant, seconds)


def base60(text: str) -> int | None:
    """What YAML 1.1 makes of an unquoted text with colons: 12:00:00 is 43200; None where it stays text."""
    value = resolve_plain(text) if ":" in text else None
    return value if isinstance(value, int) else None


def nel_seconds(text: str) -> int | None:
    """NEL's own reading: HH:MM:SS or D-HH:MM:SS; None for anything else (a ValueError there)."""
    match = _NEL.match(text)
    return _seconds(match[1], match[2], match[3], match[4]) if match else None


def slurm_seconds(text: str) -> float | None:
    """sbatch's reading: minutes, M:S, H:M:S, D-H, D-H:M, D-H:M:S, or UNLIMITED; None where it refuses the job."""
    if text.lower() in _SLURM_UNLIMITED:
        return UNLIMITED
    match = _SLURM_DAYS.match(text)
    if match:
        return _seconds(match[1], match[2], match[3], match[4])
    if not _SLURM_TIME.match(text):
        return None
    parts = text.split(":")
    if len(parts) == 3:
        return _seconds(None, *parts)
    return _seconds(None, None, *parts) if len(parts) == 2 else _seconds(None, None, parts[0], None)


def max_walltime_seconds(value: Data) -> float:
    """`execution.max_walltime` as the resume script reads it: H:M:S, D-H:M:S, M:S or seconds. What it cannot read is 0,
    which ends the first job at its start; null, false, 0 and '' mean no limit."""
    if not value:
        return UNLIMITED
    text = str(value)
    whole = nel_seconds(text)
    if whole is not None:
        return whole
    if re.match(r"[0-9]{1,9}:[0-9]{1,9}\Z", text):
        return _seconds(None, None, *text.split(":"))
    return int(text) if re.match(r"[0-9]{1,9}\Z", text) else 0


def _seconds(days: str | None, hours: str | None, minutes: str | None, seconds: str | None) -> int:
    return int(days or 0) * _DAY + int(hours or 0) * _HOUR + int(minutes or 0) * _MINUTE + int(seconds or 0)
