"""What tasks need beside their name: an endpoint of its kind, a tokenizer, tool calls.

Sources: nemo-evaluator-launcher 0.2.6 resources/all_tasks_irs.yaml (the commands of the tasks); nemo-evaluator 0.2.8
core/input.py (check_type_compatibility).
"""

from __future__ import annotations

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.scopes import EXTRA, PARAMS
from advisor.subjects.subject import is_nothing
from advisor.subjects.task_images import IMAGE_ATTRIBUTES, describe_sandboxes
from advisor.subjects.task_judges import JUDGE_ATTRIBUTES
from advisor.subjects.task_tokens import TOKEN_ATTRIBUTES, describe_tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.subject import World
    from advisor.subjects.task_view import TaskView

_ENDINGS = {"chat": "/chat/completions", "completions": "/completions", "embedding": "/embeddings"}
_LIMIT, _TOKENIZER, _ARGS = (*PARAMS, "limit_samples"), (*EXTRA, "tokenizer"), (*EXTRA, "args")
_BACKEND, _NATIVE = (*EXTRA, "tokenizer_backend"), (*EXTRA, "native_calling")


def add_task_needs(world: World, document: Document, context: Context) -> None:
    """Computed attributes of `evaluation` for all tasks."""
    world.singles["evaluation"].attributes["limit_is_read"] = lambda: _limit_is_read(world)
    describe_tokens(world)
    describe_sandboxes(world)


def _other_ending(view: TaskView) -> Value:
    """The end of the hosted endpoint's url, where it is that of another kind of requests than the task makes."""
    task = view.subject
    if task.world.values.at(("deployment", "type")) != "none":
        return ABSENT
    url, endpoint = task.world.values.at(("target", "api_endpoint", "url")), task.get("endpoint")
    wanted = _ENDINGS.get("chat" if endpoint == "vlm" else str(endpoint))
    if not isinstance(url, str) or wanted is None:
        return ABSENT
    path = url.partition("?")[0].rstrip("/")
    ending = next((one for one in _ENDINGS.values() if path.endswith(one)), wanted)
    return ending if ending != wanted else ABSENT


def _and_others(view: TaskView, attribute: str) -> str:
    more = view.tasks.more(attribute)
    return f" (and so for {more} more)" if more else ""


def _refuses_endpoint(view: TaskView) -> Value:
    """Whether the task's container refuses the endpoint type that the config names."""
    own, packaged = view.subject.get("endpoint_type"), view.packaged
    if not isinstance(own, str) or not own or packaged is None or "vlm" in packaged.endpoints:
        return ABSENT
    return own in _ENDINGS and own not in packaged.endpoints


def _lacks_tokenizer(view: TaskView) -> Value:
    if view.packaged is None or not view.packaged.needs_tokenizer:
        return ABSENT
    given, args = view.scope.value(_TOKENIZER), view.scope.value(_ARGS)
    if isinstance(given, Unknown) or isinstance(args, Unknown):
        return Unknown("it is not known whether there is one")
    return is_nothing(given) and "tokenizer" not in str(args)


def _calls_tools(view: TaskView) -> Value:
    """Whether the task works only with a server that parses tool calls."""
    if view.packaged is None:
        return ABSENT
    harness = view.packaged.harness
    return harness == "tau2_bench" or (harness == "bfcl" and view.scope.value(_NATIVE) is True)


def _limit_is_inert(view: TaskView) -> Value:
    limit = view.scope.value(_LIMIT)
    if is_nothing(limit) or isinstance(limit, Unknown) or view.packaged is None:
        return ABSENT
    return "limit_samples" not in view.packaged.params


def _limit_is_read(world: World) -> bool:
    """Whether a task reads limit_samples; one that is not known may."""
    tasks = list(world.of("task"))
    return not tasks or any(task.get("limit_is_inert") is not True for task in tasks)


# What rules ask of a `task`.
NEED_ATTRIBUTES: dict[str, Callable[[TaskView], Value]] = {
    "other_ending": _other_ending,
    "is_first_elsewhere": lambda view: view.tasks.is_first(view, "other_ending"),
    "others_elsewhere": lambda view: _and_others(view, "other_ending"),
    "refuses_endpoint": _refuses_endpoint,
    "taken_endpoints": lambda view: list(view.packaged.endpoints) if view.packaged is not None else ABSENT,
    "lacks_tokenizer": _lacks_tokenizer,
    "is_first_without_tokenizer": lambda view: view.tasks.is_first(view, "lacks_tokenizer"),
    "others_without_tokenizer": lambda view: _and_others(view, "lacks_tokenizer"),
    "tokenizer_backend": lambda view: view.scope.value(_BACKEND),
    "calls_tools": _calls_tools,
    "limit": lambda view: view.scope.value(_LIMIT),
    "limit_is_inert": _limit_is_inert,
    **JUDGE_ATTRIBUTES,
    **TOKEN_ATTRIBUTES,
    **IMAGE_ATTRIBUTES,
}
