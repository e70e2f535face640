"""Keys that may join the mapping at the cursor, each with what it is and the form that its value takes."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.document.nodes import Data, Path
from advisor.document.proof import data_of
from advisor.lsp.cursor import keys_beside
from advisor.lsp.items import CONSTANT, FIELD, MODULE, VARIABLE, Item
from advisor.lsp.legal import summary_of
from advisor.lsp.servers import engine_at, shown_engine
from advisor.lsp.shown import shown_type
from advisor.lsp.spot import Spot
from advisor.nel.adapter_schema import SWITCHES
from advisor.nel.engine import variable_names
from advisor.nel.schema import Section
from advisor.nel.tasks import lookup
from advisor.patterns import pattern

_AFTER = pattern(r"[\w.@/-]*(?P<quote>[\"']?)[ \t]*(?P<colon>:(?=\s|\Z))?")
_LISTS = (("defaults",), ("execution", "auto_export", "destinations"), ("evaluation", "tasks"))
_REQUIRED, _OPTIONAL, _LAST = 1, 5, 8
_VARIABLES = ("env_vars", "extra_env")


def key_items(spot: Spot) -> Iterator[Item]:
    """The keys that are legal here and not there yet, those that must be there first."""
    path, there = spot.path, keys_beside(spot.text, spot.cursor)
    if path[:1] == ("defaults",):
        yield from _entries(spot)
        return
    if path[-1:] and path[-1] in _VARIABLES:
        yield from (item for item in _variables(spot) if item.label not in there)
    found = spot.section(path)
    if found is None:
        return
    write = _Writing(spot)
    for name, kind in found.keys.items():
        if name in there or name in found.refused:
            continue
        needed = name in found.required
        switch = SWITCHES.get(name) if path[-1:] == ("adapter_config",) else None
        form = f"needs {switch}: true" if switch else shown_type(kind)
        detail = ", ".join(part for part in ("required" if needed else "", form) if part)
        summary = summary_of(spot.analysis.dialect, (*path, name), found)
        old = summary.startswith("Deprecated")
        rank = _REQUIRED if needed else _LAST if old or summary.startswith("Set by ") else _OPTIONAL
        text, is_snippet = write.key(name, _form(spot, (*path, name), kind), kind)
        yield Item(name, FIELD, detail, summary, text, is_snippet, rank, old)


def _form(spot: Spot, path: Path, kind: str) -> str:
    """`mapping`, `list` or `scalar`: what a key's value is written as."""
    if kind.startswith("list[") or path in _LISTS:
        return "list"
    if kind.startswith(("dict[", "@")):
        return "mapping"
    found: Section | None = spot.section(path) if kind == "any" else None
    return "mapping" if found is not None and not spot.is_next else "scalar"


class _Writing:
    """How a key is written where the cursor is."""

    def __init__(self, spot: Spot) -> None:
        text, cursor = spot.text, spot.cursor
        after = _AFTER.match(text, spot.offset)
        self.has_colon = bool(after and after["colon"])
        self.in_flow = cursor.in_flow
        self.snippets = spot.analysis.client.snippets
        line = text[text.rfind("\n", 0, cursor.start) + 1 : cursor.start]
        self.pad = " " * (len(line) - (len(line) - len(line.lstrip(" \t"))) + 2)

    def key(self, name: str, form: str, kind: str) -> tuple[str, bool]:
        """The text, and whether it is a snippet."""
        if self.has_colon:
            return name, False
        if not self.snippets:
            return (f"{name}: " if form == "scalar" or self.in_flow else f"{name}:"), False
        if form == "scalar":
            words = choices(kind)
            return (f"{name}: ${{1|{','.join(words)}|}}", True) if words else (f"{name}: ", False)
        if self.in_flow:
            return f"{name}: {'{$0}' if form == 'mapping' else '[$0]'}".replace("{$0}", "{$0\\}"), True
        return f"{name}:\n{self.pad}{'- ' if form == 'list' else ''}$0", True


def choices(kind: str) -> list[str]:
    """The values that a type has, where they can be listed."""
    base = kind.removesuffix("?")
    if base == "bool":
        return ["true", "false"]
    return base[8:-1].split(",") if base.startswith("literal[") else []


def _entries(spot: Spot) -> Iterator[Item]:
    """What an entry of `defaults` begins with."""
    if spot.is_next:
        yield Item("_base_", MODULE, "another config, whose values this one's win over", text="_base_: ")
        yield Item("clusters/local", MODULE, "nel-next's own: cluster of type local")
    else:
        written = {name.split("@")[0].split()[-1] for entry in _list(spot) if isinstance(entry, dict) for name in entry}
        for group in ("execution", "deployment"):
            if group not in written:
                yield Item(group, MODULE, f"one of NEL's configs for {group}", text=f"{group}: ", rank=_REQUIRED)
    if "_self_" not in _list(spot):
        yield Item("_self_", CONSTANT, "this config's own values; keep it last")


def _list(spot: Spot) -> list[Data]:
    """The entries of `defaults`, as the text last had them."""
    data = data_of(spot.analysis.sound.document)
    entries = data.get("defaults") if isinstance(data, dict) else None
    return entries if isinstance(entries, list) else []


def _variables(spot: Spot) -> Iterator[Item]:
    """Names of variables: those that tasks here read their keys from, and the served engine's own."""
    for name, why in _keys_of_tasks(spot):
        yield Item(name, VARIABLE, why, text=f"{name}: ", rank=_REQUIRED)
    engine = engine_at(spot.world, spot.path)
    for name in variable_names(engine) if engine is not None else ():
        yield Item(name, VARIABLE, f"of {shown_engine(engine)}", text=f"{name}: ")


def _keys_of_tasks(spot: Spot) -> Iterator[tuple[str, str]]:
    if spot.is_next or spot.world is None or spot.path[:1] == ("deployment",):
        return
    for task in spot.world.of("task"):
        name = task.get("name")
        known = lookup(name).task if isinstance(name, str) else None
        if known is None or (spot.path[:2] == ("evaluation", "tasks") and task.base != spot.path[:3]):
            continue
        for service in known.services():
            if service.key_env:
                yield service.key_env, f"the key of {known.name}'s {service.name}"
    yield "HF_TOKEN", "for gated models and datasets of the Hugging Face hub"
