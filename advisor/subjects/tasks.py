"""The tasks of a config: what the launcher makes of each name, and the keys of the other models that they call."""

from __future__ import annotations

from functools import partial
from operator import attrgetter

from advisor.nel.effective import Effective, children
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.families import FAMILY_OF_TASKS
from advisor.subjects.load import LOAD_ATTRIBUTES
from advisor.subjects.scopes import PARAMS, PASS_THROUGH
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, World
from advisor.subjects.task_group import TaskGroup
from advisor.subjects.task_needs import NEED_ATTRIBUTES
from advisor.subjects.task_places import task_place, variable_path
from advisor.subjects.task_view import TaskView

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.document import Document
    from advisor.document.nodes import Data, Path
    from advisor.nel.context import Context

TASKS: Path = ("evaluation", "tasks")
_PARAMS: Path = (PASS_THROUGH, *PARAMS)


def add_tasks(world: World, document: Document, context: Context) -> None:
    """One `task` for each item of evaluation.tasks that is a mapping; one `judge_key` for each key they need."""
    evaluation = world.singles["evaluation"]
    if evaluation.node is not None:
        evaluation.attributes["overrides_nested"] = partial(unfolded, evaluation.node)
    tasks, judges = TaskGroup(world, context), dict[str, Subject]()
    views = [TaskView(tasks, item, (*TASKS, index)) for index, item in task_items(world)]
    repeated = _repeated(views)
    for view in views:
        view.subject = world.add(
            Subject(
                "task",
                _place(view, document),
                world,
                {**_ATTRIBUTES, **_known(view), "is_repeated": view in repeated},
                view.item,
                view.path,
                evaluation,
                view=view,
                locate=partial(task_place, view),
            )
        )
        tasks.subjects.append(view.subject)
        _add_judge_keys(view, judges)


def _repeated(views: list[TaskView]) -> set[TaskView]:
    """The tasks that an earlier one is the same as."""
    found: set[TaskView] = set()
    for alike in _groups([view for view in views if isinstance(view.name, str)], lambda view: view.name):
        for twins in _groups(alike, _outline):
            seen: list[Data] = []
            for view in twins:
                own = view.item.plain()
                if own in seen:
                    found.add(view)
                seen.append(own)
    return found


def _groups(views: list[TaskView], key: Callable[[TaskView], object]) -> list[list[TaskView]]:
    """The tasks that have a key in common with another one, in groups."""
    groups: dict[object, list[TaskView]] = {}
    for view in views:
        groups.setdefault(key(view), []).append(view)
    return [group for group in groups.values() if len(group) > 1]


def _outline(view: TaskView) -> object:
    """What two tasks that are the same have in common, and most others do not."""
    params = children(view.item.at(_PARAMS))
    return tuple((name, node.data) for name, node in params.items() if not isinstance(node.data, dict | list))


def task_items(world: World) -> list[tuple[int, Effective]]:
    """The items of evaluation.tasks that are mappings, with their index."""
    tasks = world.values.tree.at(TASKS)
    items = tasks.data if tasks is not None and isinstance(tasks.data, list) else []
    return [(index, item) for index, item in enumerate(items) if isinstance(item.data, dict)]


def _place(view: TaskView, document: Document) -> Place:
    """A task is known by its name; without one, by its item."""
    for node in (view.item.child("name"), view.item):
        if node is not None and node.origin.value is not None:
            return Place(view.path, node.origin.value)
    return place_in(document, view.world.values, view.path)


def _known(view: TaskView) -> dict[str, Attribute]:
    """What some rule asks of every task."""
    task = view.task
    if task is None:
        return {"status": view.status(), "harness": _NOT_KNOWN, "bare_name": _NOT_KNOWN, "is_vlm": False}
    return {
        "status": view.status(),
        "harness": task.harness,
        "bare_name": task.name,
        "is_vlm": "vlm" in task.endpoints,
    }


_NOT_KNOWN = Unknown("the task is not known")
# What else rules ask of a `task`.
_ATTRIBUTES: dict[str, Callable[[TaskView], Value]] = {
    **NEED_ATTRIBUTES,
    **LOAD_ATTRIBUTES,
    **FAMILY_OF_TASKS,
    "query": lambda view: view.task.query if view.task is not None else _NOT_KNOWN,
    "candidates": TaskView.candidates,
    "proposal": TaskView.proposal,
    "is_former": lambda view: view.past is not None,
    "former_until": lambda view: view.past.since if view.past else ABSENT,
    "now": lambda view: (view.past.now or ABSENT) if view.past else ABSENT,
    "now_surely": lambda view: view.past.sure if view.past else ABSENT,
    "now_either": lambda view: list(view.past.others) if view.past and view.past.others else ABSENT,
    "now_first": lambda view: view.past.others[0] if view.past and view.past.others else ABSENT,
    "nearest": TaskView.nearest,
    "nearest_text": TaskView.nearest_text,
    "endpoint": attrgetter("endpoint"),
    "endpoint_is_served": TaskView.served,
    "legal_endpoints": lambda view: _legal_endpoints(view.world),
    "nested_key": attrgetter("nested_key"),
    "nested_key_is_dummy": lambda view: "DUMMY" in key.upper() if isinstance(key := view.nested_key, str) else ABSENT,
    "nested_key_is_supplied": lambda view: view.supplied(key) if isinstance(key := view.nested_key, str) else ABSENT,
    "overrides_nested": lambda view: unfolded(view.item),
    "is_first_of_harness": lambda view: (
        view.task is not None and view.tasks.first_of_harness[view.task.harness] is view.subject
    ),
    "is_first_with_nested_key": lambda view: _is_first_with_key(view),
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


def _is_first_with_key(view: TaskView) -> bool:
    """One variable that is not supplied is one mistake, however many tasks use it."""
    key = view.nested_key
    return all(other.nested_key != key or other.supplied(str(key)) is True for other in view.tasks.before(view))


def _add_judge_keys(view: TaskView, judges: dict[str, Subject]) -> None:
    task = view.subject
    for service in view.services():
        key = service.key_env
        if key is None or not service.certain:
            continue
        if key in judges:
            judges[key].attributes["tasks"] = [*_texts(judges[key].get("tasks")), str(view.name)]
            continue
        is_supplied = view.supplied(key)
        subject = Subject(
            "judge_key",
            task.place,
            task.world,
            {
                "key": key,
                "service": service.name,
                "tasks": [str(view.name)],
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
