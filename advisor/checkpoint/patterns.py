"""Which modules a list of exclusions names, as the engine of each method reads it.

Sources: vllm modelopt.py is_layer_excluded (exact, fnmatch, older: substring), compressed_tensors/utils.py
(exact or `re:` with re.match), fp8.py and awq.py is_layer_skipped (exact or substring), gpt-oss's mxfp4 globs.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from fnmatch import translate
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PATTERN = 500
MAX_PATTERNS = 50_000
MAX_GLOBS = 200
MAX_SUBSTRINGS = 1_000
# A checkpoint's regular expressions are a stranger's: few open repeats, short names, and a bound on the time of all.
MAX_REPEATS = 4
MAX_NAME = 128
MATCH_SECONDS = 0.5
_CLASS_OR_ESCAPE = re.compile(r"\\.|\[\^?\]?[^\]]*\]")
_OPEN_REPEAT = re.compile(r"[*+]|\{\d*,\d*\}")
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{)")
_BACKREFERENCE = re.compile(r"\\[1-9]|\(\?P=")


@dataclass(slots=True)
class NameMatcher:
    """Matches module names against literals, prefixes, globs, substrings and bounded regular expressions."""

    exact: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    _starts: list[str] = field(default_factory=list)
    _substrings: list[str] = field(default_factory=list)
    _globs: list[str] = field(default_factory=list)
    _expressions: list[re.Pattern[str]] = field(default_factory=list)
    _glob: Callable[[str], object] | None = None
    _sorted: bool = True
    _spent: float = 0.0

    def add_glob(self, pattern: str) -> None:
        """A pattern of fnmatch: `*` and `?` cross dots."""
        stem = pattern[:-1]
        if not _magic(pattern):
            self.exact.add(pattern)
        elif pattern.endswith("*") and not _magic(stem):
            self._starts.append(stem)
            self._sorted = False
        elif len(pattern) > MAX_PATTERN or len(self._globs) >= MAX_GLOBS:
            self.refused.append(pattern)
        else:
            self._globs.append(translate(pattern))
            self._glob = None

    def add_substring(self, text: str) -> None:
        if len(self._substrings) >= MAX_SUBSTRINGS:
            self.refused.append(text)
        else:
            self._substrings.append(text)

    def add_expression(self, expression: str) -> None:
        """A regular expression from the start of the name (re.match), refused when it could take for ever."""
        compiled = safe_expression(expression)
        if compiled is None:
            self.refused.append(expression)
        else:
            self._expressions.append(compiled)

    def matches(self, name: str) -> bool:
        if name in self.exact or self._starts_with(name):
            return True
        if any(text in name for text in self._substrings):
            return True
        if self._globs and self._glob is None:
            self._glob = re.compile("|".join(self._globs)).match
        if self._glob is not None and self._glob(name) is not None:
            return True
        return bool(self._expressions) and self._expression_matches(name)

    def _starts_with(self, name: str) -> bool:
        if not self._starts:
            return False
        if not self._sorted:
            self._starts = _prefix_free(self._starts)
            self._sorted = True
        at = bisect_right(self._starts, name)
        return at > 0 and name.startswith(self._starts[at - 1])

    def _expression_matches(self, name: str) -> bool:
        if len(name) > MAX_NAME or self._spent > MATCH_SECONDS:
            return False
        begun = perf_counter()
        found = any(expression.match(name) for expression in self._expressions)
        self._spent += perf_counter() - begun
        if self._spent > MATCH_SECONDS:
            self.refused.extend(expression.pattern for expression in self._expressions)
        return found


def exclusion_matcher(method: str, patterns: tuple[str, ...]) -> NameMatcher:
    """The modules that the method's engine certainly leaves unquantized for these patterns."""
    matcher = NameMatcher()
    for pattern in patterns[:MAX_PATTERNS]:
        if pattern.startswith("re:"):
            matcher.add_expression(pattern[3:])
        elif method == "compressed-tensors":
            matcher.exact.add(pattern)
        elif method in ("awq", "gptq", "bitsandbytes"):
            matcher.add_substring(pattern)
        elif method in ("fp8", "mxfp4"):
            matcher.add_glob(pattern)
            matcher.add_glob(f"{pattern}.*")
        else:
            matcher.add_glob(pattern)
    return matcher


def possible_matcher(patterns: tuple[str, ...]) -> NameMatcher:
    """The modules that some engine version may leave unquantized: any pattern as a plain part of the name.

    Every module, where there are too many patterns to try.
    """
    matcher = NameMatcher()
    if len(patterns) > MAX_SUBSTRINGS:
        matcher.add_substring("")
        return matcher
    for pattern in patterns:
        if not pattern.startswith("re:"):
            matcher.add_substring(pattern.strip("*"))
    return matcher


def spellings(name: str) -> tuple[str, ...]:
    """A module's name, and the names that engines give it when the text model is a part of a larger one."""
    if name.startswith("language_model.model."):
        rest = name[len("language_model.model.") :]
        return (name, f"model.language_model.{rest}", f"model.{rest}")
    if name.startswith("model.language_model."):
        rest = name[len("model.language_model.") :]
        return (name, f"language_model.model.{rest}", f"model.{rest}")
    if name.startswith("language_model."):
        return (name, name[len("language_model.") :])
    return (name,)


def safe_expression(expression: str) -> re.Pattern[str] | None:
    """A compiled expression, or None for one that is broken or whose matching could blow up."""
    bare = _CLASS_OR_ESCAPE.sub("x", expression)
    if len(expression) > MAX_PATTERN or _BACKREFERENCE.search(expression) or _REPEATED_GROUP.search(bare):
        return None
    if len(_OPEN_REPEAT.findall(bare)) > MAX_REPEATS:
        return None
    try:
        return re.compile(expression)
    except (re.error, RecursionError, OverflowError):
        return None


def _magic(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern or "[" in pattern


def _prefix_free(prefixes: list[str]) -> list[str]:
    """Sorted, without those that a shorter one already covers, so that one bisection decides."""
    kept: list[str] = []
    for prefix in sorted(set(prefixes)):
        if not kept or not prefix.startswith(kept[-1]):
            kept.append(prefix)
    return kept
