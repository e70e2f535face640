"""The tasks of a config: what the launcher makes of each name, and the keys of the other models that they call."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from advisor.nel.effective import Effective
from advisor.nel.task_history import Past, former
from advisor.nel.tasks import Lookup, Service, Status, Task, lookup
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, World

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Data, Path
    from advisor.nel.context import Context

TASKS: Path = ("evaluation", "tasks")
_PASS_THROUGH = "nemo_evaluator_config"
_EXTRA = (_PASS_THROUGH, "config", "params", "extra")
_API_KEY_NAME = (_PASS_THROUGH, "target", "api_endpoint", "api_key_name")
# What the core's own enum of endpoint types knows, and what some harnesses' tasks ask for.
_CORE_ENDPOINTS = ("undefined", "chat", "completions", "completions_logprob", "embedding", "vlm", "ranking")
# Harnesses to propose for a name that several have, the best known first; codec runs contamination studies.
_PREFERRED = ("simple_evals", "lm-evaluation-harness", "bigcode-evaluation-harness")
_LEFT_OUT = "codec"


def add_tasks(world: World, document: Document, context: Context) -> None:
    """One `task` for each item of evaluation.tasks that is a mapping; one `judge_key` for each key they need."""
    evaluation = world.singles["evaluation"]
    if evaluation.node is not None:
        evaluation.attributes["overrides_nested"] = partial(unfolded, evaluation.node)
    seen: dict[str, list[Data]] = {}
    judges: dict[str, Subject] = {}
    for index, item in task_items(world):
        path: Path = (*TASKS, index)
        item_view = _View(world, context, item, path)
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


class _View:
    """What is known of one task, computed when it is asked for."""

    __slots__ = ("_lookup", "context", "item", "path", "world")

    def __init__(self, world: World, context: Context, item: Effective, path: Path) -> None:
        self.world, self.context, self.item, self.path = world, context, item, path
        self._lookup: Lookup | Unknown | None = None

    def get(self, name: str) -> Value:
        node = self.item.child(name)
        return ABSENT if node is None else self.world.values.resolve(node)

    def name(self) -> Value:
        return self.get("name")

    def found(self) -> Lookup | Unknown:
        if self._lookup is None:
            name, container = self.name(), self.get("container")
            if not isinstance(name, str) or not name:
                self._lookup = Unknown("the task has no name")
            elif isinstance(container, Unknown):
                self._lookup = Unknown("its container is not known")
            else:
                self._lookup = lookup(name, str(container) if container else None, self.context.nel_version)
        return self._lookup

    def task(self) -> Task | None:
        found = self.found()
        return found.task if isinstance(found, Lookup) else None

    def status(self) -> Value:
        found = self.found()
        return found if isinstance(found, Unknown) else found.status.value

    def endpoint(self) -> Value:
        """The endpoint type that the launcher takes."""
        own = self.get("endpoint_type")
        if own and not isinstance(own, Unknown):
            return own
        task = self.task()
        if task is not None:
            return task.endpoint_type
        known = isinstance(own, Unknown) or self.status() != Status.UNLISTED.value
        return Unknown("the task's endpoint types are not known") if known else "chat"

    def served(self) -> Value:
        """Whether the deployment has an endpoint of that type; True where nobody asks."""
        endpoint = self.endpoint()
        if not isinstance(endpoint, str):
            return Unknown("the endpoint type is not known")
        deployment, executor = self.world.singles["deployment"], self.world.singles["execution"].get("type")
        kind = deployment.get("type")
        if not isinstance(kind, str) or not isinstance(executor, str):
            return Unknown("the deployment is not known")
        if kind == "none":
            return endpoint in _CORE_ENDPOINTS
        endpoints = deployment.get("endpoints")
        if not isinstance(endpoints, dict):
            return Unknown("the deployment's endpoints are not known")
        return executor == "lepton" or endpoint in endpoints

    def candidates(self) -> Value:
        found = self.found()
        return [task.query for task in found.candidates] if isinstance(found, Lookup) else found

    def proposal(self) -> Value:
        """The candidate that fits the endpoint type or the hosted url, else the one for chat models."""
        found = self.found()
        if isinstance(found, Unknown) or not found.candidates:
            return ABSENT
        own = self.get("endpoint_type")
        fitting = (
            [t for t in found.candidates if own in t.endpoints] or self._fitting_url(found) or list(found.candidates)
        )
        usual = [t for t in fitting if t.harness != _LEFT_OUT] or fitting
        order = {harness: rank for rank, harness in enumerate(_PREFERRED)}
        return min(usual, key=lambda task: order.get(task.harness, -1)).query

    def _fitting_url(self, found: Lookup) -> list[Task]:
        """The candidates that send what the url of a hosted model takes."""
        kind = self._hosted_kind()
        return [task for task in found.candidates if task.endpoint_type == kind]

    def _hosted_kind(self) -> str | None:
        """The endpoint type that the url of a hosted model is for."""
        url = self.world.values.at(("target", "api_endpoint", "url"))
        if not isinstance(url, str) or self.world.values.at(("deployment", "type")) != "none":
            return None
        end = url.partition("?")[0].rstrip("/").rpartition("/v1/")[2]
        return {"chat/completions": "chat", "completions": "completions"}.get(end)

    def past(self) -> Past | None:
        """What the name stood for in earlier versions, where that is something else now."""
        found, own = self.found(), self.get("endpoint_type")
        if isinstance(found, Unknown) or found.status is Status.UNCHECKED or isinstance(own, Unknown):
            return None
        return former(found, own if isinstance(own, str) and own else self._hosted_kind())

    def nearest(self) -> Value:
        found = self.found()
        if isinstance(found, Unknown):
            return found
        return found.nearest[0] if len(found.nearest) == 1 else ABSENT

    def nearest_text(self) -> Value:
        found = self.found()
        names = found.nearest if isinstance(found, Lookup) else ()
        return f"; did you mean {' or '.join(names)}" if names else ""

    def merged(self, path: Path) -> Value:
        """The task's value below nemo_evaluator_config, else the one for all tasks."""
        node = self.item.at(path) or self.world.values.tree.at(("evaluation", *path))
        return ABSENT if node is None else self.world.values.resolve(node)

    def nested_key(self) -> Value:
        """The api_key_name below nemo_evaluator_config, which nobody passes to the container by itself."""
        value = self.merged(_API_KEY_NAME)
        return value if value else ABSENT

    def supplied(self, name: str) -> Value:
        """Whether the evaluation container gets a variable."""
        return supplied(self.world, self.item, name)

    def extra(self) -> dict[str, Data]:
        """`config.params.extra` of all tasks with the task's own over it."""
        general, own = self.world.values.tree.at(("evaluation", *_EXTRA)), self.item.at(_EXTRA)
        both = [node.plain() for node in (general, own) if node is not None]
        merged: dict[str, Data] = {}
        for one in both:
            merged = _over(merged, one) if isinstance(one, dict) else merged
        return merged

    def services(self) -> tuple[Service, ...]:
        task = self.task()
        return task.services(self.extra()) if task is not None else ()


def supplied(world: World, item: Effective | None, name: str) -> Value:
    """Whether the evaluation container of a task gets a variable: from an env_vars block, or as the endpoint's key."""
    values = world.values
    blocks = [
        values.tree.at(("env_vars",)),
        values.tree.at(("evaluation", "env_vars")),
        item and item.child("env_vars"),
    ]
    if any(block is not None and isinstance(block.data, dict) and name in block.data for block in blocks):
        return True
    key = values.at(("target", "api_endpoint", "api_key_name"))
    if key == name:
        return True
    # Of a block that stands one level too deep container-key-ignored speaks.
    deep = [values.tree.at(("evaluation", "nemo_evaluator_config")), item and item.child("nemo_evaluator_config")]
    if any(one is not None and one.at(("env_vars", name)) is not None for one in deep):
        return Unknown("it stands in a block that is not read")
    unknown = isinstance(key, Unknown) or any(
        values.composition.is_open((part,)) for part in ("env_vars", "evaluation")
    )
    return Unknown("a config that is not here may set it") if unknown else False


def _attributes(view: _View) -> dict[str, Attribute]:
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
    if old is not None and section.child(_PASS_THROUGH) is None:
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


def _earlier(view: _View) -> list[_View]:
    items = task_items(view.world)
    return [_View(view.world, view.context, item, (*TASKS, n)) for n, item in items if n < int(view.path[-1])]


def _is_first(view: _View) -> bool:
    task = view.task()
    return task is not None and all(
        (one := other.task()) is None or one.harness != task.harness for other in _earlier(view)
    )


def _is_first_with_key(view: _View) -> bool:
    """One variable that is not supplied is one mistake, however many tasks use it."""
    key = view.nested_key()
    return all(other.nested_key() != key or other.supplied(str(key)) is True for other in _earlier(view))


def _set_places(subject: Subject, view: _View, document: Document) -> None:
    """Where things that a task lacks would be added, and where its values stand when they are set for all tasks."""
    world = subject.world
    subject.places["dummy_variable"] = Place(variable_path(world, "DUMMY_API_KEY"), subject.place.span)
    key = view.nested_key()
    if isinstance(key, str):
        own = view.item.at(_API_KEY_NAME) is not None
        path = (*subject.base, *_API_KEY_NAME) if own else ("evaluation", *_API_KEY_NAME)
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


def _add_judge_keys(view: _View, task: Subject, document: Document, judges: dict[str, Subject]) -> None:
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


def _over(base: dict[str, Data], own: dict[str, Data]) -> dict[str, Data]:
    out = dict(base)
    for name, value in own.items():
        below = out.get(name)
        out[name] = _over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return out
