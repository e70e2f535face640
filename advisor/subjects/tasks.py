"""The tasks of a config: what the launcher makes of each name, and the keys of the other models that they call."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from advisor.nel.effective import Effective
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.scopes import PASS_THROUGH
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, World
from advisor.subjects.task_view import NESTED_KEY_NAME, TaskView

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Data, Path
    from advisor.nel.context import Context

TASKS: Path = ("evaluation", "tasks")


def add_tasks(world: World, document: Document, context: Context) -> None:
    """One `task` for each item of evaluation.tasks that is a mapping; one `judge_key` for each key they need."""
    evaluation = world.singles["evaluation"]
    if evaluation.node is not None:
        evaluation.attributes["overrides_nested"] = partial(unfolded, evaluation.node)
    seen: dict[str, list[Data]] = {}
    judges: dict[str, Subject] = {}
    for index, item in task_items(world):
        path: Path = (*TASKS, index)
        item_view = TaskView(world, context, item, path)
        name = item_view.name()
        twins = seen.setdefault(name, []) if isinstance(name, str) else []
        subject = world.add(
            Subject("task", _place(world, document, path), world, _attributes(item_view), item, path, evaluation)
        )
        subject.attributes["is_repeated"] = item.plain() in twins
        twins.append(item.plain())
        _set_places(subject, item_view, document)
        _add_judge_keys(item_view, subject, document, judges)


def task_items(world: World) -> list[tuple[int, Effective]]:
    """The items of evaluation.tasks that are mappings, with their index."""
    tasks = world.values.tree.at(TASKS)
    items = tasks.data if tasks is not None and isinstance(tasks.data, list) else []
    return [(index, item) for index, item in enumerate(items) if isinstance(item.data, dict)]


def _place(world: World, document: Document, path: Path) -> Place:
    """A task is known by its name; without one, by its item."""
    named = world.values.tree.at((*path, "name"))
    if named is not None and named.origin.value is not None:
        return Place(path, named.origin.value)
    item = world.values.tree.at(path)
    if item is not None and item.origin.value is not None:
        return Place(path, item.origin.value)
    return place_in(document, world.values, path)


def _attributes(view: TaskView) -> dict[str, Attribute]:
    return {
        "status": view.status,
        "harness": lambda: task.harness if (task := view.task()) is not None else Unknown("the task is not known"),
        "bare_name": lambda: task.name if (task := view.task()) is not None else Unknown("the task is not known"),
        "query": lambda: task.query if (task := view.task()) is not None else Unknown("the task is not known"),
        "candidates": view.candidates,
        "proposal": view.proposal,
        "is_former": lambda: view.past() is not None,
        "former_until": lambda: past.since if (past := view.past()) else ABSENT,
        "now": lambda: (past.now or ABSENT) if (past := view.past()) else ABSENT,
        "now_surely": lambda: past.sure if (past := view.past()) else ABSENT,
        "now_either": lambda: list(past.others) if (past := view.past()) and past.others else ABSENT,
        "now_first": lambda: past.others[0] if (past := view.past()) and past.others else ABSENT,
        "nearest": view.nearest,
        "nearest_text": view.nearest_text,
        "endpoint": view.endpoint,
        "endpoint_is_served": view.served,
        "legal_endpoints": lambda: _legal_endpoints(view.world),
        "is_vlm": lambda: "vlm" in task.endpoints if (task := view.task()) is not None else False,
        "nested_key": view.nested_key,
        "nested_key_is_dummy": lambda: "DUMMY" in key.upper() if isinstance(key := view.nested_key(), str) else ABSENT,
        "nested_key_is_supplied": lambda: (
            view.supplied(str(key)) if isinstance(key := view.nested_key(), str) else ABSENT
        ),
        "overrides_nested": lambda: unfolded(view.item),
        "is_first_of_harness": lambda: _is_first(view),
        "is_first_with_nested_key": lambda: _is_first_with_key(view),
    }


def unfolded(section: Effective) -> Value:
    """The dotted keys of `overrides` as nested ones; ABSENT where they cannot be, or where a `config` beside them must
    be called nemo_evaluator_config first."""
    overrides, old = section.child("overrides"), section.child("config")
    if overrides is None or not isinstance(overrides.data, dict):
        return ABSENT
    if old is not None and section.child(PASS_THROUGH) is None:
        return ABSENT
    out: dict[str, Data] = {}
    for dotted, value in overrides.data.items():
        *above, last = dotted.split(".")
        holder = out
        for part in above:
            below = holder.setdefault(part, {})
            if not isinstance(below, dict):
                return ABSENT
            holder = below
        if last in holder:
            return ABSENT
        holder[last] = value.plain()
    return out or ABSENT


def _legal_endpoints(world: World) -> Value:
    deployment = world.singles["deployment"]
    if deployment.get("type") == "none":
        return ["chat", "completions", "embedding"]
    endpoints = deployment.get("endpoints")
    return [name for name in endpoints if name != "health"] if isinstance(endpoints, dict) else ABSENT


def _earlier(view: TaskView) -> list[TaskView]:
    items = task_items(view.world)
    return [TaskView(view.world, view.context, item, (*TASKS, n)) for n, item in items if n < int(view.path[-1])]


def _is_first(view: TaskView) -> bool:
    task = view.task()
    return task is not None and all(
        (one := other.task()) is None or one.harness != task.harness for other in _earlier(view)
    )


def _is_first_with_key(view: TaskView) -> bool:
    """One variable that is not supplied is one mistake, however many tasks use it."""
    key = view.nested_key()
    return all(other.nested_key() != key or other.supplied(str(key)) is True for other in _earlier(view))


def _set_places(subject: Subject, view: TaskView, document: Document) -> None:
    """Where things that a task lacks would be added, and where its values stand when they are set for all tasks."""
    world = subject.world
    subject.places["dummy_variable"] = Place(variable_path(world, "DUMMY_API_KEY"), subject.place.span)
    key = view.nested_key()
    if isinstance(key, str):
        own = view.item.at(NESTED_KEY_NAME) is not None
        path = (*subject.base, *NESTED_KEY_NAME) if own else ("evaluation", *NESTED_KEY_NAME)
        node = world.values.tree.at(path)
        span = (node and node.origin.value) or subject.place.span
        subject.places["nested_key"] = Place(path, span)
        subject.places["missing_variable"] = Place(variable_path(world, key), span)


def variable_path(world: World, name: str) -> Path:
    """Where a new variable for the evaluation goes: where the config already keeps some, else evaluation.env_vars."""
    for path in (("evaluation", "env_vars"), ("env_vars",)):
        block = world.values.tree.at(path)
        if block is not None and isinstance(block.data, dict) and block.data and block.origin.key is not None:
            return (*path, name)
    return ("evaluation", "env_vars", name)


def _add_judge_keys(view: TaskView, task: Subject, document: Document, judges: dict[str, Subject]) -> None:
    for service in view.services():
        key = service.key_env
        if key is None or not service.certain:
            continue
        if key in judges:
            judges[key].attributes["tasks"] = [*_texts(judges[key].get("tasks")), str(view.name())]
            continue
        is_supplied = view.supplied(key)
        subject = Subject(
            "judge_key",
            task.place,
            task.world,
            {
                "key": key,
                "service": service.name,
                "tasks": [str(view.name())],
                "is_name": key.isidentifier(),
                "is_own": service.url is not None and not service.url.startswith("https://"),
                "is_supplied": is_supplied,
            },
            parent=task,
        )
        subject.places["key"] = Place(variable_path(task.world, key), task.place.span)
        task.world.add(subject)
        if is_supplied is False:
            judges[key] = subject


def _texts(value: Value) -> list[Data]:
    return value if isinstance(value, list) else []
