"""Values of a wrong shape: null, a list or a single value where NEL needs a mapping, tasks without a name.

Source: what the dry run of nemo-evaluator-launcher 0.2.6 rejects (api/functional.py, common/config_models.py,
common/helpers.py, executors/local and executors/slurm).
"""

from __future__ import annotations

from functools import partial

from advisor.document.nodes import dotted
from advisor.nel.effective import Effective, children
from advisor.nel.schema import section
from advisor.nel.tasks import lookup
from advisor.nel.values import ABSENT
from advisor.patterns import pattern
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, World, is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.document.document import Document
    from advisor.document.nodes import Data, Path
    from advisor.nel.context import Context
    from advisor.nel.values import Value

WRONG_TYPE, NOT_A_LIST, NO_NAME, EMPTY, AGENTIC, NO_EVALUATION = (
    "wrong-type", "not-a-list", "no-name", "empty", "agentic", "no-evaluation",
)  # fmt: skip
MAPPING = "a mapping"
_TASKS: Path = ("evaluation", "tasks")
_PASS_THROUGH = "nemo_evaluator_config"
_NAME = pattern(r"[\w-]+(\.[\w-]+)?")
# Benchmarks that only nel-next runs, as parts of a name.
_AGENTIC = ("terminal_bench", "terminalbench", "swebench", "swe_bench", "pinchbench")


def add_shapes(world: World, document: Document, context: Context) -> None:
    """One `shape` for each value of a wrong shape; `mistake` says which kind of finding it is."""
    for path, mistake, about in [*_sections(world), *_pass_throughs(world), *_tasks(world, context)]:
        node = world.values.tree.at(path)
        attributes: dict[str, Attribute] = {
            "mistake": mistake,
            "path": dotted(path),
            "actual": _kind(node) if node is not None else ABSENT,
            **about,
        }
        if mistake == NOT_A_LIST and node is not None:
            attributes["mended"] = partial(_as_meant, node, path)
        world.add(Subject("shape", _place(world, document, path), world, attributes, parent=world.singles["config"]))


def _place(world: World, document: Document, path: Path) -> Place:
    """A single value or an item by itself, a container or an empty value by its key."""
    node = world.values.tree.at(path)
    if node is not None and node.origin.value is not None:
        key, value = node.origin.key, node.origin.value
        if key is None or (value.end > value.start and not isinstance(node.data, dict | list)):
            return Place(path, value)
    return place_in(document, world.values, path)


def _as_meant(node: Effective, path: Path) -> Value:
    """What was meant by tasks in another shape: `evaluation` as the list of tasks, tasks by their names, a bare name.
    ABSENT where that cannot be told."""
    data = node.plain()
    if isinstance(data, str):
        return {"name": data} if _NAME.fullmatch(data) else ABSENT
    if path == _TASKS and isinstance(data, dict):
        return [data] if isinstance(data.get("name"), str) else _by_name(data)
    if path != ("evaluation",) or not isinstance(data, list):
        return ABSENT
    tasks: list[Data] = [{"name": one} if isinstance(one, str) and _NAME.fullmatch(one) else one for one in data]
    return {"tasks": tasks} if tasks and all(isinstance(one, dict) and "name" in one for one in tasks) else ABSENT


def _by_name(tasks: dict[str, Data]) -> Value:
    named: list[Data] = []
    for name, own in tasks.items():
        if not (own is None or isinstance(own, dict)) or (own and "name" in own):
            return ABSENT
        named.append({"name": name, **(own or {})})
    return named or ABSENT


_Found = tuple["Path", str, dict[str, Attribute]]


def _wrong(path: Path, wanted: str) -> _Found:
    return path, WRONG_TYPE, {"wanted": wanted}


def _sections(world: World) -> Iterator[_Found]:
    """The sections of the top level and of `execution` and `deployment`."""
    values, top = world.values, children(world.values.tree)
    execution, deployment, target = (children(top.get(name)) for name in ("execution", "deployment", "target"))
    executor, server = values.at(("execution", "type")), values.at(("deployment", "type"))
    on_slurm, on_local = executor == "slurm", executor == "local"
    has_server = isinstance(server, str) and server != "none"
    for name in ("execution", "deployment", "target"):
        if _is_other(top.get(name), dict):
            yield _wrong((name,), MAPPING)
    if _is_other(target.get("api_endpoint"), dict):
        yield _wrong(("target", "api_endpoint"), MAPPING)
    if _is_other(top.get("export"), dict):
        yield _wrong(("export",), MAPPING)
    if _is_other(top.get("env_vars"), dict, null=True):
        yield _wrong(("env_vars",), MAPPING)
    if (on_slurm or has_server) and _is_other(deployment.get("env_vars"), dict, null=True):
        yield _wrong(("deployment", "env_vars"), MAPPING)
    if has_server and _is_other(deployment.get("endpoints"), dict):
        yield _wrong(("deployment", "endpoints"), MAPPING)
    if on_slurm and has_server:
        if _is_other(deployment.get("command"), str):
            yield _wrong(("deployment", "command"), "text")
        if _is_other(deployment.get("pre_cmd"), str, null=True):
            yield _wrong(("deployment", "pre_cmd"), "text")
    if on_local and _is_null(execution.get("auto_export")):
        yield _wrong(("execution", "auto_export"), MAPPING)
    if on_slurm and _is_null(execution.get("deployment")):
        yield _wrong(("execution", "deployment"), MAPPING)
    yield from _mounts(execution.get("mounts"), needed=on_slurm or (on_local and has_server))


def _mounts(mounts: Effective | None, *, needed: bool) -> Iterator[_Found]:
    path: Path = ("execution", "mounts")
    if mounts is None:
        return
    if not isinstance(mounts.data, dict):
        if _is_other(mounts, dict, null=not needed):
            yield _wrong(path, MAPPING)
        return
    known = section(path)
    for name, child in mounts.data.items():
        if known is None or name not in known.keys or _is_open(child):
            continue
        if name == "mount_home":
            if known.type_problem(name, child.plain()):
                yield _wrong((*path, name), "true or false")
        elif not isinstance(child.data, dict):
            yield _wrong((*path, name), MAPPING)
        else:
            for inner, value in child.data.items():
                wanted = dict if name == "auxiliary" else str
                if _is_other(value, wanted):
                    yield _wrong((*path, name, inner), MAPPING if name == "auxiliary" else "a path as text")


def _pass_throughs(world: World) -> Iterator[_Found]:
    """The blocks that the launcher writes into below `nemo_evaluator_config`; the lepton dry run never looks."""
    if world.values.at(("execution", "type")) not in ("local", "slurm"):
        return
    scopes: list[tuple[Path, Effective | None]] = [(("evaluation",), world.values.tree.child("evaluation"))]
    scopes += [((*_TASKS, index), item) for index, item in _items(world)]
    for scope, owner in scopes:
        block = children(children(owner).get(_PASS_THROUGH))
        target = block.get("target")
        if _is_other(block.get("config"), dict):
            yield _wrong((*scope, _PASS_THROUGH, "config"), MAPPING)
        if _is_other(target, dict):
            yield _wrong((*scope, _PASS_THROUGH, "target"), MAPPING)
        if _is_other(children(target).get("api_endpoint"), dict):
            yield _wrong((*scope, _PASS_THROUGH, "target", "api_endpoint"), MAPPING)


def _items(world: World) -> list[tuple[int, Effective]]:
    tasks = world.values.tree.at(_TASKS)
    return list(enumerate(tasks.data)) if tasks is not None and isinstance(tasks.data, list) else []


def _tasks(world: World, context: Context) -> Iterator[_Found]:
    tree, composition = world.values.tree, world.values.composition
    evaluation, tasks = tree.child("evaluation"), tree.at(_TASKS)
    if composition.header or composition.is_open(("evaluation",)):
        return
    if evaluation is None or (isinstance(evaluation.data, dict) and tasks is None):
        yield _TASKS if evaluation is not None else ("evaluation",), NO_EVALUATION, {}
    elif isinstance(evaluation.data, list):
        yield ("evaluation",), NOT_A_LIST, {"why_not": "the list of tasks belongs under evaluation.tasks"}
    elif _is_other(evaluation, dict):
        yield _wrong(("evaluation",), MAPPING)
    elif isinstance(evaluation.data, dict):
        yield from _fields(evaluation, ("evaluation",), ("tasks",))
        yield from _task_list(world, tasks, context)


def _task_list(world: World, tasks: Effective | None, context: Context) -> Iterator[_Found]:
    if tasks is None or _is_open(tasks):
        return
    if not isinstance(tasks.data, list):
        yield _TASKS, NOT_A_LIST, {"why_not": "each task is an item: - name: ..."}
        return
    if not tasks.data:
        yield _TASKS, EMPTY, {"executor": world.values.at(("execution", "type"))}
    for index, item in enumerate(tasks.data):
        path: Path = (*_TASKS, index)
        if not isinstance(item.data, dict):
            if not _is_open(item):
                yield path, NOT_A_LIST, {"why_not": "each task is a mapping: - name: ..."}
            continue
        name = item.child("name")
        if name is None or (not _is_open(name) and (not isinstance(name.data, str) or not name.data)):
            key = next((key for key in ("task", "benchmark", "id") if key in item.data), None)
            hint = f": it is the key name that says it, not {key}" if key and name is None else ""
            yield (*path, "name") if name is not None else path, NO_NAME, {"hint": hint}
        elif isinstance(name.data, str) and _is_agentic(name.data, item, context):
            yield (*path, "name"), AGENTIC, {"name": name.data}
        yield from _fields(item, path, ("name",))


def _is_agentic(name: str, item: Effective, context: Context) -> bool:
    """A benchmark of nel-next that the launcher has no task of."""
    if "bench" not in name.lower():
        return False
    folded = name.lower().replace("-", "_").replace(".", "_")
    container = item.child("container")
    if not any(part in folded for part in _AGENTIC) or (container is not None and not is_nothing(container.plain())):
        return False
    return lookup(name, None, context.nel_version).task is None


def _fields(node: Effective, path: Path, others: tuple[str, ...]) -> Iterator[_Found]:
    """The fields whose type the launcher's models check, but for what is in the mappings."""
    known = section(path)
    if known is None or not isinstance(node.data, dict):
        return
    for name, child in node.data.items():
        field_type = known.keys.get(name, "any")
        if name in others or field_type == "any" or _is_open(child):
            continue
        if field_type.startswith("dict"):
            if not isinstance(child.data, dict):
                yield _wrong((*path, name), MAPPING)
        elif known.type_problem(name, child.plain()):
            yield _wrong((*path, name), "text")


def _is_other(node: Effective | None, wanted: type, *, null: bool = False) -> bool:
    """Whether the value is there, is known, and is of another type; `null` says that null is legal too."""
    if node is None or isinstance(node.data, wanted):
        return False
    return not (_is_open(node) or (null and node.data is None))


def _is_null(node: Effective | None) -> bool:
    return node is not None and node.data is None


def _is_open(node: Effective) -> bool:
    """A value that only NEL's resolving tells, or that is still to be filled in."""
    return isinstance(node.data, str) and ("${" in node.data or node.is_missing)


def _kind(node: Effective) -> str:
    data = node.data
    if data is None:
        return "null"
    if isinstance(data, dict):
        return "a mapping"
    if isinstance(data, list):
        return "a list"
    return "true or false" if isinstance(data, bool) else "a number" if isinstance(data, int | float) else "text"
