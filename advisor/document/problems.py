"""What can be wrong with a file before it means anything."""

from __future__ import annotations

from advisor.document.nodes import Span
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from yaml import MarkedYAMLError

_UNPRINTABLE = pattern("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Problem(NamedTuple):
    """`kind` is a stable short name that rules ask for; `other` is the first place of a duplicate."""

    kind: str
    message: str
    span: Span
    hint: str = ""
    other: Span | None = None


def syntax_problem(error: MarkedYAMLError, text: str) -> Problem:
    """What the parser stopped at, and what is mostly meant by it."""
    mark = error.problem_mark or error.context_mark
    at = min(mark.index, len(text)) if mark else 0
    message = " ".join(part for part in (error.problem, error.context) if part)
    return Problem("syntax", message, Span(at, min(at + 1, len(text))), hint=_hint(message, text, at))


def _hint(message: str, text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 :].split("\n", 1)[0]
    if "mapping values are not allowed" in message:
        return "a plain value cannot hold ': '; quote it, or put it in a '>-' block"
    if "\t" in line[: len(line) - len(line.lstrip())] or "\\t" in message or "tab" in message:
        return "YAML indents with spaces, not tabs"
    if text[at : at + 1] == "?":
        return "inside {} and [] a value with ? must be quoted"
    if "did not find expected key" in message or "block mapping" in message:
        return "check the indentation of this line against its neighbours"
    return ""


def unprintable_problem(text: str) -> Problem:
    """The first character that YAML does not allow."""
    match = _UNPRINTABLE.search(text)
    at = match.start() if match else 0
    code = f" (U+{ord(match.group()):04X})" if match else ""
    return Problem("unprintable", f"a control character{code} is not legal in YAML", Span(at, min(at + 1, len(text))))
