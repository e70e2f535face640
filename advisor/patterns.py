"""Regular expressions that are compiled when they are first used: compiling them all was a third of a cold start.

A range of letters that ignores case takes five times as long to compile as A-Za-z, with `(?i:...)` around words alone.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, AnyStr

_METHODS = ("match", "search", "fullmatch", "finditer", "findall", "sub", "subn", "split")


class _Late:
    """Stands for a compiled pattern, and takes over its methods at the first call of any."""

    def __init__(self, text: str | bytes, flags: int) -> None:
        self.text, self.given = text, flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self.text, self.given)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)


def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As re.compile, later."""
    return _Late(text, flags)  # type: ignore[return-value]


class CompiledLate:
    """Modules that are imported in it have late patterns too: for those of others, which compile all theirs at once."""

    def __enter__(self) -> None:
        self._compile = re.compile
        re.compile = pattern  # type: ignore[assignment]

    def __exit__(self, *_: object) -> None:
        re.compile = self._compile
