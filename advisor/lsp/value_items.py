"""Values that a launcher config may have at the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from advisor.lsp.about import about_task
from advisor.lsp.items import CONSTANT, ENUM, FILE, MODULE, VALUE, VARIABLE, Item
from advisor.lsp.key_items import choices
from advisor.lsp.spot import Spot
from advisor.lsp.workspace import checkpoints_in
from advisor.nel.adapter_schema import interceptors, post_eval_hooks
from advisor.nel.compose import shipped_groups
from advisor.nel.engine import sampled_versions
from advisor.nel.image import SGLANG, VLLM
from advisor.nel.schema import exporters
from advisor.nel.tasks import Lookup, Status, lookup, tasks

IMAGES = {VLLM: "vllm/vllm-openai:v{}", SGLANG: "lmsysorg/sglang:v{}"}
_PREFIXES = {
    "host:": "a variable of the shell that submits the job",
    "lit:": "the value itself, which anybody may read in the job's files",
    "runtime:": "a variable of the container, read when the job runs",
}
_MODES = {"sequential": "one task after the other", "parallel": "all tasks at once"}


def value_items(spot: Spot) -> Iterator[Item]:
    path, name = spot.path, spot.path[-1]
    in_tasks = path[:2] == ("evaluation", "tasks")
    if path[:1] == ("defaults",):
        yield from _groups(str(name).split()[-1].split("@")[0].lstrip("/"))
    elif in_tasks and len(path) == 4 and name == "name":
        yield from _tasks()
    elif in_tasks and len(path) == 4 and name in ("endpoint_type", "container"):
        yield from _of_task(spot, name)
    elif name == "checkpoint_path":
        yield from checkpoint_items(spot)
    elif path == ("deployment", "image"):
        yield from image_items(spot.value_at(("deployment", "type")))
    elif len(path) > 1 and path[-2] == "env_vars":
        yield from _environment(spot)
    elif path == ("execution", "mode"):
        yield from (Item(mode, ENUM, about) for mode, about in _MODES.items())
    elif path[:-1] == ("execution", "auto_export", "destinations"):
        there = spot.value_at(path[:-1])
        yield from (Item(one, ENUM) for one in exporters() if not isinstance(there, list) or one not in there)
    elif len(path) > 2 and path[-3] in ("interceptors", "post_eval_hooks") and name == "name":
        parts = interceptors()
        known = parts if path[-3] == "interceptors" else post_eval_hooks()
        yield from (Item(one, ENUM, parts[one].stage if one in parts else "") for one in known)
    else:
        yield from typed_items(spot)


def typed_items(spot: Spot) -> Iterator[Item]:
    """The values of a type that lists them."""
    found = spot.section(spot.path[:-1])
    kind = found.keys.get(str(spot.path[-1]), "") if found is not None else ""
    for word in choices(kind):
        yield Item(word, VALUE if word in ("true", "false") else ENUM)


def checkpoint_items(spot: Spot) -> Iterator[Item]:
    return (Item(path, FILE, "a checkpoint in this workspace") for path in checkpoints_in(spot.folders))


def image_items(engine: object) -> Iterator[Item]:
    """Images whose flags are known here, the newest first."""
    name = IMAGES.get(str(engine))
    for version in reversed(sampled_versions(str(engine)) if name else ()):
        yield Item(str(name).format(version), ENUM, "its flags are known here")


def _groups(group: str) -> Iterator[Item]:
    for name in shipped_groups():
        head, _, option = name.partition("/")
        if head == group:
            yield Item(option, MODULE, f"{head} of NEL")


@cache
def _tasks() -> tuple[Item, ...]:
    """The bare name where one harness has it, else those with the harness."""
    known = tasks()
    harnesses: dict[str, int] = {}
    for task in known:
        harnesses[task.name] = harnesses.get(task.name, 0) + 1
    return tuple(
        Item(query, ENUM, f"{task.harness}, {', '.join(task.endpoints)}", about_task(Lookup(query, Status.FOUND, task)))
        for task in known
        for query in [task.name if harnesses[task.name] == 1 else task.query]
    )


def _of_task(spot: Spot, name: str) -> Iterator[Item]:
    task_name = spot.value_at((*spot.path[:3], "name"))
    task = lookup(task_name).task if isinstance(task_name, str) else None
    if task is not None:
        found = task.endpoints if name == "endpoint_type" else (task.container,)
        yield from (Item(one, ENUM, f"of {task.query}") for one in found)


def _environment(spot: Spot) -> Iterator[Item]:
    yield from (Item(prefix, CONSTANT, about, rank=1) for prefix, about in _PREFIXES.items())
    names = sorted(spot.analysis.policy.context.env_names)
    own = str(spot.path[-1])
    for name in names:
        yield Item(f"host:{name}", VARIABLE, "set in the shell of this server", rank=0 if name == own else 5)
