"""What tasks need beside their name: an endpoint of its kind, a tokenizer, tool calls.

Sources: nemo-evaluator-launcher 0.2.6 resources/all_tasks_irs.yaml (the commands of the tasks); nemo-evaluator 0.2.8
core/input.py (check_type_compatibility).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from advisor.nel.values import ABSENT, Absent, Unknown, Value
from advisor.subjects.scopes import EXTRA, PARAMS, Scope, scopes
from advisor.subjects.subject import Subject, World, is_nothing
from advisor.subjects.task_images import OtherTags, describe_sandboxes, image_attributes, packaged_task
from advisor.subjects.task_judges import judge_attributes
from advisor.subjects.task_tokens import describe_tokens, token_attributes

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.nel.tasks import Task

_ENDINGS = {"chat": "/chat/completions", "completions": "/completions", "embedding": "/embeddings"}


def add_task_needs(world: World, document: Document, context: Context) -> None:
    """Computed attributes of each `task`, and of `evaluation` for all of them."""
    found = {id(scope.owner): scope for scope in scopes(world)[0].tasks}
    known = [(task, found[id(task)]) for task in world.of("task") if id(task) in found]
    tags = OtherTags(world, context)
    for task, scope in known:
        _describe(task, scope, tags, context)
    evaluation = world.singles["evaluation"]
    evaluation.attributes["limit_is_read"] = lambda: _limit_is_read(known)
    describe_tokens(world)
    describe_sandboxes(world)


def _describe(task: Subject, scope: Scope, tags: OtherTags, context: Context) -> None:
    packaged = _once(task, context)
    extra = partial(_extra, scope)
    task.attributes |= {
        "other_ending": lambda: _other_ending(task),
        "is_first_elsewhere": lambda: _is_first(task, "other_ending"),
        "others_elsewhere": lambda: _and_others(task, "other_ending"),
        "refuses_endpoint": lambda: _refuses_endpoint(task, packaged()),
        "taken_endpoints": lambda: list(one.endpoints) if (one := packaged()) is not None else ABSENT,
        "lacks_tokenizer": lambda: _lacks_tokenizer(packaged(), extra),
        "is_first_without_tokenizer": lambda: _is_first(task, "lacks_tokenizer"),
        "others_without_tokenizer": lambda: _and_others(task, "lacks_tokenizer"),
        "tokenizer_backend": lambda: extra("tokenizer_backend"),
        "calls_tools": lambda: _calls_tools(packaged(), extra),
        "limit": lambda: scope.value((*PARAMS, "limit_samples")),
        "limit_is_inert": lambda: _limit_is_inert(packaged(), scope),
    }
    task.attributes |= judge_attributes(task, scope, packaged)
    task.attributes |= token_attributes(task, packaged)
    task.attributes |= image_attributes(task, packaged, tags)
    for attribute, path in (
        ("tokenizer_backend", (*EXTRA, "tokenizer_backend")),
        ("limit", (*PARAMS, "limit_samples")),
        ("lacks_tokenizer", (*EXTRA, "tokenizer")),
    ):
        place = scope.place(path)
        if place is not None:
            task.places[attribute] = place


def _once(task: Subject, context: Context) -> Callable[[], Task | None]:
    """The packaged task, looked up when it is first asked for."""
    found: list[Task | None] = []

    def packaged() -> Task | None:
        if not found:
            found.append(packaged_task(task, context))
        return found[0]

    return packaged


def _extra(scope: Scope, name: str) -> Value:
    return scope.value((*EXTRA, *name.split(".")))


def _other_ending(task: Subject) -> Value:
    """The end of the hosted endpoint's url, where it is that of another kind of requests than the task makes."""
    if task.world.values.at(("deployment", "type")) != "none":
        return ABSENT
    url, endpoint = task.world.values.at(("target", "api_endpoint", "url")), task.get("endpoint")
    wanted = _ENDINGS.get("chat" if endpoint == "vlm" else str(endpoint))
    if not isinstance(url, str) or wanted is None:
        return ABSENT
    path = url.partition("?")[0].rstrip("/")
    ending = next((one for one in _ENDINGS.values() if path.endswith(one)), None)
    place = task.world.singles["target"].place_of("api_endpoint.url")
    if place is not None:
        task.places["other_ending"] = place
    return ending if ending is not None and ending != wanted else ABSENT


def _with(task: Subject, attribute: str) -> list[Subject]:
    """All tasks of which an attribute holds."""
    return [
        one for one in task.world.of("task") if not isinstance(value := one.get(attribute), Unknown | Absent) and value
    ]


def _is_first(task: Subject, attribute: str) -> bool:
    """Whether a task speaks for all of which an attribute holds: they have one cause."""
    return next(iter(_with(task, attribute)), None) is task


def _and_others(task: Subject, attribute: str) -> str:
    more = len(_with(task, attribute)) - 1
    return f" (and so for {more} more)" if more > 0 else ""


def _refuses_endpoint(task: Subject, packaged: Task | None) -> Value:
    """Whether the task's container refuses the endpoint type that the config names."""
    own = task.get("endpoint_type")
    if packaged is None or not isinstance(own, str) or not own or "vlm" in packaged.endpoints:
        return ABSENT
    return own in _ENDINGS and own not in packaged.endpoints


def _lacks_tokenizer(packaged: Task | None, extra: partial[Value]) -> Value:
    if packaged is None or not packaged.needs_tokenizer:
        return ABSENT
    given, args = extra("tokenizer"), extra("args")
    if isinstance(given, Unknown) or isinstance(args, Unknown):
        return Unknown("it is not known whether there is one")
    return is_nothing(given) and "tokenizer" not in str(args)


def _calls_tools(packaged: Task | None, extra: partial[Value]) -> Value:
    """Whether the task works only with a server that parses tool calls."""
    if packaged is None:
        return ABSENT
    return packaged.harness == "tau2_bench" or (packaged.harness == "bfcl" and extra("native_calling") is True)


def _limit_is_inert(packaged: Task | None, scope: Scope) -> Value:
    limit = scope.value((*PARAMS, "limit_samples"))
    if packaged is None or is_nothing(limit) or isinstance(limit, Unknown):
        return ABSENT
    return "limit_samples" not in packaged.params


def _limit_is_read(known: list[tuple[Subject, Scope]]) -> bool:
    """Whether a task reads limit_samples; one that is not known may."""
    return not known or any(task.get("limit_is_inert") is not True for task, _ in known)
