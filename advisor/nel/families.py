"""What is known of model families: how they reason, which parsers, sampling and context they need.

Source: rules/knowledge/families.json, which names the sources of each entry.
"""

from __future__ import annotations

import re
from functools import cache

from advisor.knowledge import table
from advisor.nel.versions import version_key
from advisor.patterns import pattern
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

ALWAYS, BY_DEFAULT, ON_REQUEST, NEVER = "always", "by default", "on request", "never"
REASONING, TOOLS = "reasoning", "tools"
FLAGS = {"--reasoning-parser": REASONING, "--tool-call-parser": TOOLS}
THINKING, PLAIN = "thinking", "plain"
SYSTEM_PROMPT = "system prompt"
# What may stand around a family's name in the name of its own models, or of a quantized copy of one.
_BEFORE = frozenset({"", "nvidia", "deepseek-ai", "qwen", "openai", "unsloth", "redhatai", "zai-org"})
_AFTER = frozenset({
    "air", "flash", "hf", "it", "instruct", "chat", "reasoning", "nvfp4", "mxfp4", "mxfp8", "fp4", "fp8", "bf16",
    "fp16", "int4", "int8", "awq", "gptq", "dynamic", "quantized", "modelopt", "ptq", "qat", "rtn", "block", "mixed",
    "auto", "export", "kv",
})  # fmt: skip
_SIZE = pattern(r"v?\d+[bt]?|a\d+b|w\d+a\d+|kv\w+")
_BETWEEN = pattern(r"[-_.]+")
_LITERAL = pattern(r"[A-Za-z0-9-]{3,}")
_BASE = pattern(r"(?<![A-Za-z0-9])(?i:base)(?![A-Za-z0-9])")
_REPOSITORY = pattern(r"models--([\w.]+)--([\w.-]+)(?:/snapshots/\w+)?/?\Z")


class Family(NamedTuple):
    """One entry of the table. `is_named` is whether the model's name is the family's own, or that of a quantized copy;
    a name that says more (a fine-tune's, a directory's above) is less sure."""

    name: str
    record: dict[str, Any]
    is_named: bool

    def is_read(self, field: str) -> bool:
        """Whether somebody read this field in a source."""
        unread = self.record.get("unverified", ())
        return "*" not in unread and field not in unread and field.partition(".")[0] not in unread

    def parsers(self, engine: str, kind: str) -> tuple[str, ...] | None:
        """The parsers that work, the family's own first; () where it needs none, None where that is not known."""
        found = self.record.get(engine, {}).get(kind)
        return None if found is None else tuple(found)

    def sampling(self, mode: str, name: str) -> tuple[float, ...]:
        """What the vendor asks for; () where that is not known."""
        return tuple(self.record.get(mode, {}).get(name, ()))

    @property
    def thinks(self) -> str:
        """always, by default, on request, never; '' where that is not known."""
        return str(self.record.get("thinks", ""))

    @property
    def toggle(self) -> str:
        return str(self.record.get("toggle", ""))

    @property
    def trace(self) -> str:
        """What marks the reasoning in an answer; '' where there is none, or it is not known."""
        return str(self.record.get("trace", ""))

    @property
    def greedy_warning(self) -> str:
        """What the vendor says comes of greedy decoding; '' where nothing is known to be said."""
        warned = self.record.get("greedy")
        return f"; {self.name}'s vendor warns of {warned}" if warned else ""

    @property
    def context(self) -> int | None:
        found = self.record.get("context")
        return int(found) if found else None


class Parser(NamedTuple):
    """What a reasoning parser looks for, and what it does where that is not as it expects."""

    trace: str
    record: dict[str, Any]

    def swallows(self, version: str | None) -> bool:
        """Whether it takes an answer without an end of reasoning for reasoning as a whole."""
        first = self.record.get("swallows")
        return first is not None and _compared(version, first) in (0, 1)

    @property
    def always_swallows(self) -> bool:
        """Whether it does so also where the request switches reasoning off."""
        return self.record.get("when") == ALWAYS

    def needs_start(self, version: str | None) -> bool:
        """Whether it leaves a trace in the answer whose start stands in the prompt."""
        last = self.record.get("needs_start")
        return last is not None and _compared(version, last) in (0, -1)

    @property
    def keeps(self) -> bool:
        """Whether it leaves every trace in the answer, as some clients want it."""
        return self.record.get("keeps") is True


def family_of(names: Iterable[str], model_type: str | None = None) -> Family | None:
    """The first family that one of these names is of, the names in the order of their weight. `model_type` is what
    config.json says: a family that it does not fit is not told."""
    for name in names:
        found = _named(name)
        if found is not None:
            types = found.record.get("types")
            return None if types and model_type and model_type not in types else found
    return None


def parser_of(engine: str, name: str) -> Parser | None:
    """What is known of a reasoning parser."""
    record = table("families")["parsers"].get(engine, {}).get(name)
    return Parser(record["trace"], record) if record is not None else None


def owners_of(engine: str, kind: str, parser: str) -> tuple[str, ...]:
    """The families whose own parser this is."""
    records = table("families")["families"]
    return tuple(one["family"] for one in records if parser in one.get(engine, {}).get(kind, ())[:1])


@cache
def _named(name: str) -> Family | None:
    """The family of one name: by its last part, else by the whole path, which says less. Base models are of none."""
    cached = _REPOSITORY.search(name)
    last = cached[2] if cached else name.rstrip("/").rpartition("/")[2]
    if _BASE.search(last):
        return None
    for text in dict.fromkeys((last, name)):
        folded = text.lower()
        for literal, expression, record in _families():
            match = expression.search(folded) if literal in folded else None
            if match is not None:
                return Family(record["family"], record, text is last and _is_named(folded, *match.span()))
    return None


def _is_named(text: str, start: int, end: int) -> bool:
    """Whether what stands around a family's name in a name only says whose copy it is, and how it is quantized."""
    words = _BETWEEN.split(text[end:])
    return text[:start].rstrip("-_") in _BEFORE and all(
        not word or word in _AFTER or _SIZE.fullmatch(word) is not None for word in words
    )


@cache
def _families() -> tuple[tuple[str, re.Pattern[str], dict[str, Any]], ...]:
    """Each family with the letters that its names begin with: most expressions are never compiled."""
    return tuple(
        (
            literal[0].lower() if (literal := _LITERAL.match(one["match"])) else "",
            pattern(rf"(?<![a-z0-9])(?i:{one['match']})(?![a-z0-9])"),
            one,
        )
        for one in table("families")["families"]
    )


def _compared(version: str | None, other: str) -> int | None:
    """-1, 0 or 1 as a version is older, the same or newer; None where one is not known."""
    key, bound = version_key(version) if version else None, version_key(other)
    if key is None or bound is None:
        return None
    return (key > bound) - (key < bound)
