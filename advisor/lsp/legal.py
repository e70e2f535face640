"""Which keys are legal at a path of a config, in either dialect."""

from __future__ import annotations

from advisor.document.nodes import Path
from advisor.knowledge import table
from advisor.nel.adapter_schema import interceptors, post_eval_hooks
from advisor.nel.dialect import NEXT
from advisor.nel.effective import Effective, Origin
from advisor.nel.next_schema import section_at
from advisor.nel.schema import Section, Unknown, section, section_name
from advisor.nel.tasks import lookup
from advisor.subjects.subject import World

_NOTHING = Effective({}, Origin())
# Keys of nel-next whose value, or each element of it, is the name of a service.
NAMES_SERVICE = frozenset(
    {"service", "services", "judge_service", "baseline_service", "gym_service", "resource_service", "depends_on"}
)
_EXPORTS = ("output", "export_config")


def section_in(dialect: str, path: Path, world: World | None) -> Section | None:
    """The section at a path, as far as the config's own types tell it; None where none is known."""
    return _next_section(path, world) if dialect == NEXT else _launcher_section(path, world)


def _launcher_section(path: Path, world: World | None) -> Section | None:
    kinds = [world.values.at((name, "type")) if world else None for name in ("execution", "deployment")]
    execution, deployment = (kind if isinstance(kind, str) else None for kind in kinds)
    if path[-1:] == ("config",) and len(path) > 3 and path[-3] in ("interceptors", "post_eval_hooks"):
        return _config_of_part(path, world)
    found = section(path, execution, deployment)
    if found is None:
        return None
    if path[-3:] == ("config", "params", "extra"):
        found = found._replace(keys=dict.fromkeys(_extra_keys(path, world), "any"))
    return found._replace(required=tuple(dict.fromkeys((*found.required, *_to_fill_in(path, found, world)))))


def _config_of_part(path: Path, world: World | None) -> Section | None:
    """The settings of an interceptor or a hook."""
    name = world.values.at((*path[:-1], "name")) if world else None
    if path[-3] == "post_eval_hooks":
        return post_eval_hooks().get(str(name))
    part = interceptors().get(str(name))
    return part.config if part is not None else None


def _extra_keys(path: Path, world: World | None) -> list[str]:
    """The keys of `extra` that the task's command reads; of the global one, those of all its tasks."""
    found: set[str] = set()
    for task in world.of("task") if world is not None else ():
        name = task.get("name")
        if isinstance(name, str) and (path[:2] != ("evaluation", "tasks") or task.base == path[:3]):
            known = lookup(name).task
            found |= known.extra if known else set()
    return sorted(found)


def _to_fill_in(path: Path, found: Section, world: World | None) -> list[str]:
    """The keys that are ??? in what the config is built on."""
    node = world.values.tree.at(path) if world is not None else None
    data = node.data if node is not None and isinstance(node.data, dict) else {}
    return [name for name, child in data.items() if child.is_missing and name in found.keys]


def _next_section(path: Path, world: World | None) -> Section | None:
    tree = world.values.tree if world is not None else _NOTHING
    if path[:2] == _EXPORTS:
        export = table("next")["export"]
        keys = dict.fromkeys(export, "dict[str,any]") if len(path) == 2 else export.get(path[-1], {})
        return Section("export", Unknown.SUBMIT, keys) if keys and len(path) < 4 else None
    name = section_at(tree, path)
    if name is None:
        return None
    family, _, _ = name.partition(".")
    types = table("next")["unions"].get(family)
    if name in table("next")["unions"]:
        return _any_of(name, tree.at(path))
    record = table("next")["sections"][name]
    keys, required = dict(record["keys"]), tuple(record.get("required", ()))
    if types is not None:
        keys = {"type": f"literal[{','.join(types)}]", **{key: kind for key, kind in keys.items() if key != "type"}}
        required = ("type", *required)
    if name == "":
        keys = {"defaults": "list[any]", **keys}
    elif name == "benchmark":
        keys = {"name": "str", "playbook": "str", **keys}
        required = () if tree.at((*path, "playbook")) is not None else required
    return Section(name, Unknown.SUBMIT, keys, required)


def _any_of(union: str, node: Effective | None) -> Section:
    """Where no type decides yet: the keys of every type that may have the keys that are there."""
    types: list[str] = table("next")["unions"][union]
    there = set(node.data) if node is not None and isinstance(node.data, dict) else set()
    known = {one: table("next")["sections"][f"{union}.{one}"]["keys"] for one in types}
    there &= {key for keys in known.values() for key in keys}
    fitting = [one for one in types if there <= set(known[one])] or types
    keys = {key: kind for one in fitting for key, kind in known[one].items()}
    return Section(union, Unknown.SUBMIT, {**keys, "type": f"literal[{','.join(types)}]"}, ("type",))


def summary_of(dialect: str, path: Path, found: Section | None) -> str:
    """One sentence on a key; '' for one that nothing is written on."""
    if dialect == NEXT and found is None:
        return ""
    block = found.name.partition(".")[0] if dialect == NEXT and found is not None else section_name(path[:-1])
    said: dict[str, str] = table("keys")["next" if dialect == NEXT else "keys"]
    return said.get(f"{block}.{path[-1]}" if block else str(path[-1]), "")
