"""Each key of `config.params` and `config.params.extra` as written, and what the tasks that get it make of it.

Sources: nemo-evaluator 0.2.8 api/api_dataclasses.py (ConfigParams) and core/utils.py (extract_params_from_command):
the parameters that a task's command reads.
"""

from __future__ import annotations

from functools import cache, partial

from advisor.document.nodes import dotted
from advisor.nel.effective import children
from advisor.nel.names import nearest
from advisor.nel.schema import Section, section
from advisor.nel.tasks import REPEAT_FIELDS, Task, tasks
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.once import once
from advisor.subjects.request_params import destination_of, is_free, is_request_param
from advisor.subjects.scopes import EXTRA, PARAMS, Scope
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, is_nothing
from advisor.subjects.written import Written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
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
        params, extra = children(scope.own.at(PARAMS)), children(scope.own.at(EXTRA))
        if not params:
            continue
        known, otherwise = Tasks(scope), partial(place_in, document, world.values, scope.path)
        for name, node in params.items():
            given = Param(scope, (*PARAMS, name), node)
            given.known = known
            param = given.add("param", given.attributes(), scope.owner, otherwise)
            if scope.is_global:
                _add_tag(param, scope, name)
        for name, node in extra.items():
            one = Extra(scope, (*EXTRA, name), node)
            one.known = known
            one.add("extra", {**_OF_EXTRAS, "name": name, "scope": scope.kind}, scope.owner, otherwise)


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

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @once
    def all(self) -> list[Task | None]:
        """One for each; None for each that the table does not have."""
        scopes = self._scope.tasks if self._scope.is_global else (self._scope,)
        return [one.owner.view.packaged for one in scopes]

    @once
    def known(self) -> list[Task]:
        return [task for task in self.all if task is not None]

    @once
    def are_known(self) -> bool:
        return bool(self.all) and len(self.known) == len(self.all)

    @once
    def repeats_field(self) -> str | None:
        """The key of `extra` that repeats samples; None where the tasks have none, or not the same."""
        fields = {task.repeats_field for task in self.known}
        return fields.pop() if len(fields) == 1 else None

    @once
    def harnesses(self) -> str:
        return ", ".join(dict.fromkeys(task.harness for task in self.known))

    @once
    def extra_text(self) -> str:
        """The scope's `extra` as text, to look for what its values take in."""
        node = self._scope.at(EXTRA)
        return str(node.plain()) if node is not None else ""


def reads(task: Task, name: str) -> bool:
    """Whether a task reads a key of `extra`: by its harness's command, or by a default of its own."""
    return name in task.extra or name in task.extra_defaults


def param_destination(scope: Scope, name: str) -> tuple[Value, Value]:
    """Where a field of config.params belongs, as a path (ABSENT where it is taken) and as people write it."""
    return _destination(scope, (*PARAMS, name))


def _destination(scope: Scope, path: Path) -> tuple[Value, Value]:
    return ([*scope.path, *path] if is_free(scope, path) else ABSENT), dotted(path)


class _Given(Written):
    """A key of `config.params` or of its `extra`, and the `known` tasks that get it."""

    __slots__ = ("known",)
    known: Tasks


class Param(_Given):
    """A key of `config.params`."""

    __slots__ = ()

    def attributes(self) -> dict[str, Attribute]:
        name = self.name
        common = {**_OF_PARAMS, "name": name, "scope": self.scope.kind, "is_adapter": name == "adapter_config"}
        if is_param(name):
            return common
        destination, right = _meant(self.scope, name, self.known)
        return {
            **common,
            "is_known": False,
            "is_request_param": is_request_param(name) and not _is_extra(name, self.known),
            "destination": destination,
            "right": right,
            "right_text": f"; it is {right}" if not is_nothing(right) else "",
        }

    def is_unused(self) -> Value:
        """Whether the task's command does not read a parameter; one for all tasks is nobody's mistake."""
        name, known = self.name, self.known
        if self.scope.is_global:
            return False
        if not known.are_known:
            return Unknown("the task is not in the table")
        return name not in known.known[0].params and name not in ("extra", "task") and is_param(name)


class Extra(_Given):
    """A key of `config.params.extra`."""

    __slots__ = ()

    def meant(self) -> Value:
        name, known = self.name, self.known
        legal = dict.fromkeys(key for task in known.known for key in task.extra)
        close = known.repeats_field if name in REPEAT_FIELDS else nearest(name, legal)
        return close if close is not None and close != name and is_free(self.scope, (*EXTRA, close)) else ABSENT

    def is_used(self) -> Value:
        """For all tasks at once, a key that none reads is a mistake only where it is close to one that some do."""
        name, known = self.name, self.known
        if any(reads(task, name) for task in known.known) or _is_named(known, name):
            return True
        if self.scope.is_global and is_nothing(self.meant()):
            return True
        return False if known.are_known else Unknown("a task is not in the table")


# What rules ask of a `param` and of an `extra`; of a param that is one of the core's own fields, some is told by that.
_OF_PARAMS: dict[str, Value | Callable[[Param], Value]] = {
    "is_known": True,
    "is_request_param": False,
    "type_problem": lambda param: param.type_problem(_params()),
    "is_unused": Param.is_unused,
    "harness": lambda param: param.known.harnesses,
    "destination": ABSENT,
    "right": ABSENT,
    "right_text": "",
    "tag_differs": ABSENT,
}
_OF_EXTRAS: dict[str, Callable[[Extra], Value]] = {
    "is_used": Extra.is_used,
    "is_repeat_field": lambda extra: extra.name in REPEAT_FIELDS and extra.known.repeats_field is not None,
    "meant": Extra.meant,
    "meant_text": Extra.meant_text,
    "repeats_field": lambda extra: extra.known.repeats_field or ABSENT,
    "tasks": lambda extra: extra.known.harnesses,
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
    return _destination(scope, (*EXTRA, name))


def _is_extra(name: str, known: Tasks) -> bool:
    """Whether every task that gets it reads the name in `extra`."""
    return known.are_known and all(reads(task, name) for task in known.known)


@cache
def _all_extra() -> frozenset[str]:
    return frozenset(name for task in tasks() for name in task.extra)


def _is_named(known: Tasks, name: str) -> bool:
    """Whether another value of `extra`, such as `args`, takes this one in: `{{config.params.extra.name}}`."""
    return f"extra.{name}" in known.extra_text


def _add_tag(param: Subject, scope: Scope, name: str) -> None:
    """The tag of the same name that an export to MLflow sets."""
    node = scope.world.values.tree.at((*_TAGS, name))
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
