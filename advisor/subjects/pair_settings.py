"""One setting on both sides: whether it is the same."""

from __future__ import annotations

from advisor.nel.values import ABSENT, Absent, Unknown
from advisor.records import NamedTuple
from advisor.subjects.pair_server import PARSERS
from advisor.subjects.pair_side import JUDGE, LEFT_OPEN, REASONING, Setting, TaskSide, same_value
from advisor.subjects.pair_words import url_class

SAME, DIFFERS, LEFT_OUT, ADDED, OPEN, UNKNOWN = "same", "differs", "left out", "added", "left open", "unknown"
# Stands for a setting that neither side has.
NOTHING = Setting("", ABSENT)


class Compared(NamedTuple):
    """One setting on both sides, of one task or (None) of the server."""

    name: str
    case: str
    theirs: Setting
    ours: Setting
    task: TaskSide | None = None


def compare(name: str, theirs: Setting, ours: Setting, task: TaskSide | None) -> Compared:
    """How a setting compares; what one side uses to steer reasoning is about reasoning."""
    if REASONING in (theirs.about, ours.about) and theirs.about != ours.about:
        ours = ours._replace(about=REASONING)
    return Compared(name, _case(name, theirs, ours), theirs, ours, task)


def _case(name: str, theirs: Setting, ours: Setting) -> str:
    a, b = theirs.value, ours.value
    if LEFT_OPEN in (a, b):
        if isinstance(a, Unknown) and isinstance(b, Unknown):
            return SAME if a == b else UNKNOWN
        return OPEN
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return SAME if theirs.raw and theirs.raw == ours.raw else UNKNOWN
    if isinstance(a, Absent) or isinstance(b, Absent):
        return SAME if a is b else LEFT_OUT if isinstance(b, Absent) else ADDED
    if ours.about == JUDGE and name.endswith("url"):
        return SAME if url_class(a) == url_class(b) else DIFFERS
    if name in PARSERS and isinstance(a, str) and isinstance(b, str):
        return SAME if a.replace("-", "_") == b.replace("-", "_") else DIFFERS
    return SAME if same_value(a, b) else DIFFERS
