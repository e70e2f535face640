"""Values of two configs as people read them beside each other."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from advisor.nel.values import ABSENT, Absent, Unknown, Value
from advisor.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.subjects.pair_side import Setting, Side

BY_DEFAULT = " by default"
_LONGEST = 60
_MOST, _MOST_IN_TITLE = 4, 40
_WORD = pattern(r"[\w./:@+=-]+\Z")
_ADDRESS = pattern(r"[\d.:\[\]]+\Z|localhost\Z|[^.]*\Z")


def shown_values(ours: Setting, theirs: Setting) -> tuple[str, str]:
    """Both values; of long ones that begin alike, what follows the beginning."""
    here, there = _text(ours), _text(theirs)
    if max(len(here), len(there)) > _LONGEST:
        start = next((n for n, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), 0)
        if start > 20:
            start = max(here.rfind(" ", 0, start), start - 20) + 1
            here, there = f"...{here[start:]}", f"...{there[start:]}"
    return _cut(here), _cut(there)


def _text(setting: Setting) -> str:
    value = setting.value
    if isinstance(value, Absent):
        return "not set"
    if isinstance(value, Unknown):
        return "left to its default"
    text = _quoted(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{text}{BY_DEFAULT}" if setting.is_default else text


def _quoted(text: str) -> str:
    """A text in quotes where it would else run into the sentence."""
    if _WORD.match(text):
        return text
    mark = "'" if '"' in text else '"'
    return f"{mark}{' '.join(text.split())}{mark}"


def wanted_text(there: str) -> str:
    """The baseline's value in the title of a fix."""
    there = there.removesuffix(BY_DEFAULT)
    return f"{there}, as the baseline has it" if len(there) <= _MOST_IN_TITLE else "the baseline's value"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def listed(names: list[str]) -> str:
    """A few names in a row, and how many more there are."""
    if len(names) < 2:
        return "".join(names)
    if len(names) <= _MOST:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(names[: _MOST - 1])} and {len(names) - _MOST + 1} more"


def url_class(value: Value) -> Value:
    """Whose endpoint a url is: the domain, or `own` for a host without one."""
    host = urlsplit(value).hostname if isinstance(value, str) and "://" in value else None
    if host is None:
        return value
    return "own" if _ADDRESS.match(host) else ".".join(host.split(".")[-2:])


def flag_text(theirs: Setting, their_side: Side, our_side: Side) -> Value:
    """The baseline's flag as it is written, where the candidate's server is the same engine and needs no quotes."""
    if theirs.flag is None or their_side.engine != our_side.engine or isinstance(theirs.value, Unknown):
        return ABSENT
    name = str(theirs.flag.path[-1])
    if theirs.value is True:
        return name
    return f"{name} {theirs.value}" if isinstance(theirs.value, str) and _WORD.match(theirs.value) else ABSENT
