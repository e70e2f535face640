"""Completion: what may stand at the cursor, by the schema, the tasks, the pinned engine and the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from advisor.lsp.cursor import KEY, TEXT, Cursor, cursor_at, is_aligned
from advisor.lsp.flag_items import flag_items
from advisor.lsp.items import Item, as_list
from advisor.lsp.key_items import key_items
from advisor.lsp.mended import mended_world
from advisor.lsp.next_value_items import next_value_items
from advisor.lsp.reference_items import open_reference, reference_items
from advisor.lsp.servers import holds_flags
from advisor.lsp.session import Analysis
from advisor.lsp.spot import Spot
from advisor.lsp.value_items import value_items
from advisor.patterns import pattern

# The rest of the word that the cursor is in: a colon belongs to it where no blank follows.
_REST = pattern(r"(?:[^\s,\]}\"'#:]|:(?=\S))*")


def complete(analysis: Analysis, offset: int, folders: Iterable[str], kind: str) -> dict[str, Any] | None:
    """LSP's CompletionList; None inside of a comment."""
    text = analysis.document.text
    cursor = cursor_at(text, offset)
    if cursor is None:
        return None
    made = mended_world(analysis, cursor) if cursor.kind == KEY or analysis.broken else None
    try:
        spot = Spot(analysis, made or analysis.sound.world, cursor, offset, tuple(folders))
        typed, items = _items(spot)
        rest = _REST.match(text, offset)
        end = rest.end() if rest is not None else offset
        found: dict[str, Any] = as_list(items, typed, offset - len(typed), end, analysis.positions, analysis.client)
        return found
    finally:
        if made is not None:
            made.release()


def _items(spot: Spot) -> tuple[str, Iterator[Item]]:
    """What was typed so far of what is completed, and what it may become."""
    cursor: Cursor = spot.cursor
    opened = open_reference(spot)
    if opened is not None:
        return reference_items(spot, opened)
    if cursor.path and holds_flags(cursor.path) and (cursor.kind != KEY or isinstance(cursor.path[-1], int)):
        return flag_items(spot)
    if cursor.kind == TEXT:
        return cursor.typed, iter(())
    typed = cursor.typed.lstrip("\"'")
    values = next_value_items if spot.is_next else value_items
    if cursor.kind != KEY:
        return typed, values(spot)
    if not is_aligned(spot.text, cursor):
        return typed, iter(())
    if cursor.path and isinstance(cursor.path[-1], int) and spot.section(cursor.path) is None:
        return typed, values(spot) if cursor.path[0] != "defaults" else key_items(spot)
    return typed, key_items(spot)
