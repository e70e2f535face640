"""The `defaults` list and its entries: what Hydra makes of them.

Sources: hydra-core 1.3 _internal/defaults_list.py; the groups that nemo-evaluator-launcher 0.2.6 ships.
"""

from __future__ import annotations

from advisor.document.nodes import Mapping, Node, Scalar, Sequence
from advisor.nel.compose import INTERNAL, NOT_FOUND, NOTHING, SHIPPED, SIBLING, Loaded, shipped_groups
from advisor.nel.defaults import GROUPS, defaults_node
from advisor.nel.effective import MISSING, children, from_node, leaves
from advisor.nel.names import nearest
from advisor.nel.values import ABSENT, Value
from advisor.subjects.structure import first_line, is_fragment, looks_next
from advisor.subjects.subject import Attribute, Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context

_SHOWN = 4
_SLURM_MARKS = ("hostname", "account", "partition", "walltime", "gres", "num_nodes", "sbatch_comment")
_IMAGES = {"sglang": "sglang", "tensorrt": "trtllm", "trtllm": "trtllm", "/nim/": "nim"}
SURE, NEAR, ITEM, NONE = "sure", "near", "item", "none"


def add_defaults(world: World, document: Document, context: Context) -> None:
    """The one `defaults`, and one `default` for each of its entries."""
    root, node = document.root, defaults_node(document.root)
    entry = root.entries.get("defaults") if isinstance(root, Mapping) else None
    place = Place(("defaults",), entry.key.span if entry is not None else first_line(document))
    config = world.singles["config"]
    composition = world.values.composition
    attributes: dict[str, Attribute] = {
        "is_there": node is not None,
        "is_fragment": is_fragment(document),
        "list_problem": _list_problem(node),
        "lacks_self": lambda: _lacks_self(world, document),
        "lacking": lambda: _lacking(world, document, node),
        "guessed": lambda: _guessed(world),
        "header": composition.header or ABSENT,
        "header_mistake": composition.header_mistake or ABSENT,
    }
    defaults = world.add_single(Subject("defaults", place, world, attributes, parent=config))
    for loaded in composition.loaded:
        _add_entry(world, document, loaded, defaults)
        if loaded.found == INTERNAL and not loaded.mistake:
            world.note(f"what {loaded.entry.config or loaded.entry.option} sets", "that config is not here")


def _list_problem(node: Node | None) -> Value:
    if node is None or isinstance(node, Sequence):
        return ABSENT
    if isinstance(node, Mapping):
        return "a mapping"
    return "null" if isinstance(node, Scalar) and node.value is None else "a single value"


def _lacks_self(world: World, document: Document) -> bool:
    """Hydra warns of a list without `_self_` that names something, in a file that sets something."""
    loaded = world.values.composition.loaded
    if any(one.entry.is_self or one.entry.config == "self" for one in loaded):
        return False
    if all(one.entry.override for one in loaded):
        return False
    entries = document.root.entries if isinstance(document.root, Mapping) else {}
    values = [entry.value for name, entry in entries.items() if name != "defaults"]
    return any(not isinstance(value, Scalar) or value.value != MISSING for value in values)


def _lacking(world: World, document: Document, node: Node | None) -> Value:
    """The sections that have no type: nothing chooses them. Where another finding says why, none."""
    composition, tree = world.values.composition, world.values.tree
    if composition.header or (node is not None and not isinstance(node, Sequence)) or looks_next(world, document):
        return ABSENT
    untyped = [
        name
        for name in GROUPS
        if ((section := tree.child(name)) is None or (isinstance(section.data, dict) and "type" not in section.data))
        and not composition.is_open((name,))
    ]
    if not untyped:
        return ABSENT
    meant = [_suggestion(loaded).get("suggested_item") for loaded in composition.loaded]
    chosen = {name for item in meant if isinstance(item, dict) for name in item}
    return " and ".join(f"{name}.type" for name in untyped if name not in chosen) or ABSENT


def _guessed(world: World) -> Value:
    """The entries that the sections ask for."""
    tree = world.values.tree
    execution = tree.child("execution")
    keys = children(execution)
    executor = "slurm/default" if any(mark in keys for mark in _SLURM_MARKS) else "local"
    return [{"execution": executor}, {"deployment": _guessed_deployment(world)}, "_self_"]


def _guessed_deployment(world: World) -> str:
    endpoint = world.values.tree.at(("target", "api_endpoint"))
    if endpoint is not None and isinstance(endpoint.data, dict) and endpoint.data.keys() & {"url", "model_id"}:
        return "none"
    image = world.values.at(("deployment", "image"))
    named = (group for mark, group in _IMAGES.items() if isinstance(image, str) and mark in image)
    return next(named, "vllm")


def _add_entry(world: World, document: Document, loaded: Loaded, defaults: Subject) -> None:
    entry = loaded.entry
    path = ("defaults", entry.number)
    slip = _package_slip(loaded)
    as_text = document.text[entry.span.start : entry.span.end]
    attributes: dict[str, Attribute] = {
        "written": f"{entry.group}: {entry.option}" if entry.grouped else as_text,
        "group": entry.group,
        "option": entry.option,
        "config": entry.config,
        "found": loaded.found,
        "is_self": entry.is_self,
        "is_lost": loaded.found == NOT_FOUND and not loaded.mistake and not _may_be_elsewhere(document, entry.config),
        "is_group": entry.group in GROUPS,
        "mistake": loaded.mistake or ABSENT,
        "again": f"{loaded.again.group}: {loaded.again.option}" if loaded.again and not loaded.mistake else ABSENT,
        "says_again": loaded.again is not None and loaded.again.option == entry.option,
        "broken": loaded.broken or ABSENT,
        "lacking": loaded.lacking or ABSENT,
        "package": entry.package,
        "meant": slip or ABSENT,
        "options": lambda: _options(entry.group),
        "mixed_with": lambda: _mixed_with(world, loaded),
        "overwritten": lambda: _overwritten(world, document) if entry.is_self else ABSENT,
        "moved_self": lambda: "_self_" if _is_movable(world, loaded) else ABSENT,
        **_suggestion(loaded),
    }
    subject = world.add(Subject("default", Place(path, entry.span), world, attributes, parent=defaults))
    item = document.at(path)
    if isinstance(item, Mapping) and len(item.entries) == 1:
        ((name, value),) = item.entries.items()
        if isinstance(value.value, Scalar):
            subject.places["value"] = Place((*path, name), value.value.span)


def _may_be_elsewhere(document: Document, config: str) -> bool:
    """A text from standard input has no files beside it."""
    return document.path.startswith("<") and config.partition("/")[0] not in GROUPS


def _options(group: str) -> str:
    return ", ".join(name.partition("/")[2] for name in shipped_groups() if name.startswith(f"{group}/"))


def _package_slip(loaded: Loaded) -> Value:
    """What `- execution/slurm/default` was meant to be."""
    group = loaded.entry.slipped_from
    there = group and loaded.found in (SHIPPED, SIBLING)
    return {group: loaded.entry.config.removeprefix(f"{group}/")} if there else None


def _suggestion(loaded: Loaded) -> dict[str, Attribute]:
    entry = loaded.entry
    if loaded.found != NOT_FOUND:
        return {"suggestion": NONE}
    option, known = entry.option or "", shipped_groups()
    if entry.config == "self":
        return {"suggestion": ITEM, "suggested": "_self_", "suggested_item": "_self_"}
    if entry.group in GROUPS and entry.grouped:
        candidates = [name.partition("/")[2] for name in known if name.startswith(f"{entry.group}/")]
        sure = next((one for one in (f"{option}/default", option.removesuffix("/default")) if one in candidates), None)
        near = sure or nearest(option, candidates)
        return {"suggestion": SURE if sure else NEAR if near else NONE, "suggested": near or ABSENT}
    path = entry.config if not entry.grouped else option
    for group in GROUPS:
        for one in (path, f"{path}/default", f"{group}/{path}", f"{group}/{path}/default"):
            if one in known and one.startswith(f"{group}/"):
                name = one.partition("/")[2]
                return {"suggestion": ITEM, "suggested": f"{group}: {name}", "suggested_item": {group: name}}
    return {"suggestion": NONE}


def _mixed_with(world: World, loaded: Loaded) -> Value:
    """An earlier entry whose group lands in the same package: Hydra merges the two silently."""
    entry = loaded.entry
    if loaded.found != SHIPPED or entry.package not in GROUPS:
        return ABSENT
    for other in world.values.composition.loaded:
        if other is loaded:
            return ABSENT
        if other.found == SHIPPED and other.entry.package == entry.package and loaded.again is None:
            return other.entry.config
    return ABSENT


def _overwritten(world: World, document: Document) -> Value:
    """The user's own values that a shipped group after `_self_` puts its defaults in place of."""
    loaded = world.values.composition.loaded
    if document.root is None or any(one.mistake for one in loaded) or not _follows_self(loaded):
        return ABSENT
    tree, found = world.values.tree, []
    for path, leaf in leaves(from_node(document.root)):
        if path[0] == "defaults" or leaf.is_missing:
            continue
        now = tree.at(path)
        if now is not None and now.origin.source.startswith("the default of") and now.data != leaf.data:
            found.append(f"{'.'.join(map(str, path))} becomes {_shown(now.plain())}")
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    return ", ".join([*found[:_SHOWN], *more]) or ABSENT


def _follows_self(loaded: tuple[Loaded, ...]) -> bool:
    """Whether anything is merged after the user's own values: most often nothing is, and nothing need be looked at."""
    own = next((n for n, one in enumerate(loaded) if one.entry.is_self), len(loaded))
    return any(not one.entry.override for one in loaded[own + 1 :])


def _shown(value: object) -> str:
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else repr(value)


def _is_movable(world: World, loaded: Loaded) -> bool:
    """Files of the user's own after `_self_` are meant to win over it."""
    after = world.values.composition.loaded[world.values.composition.loaded.index(loaded) + 1 :]
    return all(one.found in (SHIPPED, NOTHING) for one in after)
