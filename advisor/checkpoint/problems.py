"""What can be wrong with a file of a checkpoint before it means anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProblemKind = Literal[
    # the directory and its entries
    "not-found",
    "not-a-directory",
    "unreadable",
    "dangling-link",
    "link-loop",
    "not-regular",
    "too-large",
    "too-many-files",
    # JSON and text
    "not-utf8",
    "json-syntax",
    "json-too-deep",
    "json-nan",
    "json-type",
    "implausible-value",
    # safetensors
    "header-length",
    "header-json",
    "header-tensor",
    "header-offsets",
    "shard-truncated",
    "shard-trailing-bytes",
    "index-path",
    "duplicate-tensor",
    # the model card
    "card-front-matter",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """`kind` is a stable name that rules ask for; `file` is relative to the checkpoint, "" for the directory itself."""

    kind: ProblemKind
    file: str
    message: str


def encodable(text: str) -> bool:
    """False for half a surrogate pair, which JSON can escape, a file name can hold, and nothing can print."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
