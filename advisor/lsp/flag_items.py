"""Serve flags that the pinned engine version has, and the values that it has for some of them."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.lsp.about import about_flag
from advisor.lsp.items import ENUM, FIELD, Item
from advisor.lsp.servers import engine_at, server_at, shown_engine
from advisor.lsp.spot import Spot
from advisor.nel.engine import EngineVersion, flag_names
from advisor.patterns import pattern
from advisor.subjects.command import NAMES

_WITH_VALUES = ("--quantization", "--kv-cache-dtype", "--reasoning-parser", "--tool-call-parser")
_MOST_BEFORE = 500
_WORD = pattern(r"[^\s\"',\[]*\Z")
_FLAG_BEFORE = pattern(r"(?P<flag>--?[\w-]+)(?:(?:[ \t]|\\?\r?\n)+|=)[\"']?(?P<value>[^\s=\"']*)\Z")
_LAST = 8


def flag_items(spot: Spot) -> tuple[str, Iterator[Item]]:
    """What was typed of a flag or of its value, and what it may become."""
    engine = engine_at(spot.world, spot.path)
    if engine is None:
        return "", iter(())
    in_list = isinstance(spot.path[-1], int)
    before = spot.cursor.typed if in_list else spot.text[max(0, spot.offset - _MOST_BEFORE) : spot.offset]
    match = _FLAG_BEFORE.search(before)
    flag, typed = (match["flag"], match["value"]) if match else ("", "")
    if in_list and not match:
        flag, typed = _item_before(spot), spot.cursor.typed.lstrip("\"'")
    answer = engine.flag(flag) if flag.startswith("-") and "=" not in flag else None
    if answer is not None and answer.nargs != 0 and (answer.flag or not in_list) and not typed.startswith("--"):
        if in_list and match and " " in spot.cursor.typed:
            return "", iter(())  # one item is one word
        if answer.flag in _WITH_VALUES and answer.flag is not None:
            return typed, _values(engine, answer.flag)
        if answer.flag is not None:
            return "", iter(())
    word = _WORD.search(before)
    typed = word[0] if word else ""
    return typed, _flags(spot, engine) if not typed or typed.startswith("-") else iter(())


def _item_before(spot: Spot) -> str:
    """The item of the list that stands before the one being typed."""
    index = spot.path[-1]
    assert isinstance(index, int)
    value = spot.value_at((*spot.path[:-1], index - 1)) if index else ""
    return value if isinstance(value, str) else ""


def _values(engine: EngineVersion, flag: str) -> Iterator[Item]:
    for value in engine.values(flag):
        answer = engine.value(flag, value)
        detail = shown_engine(engine) + (", deprecated" if answer.deprecated else "")
        yield Item(value, ENUM, detail, rank=_LAST if answer.deprecated else 5, is_deprecated=answer.deprecated)


def _flags(spot: Spot, engine: EngineVersion) -> Iterator[Item]:
    """Those that are not given yet."""
    given = _given(spot)
    shown = NAMES.get(engine.engine, engine.engine)
    for name in flag_names(engine):
        if name in given:
            continue
        answer = engine.flag(name)
        detail = "deprecated" if answer.deprecated else "takes no value" if answer.nargs == 0 else ""
        about = about_flag(answer, shown, engine.version)
        yield Item(name, FIELD, detail, about, rank=_LAST if answer.deprecated else 5, is_deprecated=answer.deprecated)


def _given(spot: Spot) -> set[str]:
    """The flags of the server but for the one that the cursor is on."""
    server = server_at(spot.world, spot.path)
    found = set()
    for flag in server.arguments.flags if server is not None else ():
        at = server.expanded.span(*flag.name_span, spot.text) if server is not None else None
        here = at is not None and at.start <= spot.offset <= at.end and spot.world is spot.analysis.sound.world
        if flag.answer.flag is not None and not here:
            found.add(flag.answer.flag)
    return found
