"""The servers beside the main one, such as a judge: one `auxiliary` each. Only Slurm starts them.

Source: nemo-evaluator-launcher 0.2.6 common/auxiliary_deployments.py.
"""

from __future__ import annotations

from advisor.nel.effective import Effective, Origin
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Subject, is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.subjects.subject import World

AUXILIARY = "auxiliary_deployments"
REQUIRED = ("image", "port", "served_model_name", "endpoints")
_RESERVED = ("SLURM", "PRIMARY", "MODEL", "SERVER")
# What the launcher's own command needs where an entry has none.
_TEMPLATE_KEYS = (
    "hf_model_handle",
    "tensor_parallel_size",
    "pipeline_parallel_size",
    "data_parallel_size",
    "gpu_memory_utilization",
    "extra_args",
)
# Absolute interpolations: they lead to the main deployment, wherever they stand.
_MAIN_COMMAND = pattern(r"\$\{deployment\.(?:base_)?command\}|\$\{select_not_null:\s*deployment\.hf_model_handle")


def add_auxiliary(world: World, document: Document, context: Context) -> None:
    """One `auxiliary` for each entry; one for the whole section where it is no mapping."""
    section = world.values.tree.child(AUXILIARY)
    if section is None:
        return
    if not isinstance(section.data, dict):
        _add(world, document, (AUXILIARY,), section, {})
        return
    prefixes: dict[str, str] = {}
    for name, entry in section.data.items():
        _add(world, document, (AUXILIARY, name), entry, prefixes)


def _add(world: World, document: Document, path: Path, entry: Effective, prefixes: dict[str, str]) -> None:
    name = str(path[-1])
    node = entry if isinstance(entry.data, dict) else Effective({}, Origin())
    subject = Subject("auxiliary", place_in(document, world.values, path), world, {"name": name}, node, path)
    off = isinstance(entry.data, dict) and subject.get("type") in (ABSENT, "none")
    problem = "" if off else _problem(subject, entry, name, prefixes)
    subject.attributes["problem"] = problem or ABSENT
    subject.attributes["is_whole_section"] = len(path) == 1 and problem != ""
    subject.attributes["serves_main_model"] = not off and serves_main_model(subject)
    world.add(subject)


def _problem(subject: Subject, entry: Effective, name: str, prefixes: dict[str, str]) -> str:
    """The first thing that the launcher refuses; '' where there is none that the files tell."""
    if not isinstance(entry.data, dict):
        shown = "null" if entry.data is None else "a list" if isinstance(entry.data, list) else "no mapping"
        return "" if entry.data in ({}, False, 0, "") else f"it is {shown}"
    prefix = subject.get("env_prefix")
    prefix = name.upper() if prefix is ABSENT else prefix
    if prefix in _RESERVED:
        return f"its env_prefix {prefix} is reserved: one of {', '.join(_RESERVED)}"
    if isinstance(prefix, str) and prefixes.setdefault(prefix, name) != name:
        return f"its env_prefix {prefix} is that of {prefixes[prefix]} too"
    nodes, instances = _count(subject.get("num_nodes")), _count(subject.get("num_instances"))
    if nodes and instances and instances > 1 and nodes % instances:
        return f"num_nodes {nodes} cannot be divided by num_instances {instances}"
    missing = _missing(subject, REQUIRED)
    if missing:
        return f"it has no {', '.join(missing)}"
    if _falsy(subject.get("command")) and subject.get("command_template") is ABSENT:
        missing = _missing(subject, _TEMPLATE_KEYS)
        if missing:
            return f"it has no command, and the launcher's own needs {', '.join(missing)}"
    return ""


def _falsy(value: Value) -> bool:
    return is_nothing(value) or value == ""


def _count(value: Value) -> int | None:
    return 1 if value is ABSENT else value if isinstance(value, int) else None


def _missing(subject: Subject, names: tuple[str, ...]) -> list[str]:
    if isinstance(subject.get("no such key"), Unknown):
        return []
    return [name for name in names if subject.find(name) is None]


def serves_main_model(subject: Subject) -> bool:
    """Whether its command is put together from the main deployment's fields."""
    command = subject.find("command")
    return command is not None and isinstance(command.data, str) and bool(_MAIN_COMMAND.search(command.data))
