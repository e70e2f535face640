"""What may stand between the braces of `${...}`: paths of the config, resolvers and variables of the environment."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.document.nodes import dotted
from advisor.lsp.items import CONSTANT, REFERENCE, VARIABLE, Item
from advisor.lsp.mended import PLACEHOLDER
from advisor.lsp.shown import short
from advisor.lsp.spot import Spot
from advisor.nel.redaction import redactor_for
from advisor.patterns import pattern

_OPEN = pattern(r"(?<!\\)(?P<dollars>\$\$?)\{(?P<inner>[^{}\n]*)\Z")
_ENVIRONMENT = pattern(r"oc\.env:\s*(?P<name>\w*)\Z")
_CLOSED = pattern(r"[\w.:,-]*\}")
_MOST_BEFORE = 300
_RESOLVERS = {
    "oc.env:": "a variable of the shell that submits, looked up there",
    "select_not_null:": "the first value that is not null: a key, then a text",
}


def open_reference(spot: Spot) -> str | None:
    """What was typed behind `${`; None where no such brace is open."""
    line = spot.text.rfind("\n", 0, spot.offset) + 1
    match = _OPEN.search(spot.text, max(line, spot.offset - _MOST_BEFORE), spot.offset)
    return (match["dollars"] + "{" + match["inner"]) if match else None


def reference_items(spot: Spot, opened: str) -> tuple[str, Iterator[Item]]:
    """What was typed of a name, and what it may become."""
    inner = opened.partition("{")[2]
    close = "" if _CLOSED.match(spot.text, spot.offset) else "}"
    if spot.is_next:
        if inner.startswith("."):
            return inner, (_with(item, close) for item in _paths(spot, "."))
        found = [*_variables(spot), *([] if opened.startswith("$$") else _paths(spot, "."))]
        return inner, (_with(item, close) for item in found if ":" not in inner)
    match = _ENVIRONMENT.match(inner)
    if match:
        return match["name"], (_with(item, close) for item in _variables(spot))
    resolvers = (Item(name, CONSTANT, about, rank=8) for name, about in _RESOLVERS.items())
    return inner, iter(()) if ":" in inner else _both((_with(item, close) for item in _paths(spot, "")), resolvers)


def _both(first: Iterator[Item], second: Iterator[Item]) -> Iterator[Item]:
    yield from first
    yield from second


def _with(item: Item, close: str) -> Item:
    return Item(item.label, item.kind, item.detail, item.about, f"{item.label}{close}", rank=item.rank)


def _paths(spot: Spot, prefix: str) -> Iterator[Item]:
    """The path of every value that is no container, with what it comes to; not of the one that is being typed."""
    if spot.world is None:
        return
    hide = redactor_for(spot.analysis.document).text
    for path, node in spot.world.values.leaves():
        if path == spot.path or PLACEHOLDER in path or any(isinstance(part, int) for part in path):
            continue
        if path[0] in ("defaults", "hydra") or any("." in str(part) for part in path):
            continue
        shown = "" if "env_vars" in path or node.is_missing else hide(short(node.data))
        yield Item(f"{prefix}{dotted(path)}", REFERENCE, shown)


def _variables(spot: Spot) -> Iterator[Item]:
    for name in sorted(spot.analysis.policy.context.env_names):
        yield Item(name, VARIABLE, "set in the shell of this server")
