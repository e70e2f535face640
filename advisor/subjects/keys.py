"""Keys that no one reads, or that the launcher refuses.

Source: advisor/nel/schema.py (nemo-evaluator-launcher 0.2.6: its models, and what its executors read).
"""

from __future__ import annotations

from advisor.document.nodes import dotted
from advisor.nel.effective import Effective, children, elements
from advisor.nel.interpolation import KEY, find_interpolations
from advisor.nel.names import nearest
from advisor.nel.resolution import key_path
from advisor.nel.schema import Section, Unknown, read_by, section
from advisor.nel.values import ABSENT, Value
from advisor.subjects.structure import NEXT_KEYS, is_enough
from advisor.subjects.subject import Attribute, Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Node, Path
    from advisor.nel.context import Context

_TASKS: Path = ("evaluation", "tasks")
_PASS_THROUGH: Path = ("nemo_evaluator_config",)
_MOUNTS: Path = ("execution", "mounts")
_SECTIONS: tuple[Path, ...] = ((), ("execution",), _MOUNTS, ("deployment",), ("evaluation",))
# What people write for `name`; the finding that the task has none says so.
_FOR_NAME = frozenset({"task", "benchmark", "id"})
# Findings of their own.
_OTHERS: dict[Path, frozenset[str]] = {
    (): frozenset({*NEXT_KEYS, "adapter_config", "nemo_evaluator_config"}),
    ("execution",): frozenset({"num_nodes_per_instance"}),
}
# Where a key that stands in a wrong section may belong.
_HOMES: tuple[Path, ...] = (("execution",), ("execution", "mounts"), ("deployment",), ("evaluation",))
_BELOW_TASK: tuple[Path, ...] = (_PASS_THROUGH, (*_PASS_THROUGH, "config"), (*_PASS_THROUGH, "config", "params"))


def add_keys(world: World, document: Document, context: Context) -> None:
    """One `key` for each unknown key of the top level, execution, its mounts, deployment, evaluation and its tasks."""
    values = world.values
    executor, server = (values.at((name, "type")) for name in ("execution", "deployment"))
    types = (executor if isinstance(executor, str) else None, server if isinstance(server, str) else None)
    owners: list[tuple[Path, Effective | None]] = [(path, values.tree.at(path)) for path in _SECTIONS]
    owners += [((*_TASKS, n), item) for n, item in enumerate(elements(values.tree.at(_TASKS)))]
    named: _Named | None = None
    before = len(world.subjects)
    for path, node in owners:
        if node is None or not isinstance(node.data, dict) or _has_no_type(path, types):
            continue
        known = section(path, *types)
        if known is None or node.data.keys() <= known.keys.keys():
            continue
        for name, child in node.data.items():
            if name in known.keys or name in known.refused or not _is_own(child) or name in _OTHERS.get(path, ()):
                continue
            if len(path) == 3 and name in _FOR_NAME and "name" not in node.data:
                continue
            if is_enough(world, before, "unknown keys"):
                return
            named = _named(world) if named is None else named
            if known.unknown is not Unknown.IGNORED or _is_dead(world, (*path, name), child, named):
                _add(world, path, name, child, known, types)


def _has_no_type(path: Path, types: tuple[str | None, str | None]) -> bool:
    """Which keys of these two are read depends on their type."""
    return (path == ("execution",) and types[0] is None) or (path == ("deployment",) and types[1] is None)


def _is_own(node: Effective) -> bool:
    return node.origin.key is not None


class _Named:
    """The paths that interpolations name, and all those above them."""

    def __init__(self, names: set[Path]) -> None:
        self.names = names - {()}
        self.above = {name[:length] for name in self.names for length in range(1, len(name) + 1)}


def _named(world: World) -> _Named:
    named: set[Path] = set()
    for path, leaf in world.values.leaves():
        if isinstance(leaf.data, str) and "${" in leaf.data:
            for one in find_interpolations(leaf.data):
                named.add((key_path(one, path) or ()) if one.kind == KEY else ())
                if one.kind != KEY:
                    named |= {tuple(word.split(".")) for word in one.text.strip("${}").replace(":", ",").split(",")}
    return _Named(named)


def _is_dead(world: World, path: Path, node: Effective, named: _Named) -> bool:
    """Whether nobody reads a key: no executor, no interpolation, no alias, and no config that is not here."""
    if world.values.composition.open_sections or read_by(path[:-1], str(path[-1])):
        return False
    if path in named.above or any(path[:length] in named.names for length in range(1, len(path) + 1)):
        return False
    return not (str(path[-1]).startswith(("x-", "_", ".")) or _has_anchor(node.origin.node))


def _has_anchor(node: Node | None) -> bool:
    """A mapping that other keys take over by `*alias` or `<<` is read there."""
    if node is None:
        return False
    if node.anchor:
        return True
    entries = getattr(node, "entries", None)
    children = [entry.value for entry in entries.values()] if entries is not None else []
    return any(_has_anchor(child) for child in (*children, *(item.value for item in getattr(node, "items", ()))))


def _add(
    world: World, path: Path, name: str, node: Effective, known: Section, types: tuple[str | None, str | None]
) -> None:
    here = world.values.tree.at(path)
    siblings = children(here)
    meant = nearest(name, known.keys)
    taken = meant is not None and meant in siblings and _is_own(siblings[meant])
    home = None if meant else _home(world, path, name, types)
    comment = path == () and name == "cluster" and isinstance(node.data, dict) and "sbatch_comment" in node.data
    attributes: dict[str, Attribute] = {
        "section": "mounts" if path == _MOUNTS else dotted(path[:1]) or "top",
        "is_path": name.startswith(("/", "~", ".", "$")),
        "name": name,
        "is_task": len(path) == 3,
        "nearest": meant or ABSENT,
        "nearest_is_free": meant is not None and not taken,
        "home": dotted(home) if home else ABSENT,
        "hint": _hint(meant, home, taken=taken),
        "flag": lambda: _flag(world, name, node) if path == ("deployment",) and not meant and not home else ABSENT,
        "has_sbatch_comment": comment,
        "legal": ", ".join(sorted(known.keys)),
    }
    key = node.origin.key
    place = Place((*path, name), key) if key is not None else Place((*path, name), world.singles["config"].place.span)
    world.add(Subject("key", place, world, attributes, node, (*path, name), world.singles["config"]))


def _home(world: World, path: Path, name: str, types: tuple[str | None, str | None]) -> Path | None:
    """The one other place where the key is legal and free: of the same section, or of any for a top-level key."""
    homes = [one for one in _HOMES if one[: len(path[:1])] == path[:1] and len(path) < 3]
    homes += [(*path, *one) for one in _BELOW_TASK if path[:1] == ("evaluation",)]
    found = [one for one in homes if one != path and (known := section(one, *types)) and name in known.keys]
    if len(found) != 1:
        return None
    target: Path = (*found[0], name)
    there = world.values.tree.at(target)
    return target if there is None or not _is_own(there) else None


def _hint(meant: str | None, home: Path | None, *, taken: bool) -> str:
    if meant:
        return f"; {meant} is set as well" if taken else f"; did you mean {meant}?"
    return f"; it belongs at {dotted(home)}" if home else ""


def _flag(world: World, name: str, node: Effective) -> Value:
    """The server's flag of this name with the value, for extra_args."""
    from advisor.nel.engine import engine_version
    from advisor.nel.image import parse_image

    image = world.values.at(("deployment", "image"))
    own = parse_image(image) if isinstance(image, str) else None
    value = node.data
    if own is None or own.engine is None or isinstance(value, dict | list) or value is None or value is False:
        return ABSENT
    flag = f"--{name.replace('_', '-')}"
    if engine_version(own.engine, own.version).flag(flag).flag != flag:
        return ABSENT
    command = " ".join(str(world.values.at(("deployment", key))) for key in ("command", "extra_args"))
    if flag in command.replace("_", "-"):
        return ABSENT
    text = str(value)
    if value is True:
        return flag
    return f"{flag} {text}" if text and not set(text) & set(" \t\n'\"\\$`;&|<>(){}*?#~!") else ABSENT
