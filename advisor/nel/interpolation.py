"""`${...}` as OmegaConf 2.3 reads it: where it stands, what it names, what it becomes.

Values of environment variables are never read: `${oc.env:X}` is an unknown value.
"""

from __future__ import annotations

import re
from functools import lru_cache

from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KEY, ENV, RESOLVER, NESTED, BROKEN = "key", "environment", "resolver", "nested", "broken"
# OmegaConf's own, Hydra's, and the one that NEL registers.
RESOLVERS = frozenset(
    [
        "oc.create",
        "oc.decode",
        "oc.deprecated",
        "oc.dict.keys",
        "oc.dict.values",
        "oc.env",
        "oc.select",
        "hydra",
        "now",
        "python_version",
        "select_not_null",
    ]
)
_PART = r"[^\\{}()\[\]:. \t'\"]+"
_KEY_FORM = pattern(rf"\s*(\.*(?:{_PART}|\[{_PART}\])(?:\.{_PART}|\[{_PART}\])*)\s*\Z")
_RESOLVER_FORM = pattern(r"\s*([A-Za-z_][\w\-]*(?:\.[A-Za-z_][\w\-]*)*)\s*:(.*)\Z", re.S)
_PARTS = pattern(_PART)
_MAX_DEPTH = 20


class Interpolation(NamedTuple):
    """One `${...}` of a string: `start` and `end` are indexes in that string. `name` is the key path, the
    variable, or the resolver; `default` the text after the comma of `oc.env`."""

    start: int
    end: int
    text: str
    kind: str
    name: str
    arguments: str = ""
    default: str | None = None

    @property
    def key_path(self) -> tuple[str, ...]:
        """The absolute path of a key interpolation; () for a relative one."""
        return () if self.name.startswith(".") else tuple(_PARTS.findall(self.name))


def find_interpolations(text: str) -> tuple[Interpolation, ...]:
    """Every outermost interpolation of a string, escaped ones (`\\${`) left out, and those nested in them."""
    return _found(text) if "${" in text else ()


@lru_cache(maxsize=1024)
def _found(text: str) -> tuple[Interpolation, ...]:
    return tuple(_find(text, 0, 0))


def outermost(found: Iterable[Interpolation]) -> list[Interpolation]:
    """Those that stand inside no other."""
    out: list[Interpolation] = []
    for one in found:
        if not out or one.start >= out[-1].end:
            out.append(one)
    return out


def _find(text: str, base: int, depth: int) -> Iterator[Interpolation]:
    at = 0
    while True:
        at = text.find("${", at)
        if at < 0:
            return
        if _escaped(text, at):
            at += 2
            continue
        end = _closing(text, at + 2)
        if end < 0 or depth > _MAX_DEPTH:
            yield Interpolation(base + at, base + len(text), text[at:], BROKEN, "")
            return
        inner = text[at + 2 : end]
        yield _classify(base + at, base + end + 1, text[at : end + 1], inner)
        yield from _find(inner, base + at + 2, depth + 1)
        at = end + 1


def _escaped(text: str, at: int) -> bool:
    backslashes = 0
    while at > backslashes and text[at - 1 - backslashes] == "\\":
        backslashes += 1
    return backslashes % 2 == 1


def _closing(text: str, at: int) -> int:
    depth = 1
    while (end := text.find("}", at)) >= 0:
        depth += text.count("{", at, end) - 1
        if depth == 0:
            return end
        at = end + 1
    return -1


def _classify(start: int, end: int, text: str, inner: str) -> Interpolation:
    if "${" in inner:
        return Interpolation(start, end, text, NESTED, inner)
    match = _KEY_FORM.match(inner)
    if match:
        return Interpolation(start, end, text, KEY, match[1])
    match = _RESOLVER_FORM.match(inner)
    if match and match[1] == "oc.env":
        name, comma, default = match[2].partition(",")
        return Interpolation(
            start, end, text, ENV, name.strip().strip("'\""), match[2], default.strip() if comma else None
        )
    if match:
        return Interpolation(start, end, text, RESOLVER, match[1], match[2])
    return Interpolation(start, end, text, BROKEN if not _grammar_accepts(text) else NESTED, inner)


def _grammar_accepts(text: str) -> bool:
    from omegaconf import grammar_parser
    from omegaconf.errors import GrammarParseError

    try:
        grammar_parser.parse(text)
    except GrammarParseError:
        return False
    return True
