"""Where results go: the blocks of `export`, their keys, and the destinations of `auto_export`."""

from __future__ import annotations

from advisor.document.nodes import Scalar
from advisor.nel.effective import Effective, children, elements, leaves
from advisor.nel.interpolation import KEY, find_interpolations
from advisor.nel.names import nearest
from advisor.nel.schema import Section, exporters, section
from advisor.nel.values import ABSENT, Absent, Unknown, Value
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Data, Path
    from advisor.nel.context import Context

EXPORT: Path = ("export",)
DESTINATIONS: Path = ("execution", "auto_export", "destinations")
RENAMED = {"log_logs": "copy_logs", "log_artifacts": "copy_artifacts"}
_URI_VARIABLE = "MLFLOW_TRACKING_URI"
_PREFIXES = ("host:", "lit:", "runtime:")


def add_export(world: World, document: Document, context: Context) -> None:
    """One `destination` for each item of auto_export.destinations and each block of `export` that none of them names;
    one `export_key` for each key of a block, each tag that is no text, and each value that asks for another section."""
    _describe_execution(world)
    triggered = _triggers(world)
    blocks = _blocks(world)
    for index, name in triggered:
        _add_trigger(world, document, context, index, name, blocks)
    named = {name for _, name in triggered}
    for name, node in blocks.items():
        if name not in named and (name in exporters() or nearest(name, exporters())):
            _add_block(world, document, name, blocks, bool(triggered))
        if name in exporters() and isinstance(node.data, dict):
            _add_keys(world, document, name, node)
    _add_foreign(world, document, bool(triggered))


def _describe_execution(world: World) -> None:
    execution = world.singles["execution"]
    execution.attributes |= {
        "export_destinations": lambda: [name for _, name in _triggers(world)],
        "auto_export_names": lambda: _as_names(execution.get("auto_export")),
        "destination_names": lambda: _as_names(execution.get("auto_export.destinations")),
    }
    # A ??? there is where a person looks first.
    place = execution.place_of("cpu_partition") or execution.place_of("auto_export")
    if place is not None:
        execution.places["export_partition"] = place


def _as_names(value: Value) -> Value:
    """`mlflow`, `mlflow, wandb` or a list of exporters as a list of their names; ABSENT where they are none."""
    names: list[Data] = []
    if isinstance(value, str | list):
        names = [*value.replace(",", " ").split()] if isinstance(value, str) else value
    return names if names and all(name in exporters() for name in names) else ABSENT


def _triggers(world: World) -> list[tuple[int, str]]:
    node = world.values.tree.at(DESTINATIONS)
    items = elements(node)
    named = [(index, world.values.resolve(item)) for index, item in enumerate(items)]
    return [(index, name) for index, name in named if isinstance(name, str)]


def _blocks(world: World) -> dict[str, Effective]:
    """The mappings of `export` that may be meant for an exporter."""
    node = world.values.tree.at(EXPORT)
    found = children(node)
    return {
        name: one
        for name, one in found.items()
        if name != "env_vars" and (name in exporters() or isinstance(one.data, dict))
    }


def _add_trigger(
    world: World, document: Document, context: Context, index: int, name: str, blocks: dict[str, Effective]
) -> None:
    path: Path = (*DESTINATIONS, index)
    item = world.values.tree.at(path)
    span = item.origin.value if item is not None else None
    place = Place(path, span) if span else place_in(document, world.values, path)
    block = blocks.get(name)
    meant = nearest(name, exporters())
    attributes: dict[str, Attribute] = {
        "name": name,
        "is_trigger": True,
        "is_known": name in exporters(),
        "nearest": meant if meant and meant != name else ABSENT,
        "has_block": block is not None and isinstance(block.data, dict),
        "missing": lambda: _missing(world, context, name, block),
    }
    subject = Subject("destination", place, world, attributes, None, path, world.singles["execution"])
    if block is not None and block.origin.key is not None:
        subject.places["missing"] = Place((*EXPORT, name), block.origin.key)
    subject.places["new_block"] = Place((*EXPORT, name), place.span)
    world.add(subject)


def _missing(world: World, context: Context, name: str, block: Effective | None) -> Value:
    """The settings without which the exporter refuses to start; '' for none."""
    found = section((*EXPORT, name))
    if found is None or block is None or not isinstance(block.data, dict):
        return ABSENT
    if world.values.composition.is_open(EXPORT):
        return Unknown("a config that is not here may set them")
    missing = [key for key in found.required if key not in block.data]
    if name == "mlflow":
        uri = block.child("tracking_uri")
        value = world.values.resolve(uri) if uri is not None else ABSENT
        if isinstance(value, Unknown):
            return value
        if not value and (known := _uri_from_variables(world, context)) is not True:
            return known if isinstance(known, Unknown) else "tracking_uri"
    return " and ".join(missing)


def _uri_from_variables(world: World, context: Context) -> Value:
    """Whether the export job has MLFLOW_TRACKING_URI."""
    for path in (("env_vars",), ("export", "env_vars")):
        block = world.values.tree.at(path)
        if block is not None and isinstance(block.data, dict) and _URI_VARIABLE in block.data:
            return True
    if (
        world.values.at(("execution", "type")) == "local"
        and _URI_VARIABLE not in context.env_names
        and not context.check_environment
    ):
        return Unknown("the shell that exports may set it")
    return _URI_VARIABLE in context.env_names and world.values.at(("execution", "type")) == "local"


def _add_block(world: World, document: Document, name: str, blocks: dict[str, Effective], any_trigger: bool) -> None:
    known = [one for one in blocks if one in exporters()]
    path: Path = (*EXPORT, name)
    block = blocks[name]
    attributes: dict[str, Attribute] = {
        "name": name,
        "is_trigger": False,
        "is_known": name in exporters(),
        "nearest": nearest(name, exporters()) or ABSENT,
        "any_trigger": any_trigger,
        "is_filled": bool(block.data),
        "known_blocks": list(known),
        "is_first": known[:1] == [name],
    }
    place = place_in(document, world.values, path)
    world.add(Subject("destination", place, world, attributes, None, path, world.singles["config"]))


def _add_keys(world: World, document: Document, destination: str, node: Effective) -> None:
    found = section((*EXPORT, destination))
    if found is None or not isinstance(node.data, dict):
        return
    for key, value in node.data.items():
        path: Path = (*EXPORT, destination, key)
        subject = Subject(
            "export_key", place_in(document, world.values, path), world, {}, None, path, world.singles["config"]
        )
        subject.attributes |= _key_attributes(world, destination, key, value, found, node)
        if value.origin.value is not None and value.origin.value.end > value.origin.value.start:
            subject.places["value"] = Place(path, value.origin.value)
        world.add(subject)
        if (destination, key) == ("mlflow", "tags") and isinstance(value.data, dict):
            _add_tags(world, document, path, value)


def _key_attributes(
    world: World, destination: str, key: str, value: Effective, found: Section, block: Effective
) -> dict[str, Attribute]:
    resolved = world.values.resolve(value)
    if isinstance(resolved, Unknown | Absent):
        problem: Value = ABSENT
    else:
        problem = found.type_problem(key, resolved) or ABSENT
    is_legal = key in found.keys
    near = None if is_legal else nearest(key, found.keys)
    is_map_of_tags = (destination, key) == ("mlflow", "tags") and isinstance(value.data, dict)
    return {
        "destination": destination,
        "key": key,
        "is_legal": is_legal,
        "nearest": near if near and block.child(near) is None else ABSENT,
        "is_tags": key == "tags",
        # A map's own values are told one by one.
        "problem": ABSENT if is_map_of_tags else problem,
        "as_list": _as_list(resolved),
        "renamed": RENAMED.get(key, ABSENT),
        "has_new_name": RENAMED.get(key, "") in (block.data if isinstance(block.data, dict) else {}),
        "is_prefixed_uri": key == "tracking_uri" and isinstance(resolved, str) and resolved.startswith(_PREFIXES),
        "variable": name
        if isinstance(resolved, str) and (name := resolved.removeprefix("host:")).isidentifier()
        else ABSENT,
    }


def _as_list(value: Value) -> Value:
    return [one.strip() for one in value.split(",") if one.strip()] or ABSENT if isinstance(value, str) else ABSENT


def _add_tags(world: World, document: Document, path: Path, tags: Effective) -> None:
    for name, value in tags.data.items() if isinstance(tags.data, dict) else ():
        if isinstance(value.data, str):
            continue
        at: Path = (*path, name)
        node = value.origin.node
        written = node.text if isinstance(node, Scalar) and node.text else ABSENT
        subject = Subject(
            "export_key",
            place_in(document, world.values, at),
            world,
            {"destination": "mlflow", "key": name, "is_bad_tag": True, "text": written},
            None,
            at,
            world.singles["config"],
        )
        if value.origin.value is not None and value.origin.value.end > value.origin.value.start:
            subject.places["value"] = Place(at, value.origin.value)
        world.add(subject)


def _add_foreign(world: World, document: Document, any_trigger: bool) -> None:
    """Values of `export` that name another section, which is not there when the launcher resolves `export` alone."""
    node = world.values.tree.at(EXPORT)
    executor = world.values.at(("execution", "type"))
    if node is None or not (executor == "local" or (executor == "slurm" and any_trigger)):
        return
    for path, leaf in leaves(node, EXPORT):
        text = leaf.data
        if not isinstance(text, str) or "${" not in text:
            continue
        foreign = [
            one for one in find_interpolations(text) if one.kind == KEY and one.key_path and one.key_path[0] != "export"
        ]
        foreign = [one for one in foreign if world.values.node(one.key_path) is not None]
        if not foreign:
            continue
        place = place_in(document, world.values, path)
        span = leaf.origin.value or place.span
        subject = Subject("export_key", place, world, {"foreign": foreign[0].text}, None, path, world.singles["config"])
        literal = text
        for one in foreign:
            value = world.values.interpolated(one)
            known = isinstance(value, str | int | float) and not isinstance(value, bool)
            literal = literal.replace(one.text, str(value)) if known else ""
        subject.attributes["literal"] = literal or ABSENT
        subject.places["value"] = Place(path, span)
        world.add(subject)
