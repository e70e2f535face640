"""Where a key stands in a checkpoint's JSON files, for the caret of a finding."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from advisor.document.document import Document
from advisor.document.nodes import Span
from advisor.document.reading import open_regular

if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint

MAX_BYTES = 1 << 20
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:]')


class MetadataTexts:
    """The texts of one checkpoint's metadata files, each read once and only when a finding points into it."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._documents: dict[str, Document] = {}

    def locate(self, file: str, keys: tuple[str, ...]) -> tuple[Document, Span]:
        """A file and the span of the longest part of a key path that it has; its first character without one."""
        document = self._documents.get(file)
        if document is None:
            document = self._documents[file] = Document(
                f"{self._checkpoint.path}/{file}".rstrip("/"), self._text(file), None
            )
        for length in range(len(keys), 0, -1):
            found = key_span(document.text, keys[:length])
            if found is not None:
                return document, found
        return document, Span(0, 0)

    def _text(self, file: str) -> str:
        entry = self._checkpoint.files.get(file)
        if entry is None or not file.endswith(".json") or entry.size > MAX_BYTES:
            return ""
        try:
            with os.fdopen(open_regular(f"{self._checkpoint.path}/{file}"), "rb") as stream:
                return stream.read(MAX_BYTES).decode("utf-8")
        except (OSError, UnicodeDecodeError):
            return ""


def key_span(text: str, keys: tuple[str, ...]) -> Span | None:
    """The span of an object's key at a path of keys; None where the text has none. Any text will do."""
    stack: list[str | None] = []
    last: re.Match[str] | None = None
    for token in _TOKEN.finditer(text):
        mark = token[0][0]
        if mark == '"':
            last = token
        elif mark in "{[":
            stack.append(None)
        elif mark in "}]":
            if stack:
                stack.pop()
        elif last is not None and stack:
            stack[-1] = last[0][1:-1]
            if len(stack) == len(keys) and tuple(stack) == keys:
                return Span(last.start(), last.end())
    return None
