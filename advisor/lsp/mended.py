"""The config as it is but for what is half typed at the cursor."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.lsp.cursor import KEY, TEXT, Cursor
from advisor.lsp.session import Analysis
from advisor.patterns import pattern
from advisor.subjects.subject import World

# Stands for the key that is being typed, so that what it is typed into is a mapping.
PLACEHOLDER = "nel-advisor-cursor"
_ENTRY = pattern(r"[^,\]}\n]*")


def mended_world(analysis: Analysis, cursor: Cursor) -> World | None:
    """The subjects of the text without what is being typed; None where no way to mend it makes it whole."""
    for text in _texts(analysis.document.text, cursor):
        world = analysis.world_of(text)
        if world is not None:
            return world
    return None


def _texts(text: str, cursor: Cursor) -> Iterator[str]:
    start = text.rfind("\n", 0, cursor.start) + 1
    end = text.find("\n", cursor.start)
    end = len(text) if end < 0 else end
    if cursor.in_flow:
        entry = _ENTRY.match(text, cursor.start)
        after = text[entry.end() if entry else cursor.start :]
        if cursor.kind == KEY:
            yield f"{text[: cursor.start]}{PLACEHOLDER}: 0{after}"
        yield f"{text[: cursor.start]}null{after}"
    elif cursor.kind == TEXT:
        yield text[:start] + text[end:]
    else:
        line = text[start : cursor.start] + f"{PLACEHOLDER}:" if cursor.kind == KEY else text[start : cursor.start]
        yield text[:start] + line + text[end:]
        yield text[:start] + line + "\n"
    yield text[:start]
