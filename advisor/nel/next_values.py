"""What nel-next makes of `${...}`: variables, deferred ones, and references into the config itself.

Source: nemo-evaluator 0.5 config/eval_config.py (variables) and config/compose.py (references).
"""

from __future__ import annotations

from advisor.nel.values import Absent, Unknown, Value, Values
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE, DEFERRED, REFERENCE, LITERAL = "variable", "deferred", "reference", "literal"
_ANY = pattern(
    r"\$\$\{(?P<deferred>[^}]*)\}?|\$\{\.(?P<path>[A-Za-z0-9_.]+)\}|\$\{(?P<name>\w+)(?::-(?P<default>.*?))?\}"
    r"|\$\{(?P<literal>[^}]*)\}"
)


class Expansion(NamedTuple):
    """One `${...}`: `name` is the variable, the dotted path, or what stands inside of one that nobody replaces."""

    start: int
    end: int
    text: str
    kind: str
    name: str
    default: str | None = None


def expansions(text: str) -> Iterator[Expansion]:
    """Every `${...}` of a string, in order."""
    for match in _ANY.finditer(text) if "${" in text else ():
        kind, name = LITERAL, match["literal"] or ""
        if match["name"] is not None:
            kind, name = VARIABLE, match["name"]
        elif match["path"] is not None:
            kind, name = REFERENCE, match["path"]
        elif match["deferred"] is not None:
            kind, name = DEFERRED, match["deferred"]
        yield Expansion(match.start(), match.end(), match[0], kind, name, match["default"])


class NextValues(Values):
    """Looks values up in a composed nel-next config. `???` means nothing there."""

    __slots__ = ()

    def text(self, text: str) -> Value:
        out, at = [], 0
        for one in expansions(text):
            value = self.expansion(one)
            if isinstance(value, Unknown):
                return value
            out += [text[at : one.start], str(value)]
            at = one.end
        return "".join([*out, text[at:]])

    def expansion(self, one: Expansion) -> Value:
        if one.kind == VARIABLE:
            return Unknown(f"{one.text} is a variable of the environment")
        if one.kind == REFERENCE:
            value = self.reference(one.name)
            return one.text if isinstance(value, Absent) else value
        return one.text.removeprefix("$") if one.kind == DEFERRED else one.text

    def reference(self, path: str) -> Value:
        """What `${.path}` names. Its own `${.}` are left as they are, its variables are filled in later."""
        node = self.tree.at(tuple(path.split(".")))
        if node is None:
            return self._nothing_at(tuple(path.split(".")))
        if isinstance(node.data, str) and any(one.kind == VARIABLE for one in expansions(node.data)):
            return Unknown(f"{path} is a variable of the environment")
        return node.plain()
