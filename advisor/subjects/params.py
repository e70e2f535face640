"""Each key of `config.params` and `config.params.extra` as written, and what the tasks that get it make of it.

Sources: nemo-evaluator 0.2.8 api/api_dataclasses.py (ConfigParams) and core/utils.py (extract_params_from_command):
the parameters that a task's command reads.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from advisor.document.nodes import dotted
from advisor.nel.effective import children
from advisor.nel.names import nearest
from advisor.nel.schema import Section, section
from advisor.nel.tasks import REPEAT_FIELDS, Task, lookup, tasks
from advisor.nel.values import ABSENT, Absent, Unknown, Value
from advisor.subjects.request_params import destination_of, is_free, is_request_param
from advisor.subjects.scopes import EXTRA, PARAMS, Scope
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, is_nothing

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.nel.effective import Effective
    from advisor.subjects.subject import World

# What other programs call the parameters.
PARAM_MEANT = {
    "max_tokens": "max_new_tokens",
    "max_completion_tokens": "max_new_tokens",
    "max_output_tokens": "max_new_tokens",
    "max_gen_toks": "max_new_tokens",
    "timeout": "request_timeout",
    "concurrency": "parallelism",
    "num_concurrent": "parallelism",
    "limit": "limit_samples",
    "max_samples": "limit_samples",
    "num_samples": "limit_samples",
}
_TAGS: Path = ("export", "mlflow", "tags")


def add_params(world: World, found: tuple[Scope, ...], document: Document, context: Context) -> None:
    """`param` for each key of config.params, `extra` for each of its `extra`."""
    for scope in found:
        known = Tasks(scope, context)
        for name, node in children(scope.own.at(PARAMS)).items():
            param = _add(document, scope, "param", (*PARAMS, name), node, _param(scope, name, node, known))
            _add_tag(param, scope, name)
        for name, node in children(scope.own.at(EXTRA)).items():
            _add(document, scope, "extra", (*EXTRA, name), node, _extra(scope, name, known))


def _add(
    document: Document, scope: Scope, kind: str, path: Path, node: Effective, attributes: dict[str, Attribute]
) -> Subject:
    world = scope.world
    place = scope.key_place(path) or place_in(document, world.values, scope.path)
    common: dict[str, Attribute] = {"name": str(path[-1]), "scope": "global" if scope.is_global else "task"}
    subject = Subject(kind, place, world, common | attributes, node, (*scope.path, *path), scope.owner)
    if (at := scope.place(path)) is not None:
        subject.places["value"] = at
    return world.add(subject)


def is_param(name: str) -> bool:
    """Whether a name is a field of `config.params`."""
    return name in _params().keys


@cache
def _params() -> Section:
    found = section(("evaluation", "nemo_evaluator_config", *PARAMS))
    assert found is not None
    return found


class Tasks:
    """The tasks that get a scope's parameters, looked up when they are asked for."""

    def __init__(self, scope: Scope, context: Context) -> None:
        self._scope, self._context = scope, context

    @cached_property
    def all(self) -> list[Task | None]:
        """One for each; None for each that the table does not have."""
        owners = self._scope.tasks if self._scope.is_global else (self._scope,)
        return [self._task(owner.path[:-1]) for owner in owners]

    @cached_property
    def known(self) -> list[Task]:
        return [task for task in self.all if task is not None]

    @cached_property
    def are_known(self) -> bool:
        return bool(self.all) and len(self.known) == len(self.all)

    @cached_property
    def repeats_field(self) -> str | None:
        """The key of `extra` that repeats samples; None where the tasks have none, or not the same."""
        fields = {task.repeats_field for task in self.known}
        return fields.pop() if len(fields) == 1 else None

    @cached_property
    def harnesses(self) -> str:
        return ", ".join(dict.fromkeys(task.harness for task in self.known))

    @cached_property
    def extra_text(self) -> str:
        """The scope's `extra` as text, to look for what its values take in."""
        node = self._scope.at(EXTRA)
        return str(node.plain()) if node is not None else ""

    def _task(self, item: Path) -> Task | None:
        values = self._scope.world.values
        name, container = values.at((*item, "name")), values.at((*item, "container"))
        if not isinstance(name, str) or isinstance(container, Unknown):
            return None
        return lookup(name, str(container) if container else None, self._context.nel_version).task


def reads(task: Task, name: str) -> bool:
    """Whether a task reads a key of `extra`: by its harness's command, or by a default of its own."""
    return name in task.extra or name in task.extra_defaults


def param_destination(scope: Scope, name: str) -> tuple[Value, Value]:
    """Where a field of config.params belongs, as a path (ABSENT where it is taken) and as people write it."""
    path = (*PARAMS, name)
    return ([*scope.path, *path] if is_free(scope, path) else ABSENT), dotted(path)


def _param(scope: Scope, name: str, node: Effective, known: Tasks) -> dict[str, Attribute]:
    def problem() -> Value:
        value = scope.world.values.resolve(node)
        return ABSENT if isinstance(value, Unknown | Absent) else _params().type_problem(name, value)

    destination, right = (ABSENT, ABSENT) if is_param(name) else _meant(scope, name, known)
    return {
        "is_known": is_param(name),
        "is_request_param": not is_param(name) and is_request_param(name) and not _is_extra(name, known),
        "is_adapter": name == "adapter_config",
        "type_problem": problem,
        "is_unused": lambda: _is_unused(scope, name, known),
        "harness": lambda: known.harnesses,
        "destination": destination,
        "right": right,
        "right_text": f"; it is {right}" if not is_nothing(right) else "",
    }


def _meant(scope: Scope, name: str, known: Tasks) -> tuple[Value, Value]:
    """Where an unknown parameter belongs: under its right name, in `extra`, or with what is added to each request."""
    if name in REPEAT_FIELDS:
        field = known.repeats_field if known.are_known else None
        return _extra_destination(scope, field) if field else (ABSENT, "a key of extra (num_repeats or n_samples)")
    if _is_extra(name, known):
        return _extra_destination(scope, name)
    if is_request_param(name):
        return destination_of(scope, name)
    close = PARAM_MEANT.get(name) or nearest(name, _params().keys)
    if close is not None:
        return param_destination(scope, close)
    return _extra_destination(scope, name) if name in _all_extra() else (ABSENT, ABSENT)


def _extra_destination(scope: Scope, name: str) -> tuple[Value, Value]:
    path = (*EXTRA, name)
    return ([*scope.path, *path] if is_free(scope, path) else ABSENT), dotted(path)


def _is_extra(name: str, known: Tasks) -> bool:
    """Whether every task that gets it reads the name in `extra`."""
    return known.are_known and all(reads(task, name) for task in known.known)


@cache
def _all_extra() -> frozenset[str]:
    return frozenset(name for task in tasks() for name in task.extra)


def _is_unused(scope: Scope, name: str, known: Tasks) -> Value:
    """Whether the task's command does not read a parameter; one for all tasks is nobody's mistake."""
    if scope.is_global:
        return False
    if not known.are_known:
        return Unknown("the task is not in the table")
    return is_param(name) and name not in ("extra", "task", *known.known[0].params)


def _extra(scope: Scope, name: str, known: Tasks) -> dict[str, Attribute]:
    def meant() -> Value:
        legal = dict.fromkeys(key for task in known.known for key in task.extra)
        close = known.repeats_field if name in REPEAT_FIELDS else nearest(name, legal)
        return close if close is not None and close != name and is_free(scope, (*EXTRA, close)) else ABSENT

    def is_used() -> Value:
        """For all tasks at once, a key that none reads is a mistake only where it is close to one that some do."""
        if any(reads(task, name) for task in known.known) or _is_named(known, name):
            return True
        if scope.is_global and is_nothing(meant()):
            return True
        return False if known.are_known else Unknown("a task is not in the table")

    return {
        "is_used": is_used,
        "is_repeat_field": lambda: name in REPEAT_FIELDS and known.repeats_field is not None,
        "meant": meant,
        "meant_text": lambda: f"; did you mean {meant()}" if isinstance(meant(), str) else "",
        "repeats_field": lambda: known.repeats_field or ABSENT,
        "tasks": lambda: known.harnesses,
    }


def _is_named(known: Tasks, name: str) -> bool:
    """Whether another value of `extra`, such as `args`, takes this one in: `{{config.params.extra.name}}`."""
    return f"extra.{name}" in known.extra_text


def _add_tag(param: Subject, scope: Scope, name: str) -> None:
    """The tag of the same name that an export to MLflow sets."""
    node = scope.world.values.tree.at((*_TAGS, name)) if scope.is_global else None
    if node is None or node.origin.value is None or param.node is None:
        return
    values = scope.world.values
    tag, value = values.resolve(node), values.resolve(param.node)
    param.attributes["tag"] = tag
    param.places["tag"] = Place((*_TAGS, name), node.origin.value)
    if isinstance(value, bool | int | float | str) and isinstance(tag, bool | int | float | str):
        param.attributes["tag_differs"] = _as_number(tag) != _as_number(value)
        param.attributes["tag_text"] = str(value)


def _as_number(value: object) -> float | str:
    try:
        return float(str(value))
    except ValueError:
        return str(value)
