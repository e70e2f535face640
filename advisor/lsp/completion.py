"""Completion: what may stand at the cursor, by the schema, the tasks, the pinned engine and the workspace."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from advisor.document.nodes import Path
from advisor.lsp.about import about_flag, about_task, key_summary
from advisor.lsp.cursor import KEY, TEXT, Cursor, cursor_at, keys_beside
from advisor.lsp.session import Analysis
from advisor.lsp.workspace import checkpoints_in
from advisor.nel.adapter_schema import SWITCHES, interceptors, post_eval_hooks
from advisor.nel.compose import shipped_groups
from advisor.nel.engine import EngineVersion, flag_names
from advisor.nel.schema import exporters, section
from advisor.nel.tasks import Lookup, Status, lookup, tasks
from advisor.subjects.command import NAMES, read_servers
from advisor.subjects.subject import World

_FIELD, _MODULE, _VALUE, _ENUM, _FILE, _CONSTANT, _VARIABLE = 5, 9, 12, 13, 17, 21, 6
_MOST = 500
_WITH_VALUES = ("--quantization", "--kv-cache-dtype", "--reasoning-parser", "--tool-call-parser")
_WORD = re.compile(r"\S*\Z")
_FLAG_BEFORE = re.compile(r"(--[\w-]+)(?:[ \t]+|=)(?P<value>[^\s=]*)\Z")
_PREFIXES = {
    "host:": "a variable of the shell that submits the job",
    "lit:": "the value itself",
    "runtime:": "a variable of the container",
}
_ENV_BLOCK = "env_vars"
_COMMANDS = (("deployment", "command"), ("deployment", "extra_args"))
_INTERCEPTORS = "interceptors"


@dataclass(frozen=True, slots=True)
class Item:
    """`text` replaces what was typed, from `start` on in the buffer."""

    label: str
    kind: int
    detail: str = ""
    about: str = ""
    text: str = ""


def complete(analysis: Analysis, offset: int, folders: Iterable[str], kind: str) -> dict[str, Any] | None:
    """LSP's CompletionList; None inside of a comment."""
    cursor = cursor_at(analysis.document.text, offset)
    if cursor is None:
        return None
    typed, items = _items(analysis, cursor, folders)
    found = list(dict.fromkeys(items))[:_MOST]
    span = analysis.positions.range(offset - len(typed), offset)
    return {"isIncomplete": False, "items": [_json(item, span, order, kind) for order, item in enumerate(found)]}


def _json(item: Item, span: dict[str, Any], order: int, kind: str) -> dict[str, Any]:
    return {
        "label": item.label,
        "kind": item.kind,
        **({"detail": item.detail} if item.detail else {}),
        **({"documentation": {"kind": kind, "value": item.about}} if item.about else {}),
        "sortText": f"{order:05}",
        "filterText": item.label,
        "textEdit": {"range": span, "newText": item.text or item.label},
    }


def _items(analysis: Analysis, cursor: Cursor, folders: Iterable[str]) -> tuple[str, Iterator[Item]]:
    """What was typed so far of what is completed, and what it may become."""
    world = analysis.sound.world
    if cursor.path in _COMMANDS and cursor.kind != KEY:
        return _in_command(cursor, world)
    if cursor.kind == KEY:
        if cursor.path and isinstance(cursor.path[-1], int) and cursor.path[:-1] in _SCALAR_LISTS:
            return cursor.typed, _SCALAR_LISTS[cursor.path[:-1]]()
        there = keys_beside(analysis.document.text, cursor)
        return cursor.typed.lstrip("\"'"), _keys(cursor.path, world, there)
    if cursor.kind == TEXT:
        return cursor.typed, iter(())
    return cursor.typed.lstrip("\"'"), _values(analysis, cursor.path, world, folders)


def _keys(path: Path, world: World | None, there: set[str]) -> Iterator[Item]:
    """The keys that are legal here and not there yet."""
    if path[:1] == ("defaults",):
        yield from (Item(f"{group}: ", _MODULE, text=f"{group}: ") for group in ("execution", "deployment"))
        yield Item("_self_", _CONSTANT, "this config's own values; keep it last")
        return
    kinds = [world.values.at((name, "type")) if world else None for name in ("execution", "deployment")]
    execution, deployment = (kind if isinstance(kind, str) else None for kind in kinds)
    found = section(path, execution, deployment)
    keys = {**(found.keys if found else {}), **_extra_keys(path, world)}
    for name, kind in keys.items():
        if name not in there:
            needs = f"needs {SWITCHES[name]}: true" if name in SWITCHES and path[-1:] == ("adapter_config",) else ""
            yield Item(name, _FIELD, needs or ("" if kind == "any" else kind), key_summary((*path, name)), f"{name}: ")


def _extra_keys(path: Path, world: World | None) -> dict[str, str]:
    """The keys of `extra` that the task's command reads; of the global one, those of all its tasks."""
    if path[-3:] != ("config", "params", "extra") or world is None:
        return {}
    found: dict[str, str] = {}
    for task in world.of("task"):
        name = task.get("name")
        if isinstance(name, str) and (path[:2] != ("evaluation", "tasks") or task.base == path[:3]):
            known = lookup(name).task
            found |= dict.fromkeys(sorted(known.extra) if known else (), "any")
    return found


def _values(analysis: Analysis, path: Path, world: World | None, folders: Iterable[str]) -> Iterator[Item]:
    name = path[-1]
    if path[:1] == ("defaults",):
        yield from _groups(str(name).split()[-1].split("@")[0].lstrip("/"))
    elif len(path) == 4 and path[:2] == ("evaluation", "tasks") and name == "name":
        yield from _task_names()
    elif path == ("deployment", "checkpoint_path"):
        yield from (Item(path, _FILE, "a checkpoint in this workspace") for path in checkpoints_in(folders))
    elif len(path) > 1 and path[-2] == _ENV_BLOCK:
        yield from _environment(analysis)
    elif path[:2] == ("evaluation", "tasks") and name == "endpoint_type" and world is not None:
        yield from _endpoints(path, world)
    elif len(path) > 2 and path[-3] in (_INTERCEPTORS, "post_eval_hooks") and name == "name":
        known = interceptors() if path[-3] == _INTERCEPTORS else post_eval_hooks()
        yield from (Item(one, _ENUM) for one in known)
    else:
        yield from _typed_values(path, world)


def _typed_values(path: Path, world: World | None) -> Iterator[Item]:
    kinds = [world.values.at((name, "type")) if world else None for name in ("execution", "deployment")]
    execution, deployment = (kind if isinstance(kind, str) else None for kind in kinds)
    found = section(path[:-1], execution, deployment)
    kind = (found.keys.get(str(path[-1]), "") if found else "").removesuffix("?")
    if kind == "bool":
        yield from (Item(word, _VALUE) for word in ("true", "false"))
    elif kind.startswith("literal["):
        yield from (Item(word, _ENUM) for word in kind.removeprefix("literal[").removesuffix("]").split(","))


def _groups(group: str) -> Iterator[Item]:
    for name in shipped_groups():
        head, _, option = name.partition("/")
        if head == group:
            yield Item(option, _MODULE, f"{head} of NEL")


def _task_names() -> Iterator[Item]:
    """The bare name where one harness has it, else those with the harness."""
    known = tasks()
    harnesses: dict[str, int] = {}
    for task in known:
        harnesses[task.name] = harnesses.get(task.name, 0) + 1
    for task in known:
        query = task.name if harnesses[task.name] == 1 else task.query
        about = about_task(Lookup(query, Status.FOUND, task))
        yield Item(query, _ENUM, f"{task.harness}, {', '.join(task.endpoints)}", about)


def _endpoints(path: Path, world: World) -> Iterator[Item]:
    name = world.values.at((*path[:3], "name"))
    task = lookup(name).task if isinstance(name, str) else None
    yield from (Item(endpoint, _ENUM) for endpoint in (task.endpoints if task else ()))


def _environment(analysis: Analysis) -> Iterator[Item]:
    yield from (Item(prefix, _CONSTANT, about) for prefix, about in _PREFIXES.items())
    names = sorted(analysis.policy.context.env_names)
    yield from (Item(f"host:{name}", _VARIABLE, "set in the shell of this server") for name in names)


def _destinations() -> Iterator[Item]:
    return (Item(name, _ENUM) for name in exporters())


_SCALAR_LISTS: dict[Path, Callable[[], Iterator[Item]]] = {("execution", "auto_export", "destinations"): _destinations}


def _in_command(cursor: Cursor, world: World | None) -> tuple[str, Iterator[Item]]:
    """Flags of the pinned engine version, and the values that it has for some of them."""
    engine = _engine(world)
    value = _FLAG_BEFORE.search(cursor.typed)
    if engine is None:
        return "", iter(())
    if value is not None:
        answer = engine.flag(value[1])
        if answer.flag in _WITH_VALUES and answer.flag is not None:
            pinned = f"{NAMES.get(engine.engine, engine.engine)} {engine.version}"
            return value["value"], (Item(one, _ENUM, pinned) for one in engine.values(answer.flag))
        if answer.nargs != 0:
            return "", iter(())
    word = _WORD.search(cursor.typed)
    typed = word[0].lstrip("\"'") if word else ""
    return typed, _flags(engine) if not typed or typed.startswith("-") else iter(())


def _engine(world: World | None) -> EngineVersion | None:
    """The engine of the config's first server, where its version is known."""
    if world is None or "deployment" not in world.singles:
        return None
    servers = read_servers(world)
    return servers[0].engine if servers and servers[0].engine.samples else None


def _flags(engine: EngineVersion) -> Iterator[Item]:
    shown = NAMES.get(engine.engine, engine.engine)
    for name in flag_names(engine):
        answer = engine.flag(name)
        detail = "deprecated" if answer.deprecated else "takes no value" if answer.nargs == 0 else ""
        yield Item(name, _FIELD, detail, about_flag(answer, shown, engine.version))
