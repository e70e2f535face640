"""The texts that an editor has open, kept by its edits."""

from __future__ import annotations

from itertools import count
from typing import Any

from advisor.lsp.positions import Positions

_stamps = count(1)


class Buffer:
    """One open text. `stamp` changes with every edit; `version` is the client's."""

    def __init__(self, uri: str, version: int, text: str, encoding: str) -> None:
        self.uri, self.version, self.text, self.encoding = uri, version, text, encoding
        self.stamp = next(_stamps)

    def change(self, version: int, changes: list[dict[str, Any]]) -> None:
        """Make the client's edits, each on the text that the one before it left."""
        for one in changes:
            span = one.get("range")
            if span is None:
                self.text = one["text"]
            else:
                self.text = Positions(self.text, self.encoding).replaced(span["start"], span["end"], one["text"])
        self.version = version
        self.stamp = next(_stamps)
