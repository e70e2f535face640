"""Where what a task computes stands in the text, and where things that it lacks would be added."""

from __future__ import annotations

from advisor.subjects.scopes import EXTRA, PARAMS
from advisor.subjects.subject import Place
from advisor.subjects.task_judges import misshaped_judge_place
from advisor.subjects.task_view import NESTED_KEY_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.nodes import Path, Span
    from advisor.subjects.subject import World
    from advisor.subjects.task_view import TaskView

# Attributes that stand below nemo_evaluator_config, the task's own or that for all tasks.
_PASSED: dict[str, Path] = {
    "limit": (*PARAMS, "limit_samples"),
    "timeout": (*PARAMS, "request_timeout"),
    "parallel": (*PARAMS, "parallelism"),
    "tokenizer_backend": (*EXTRA, "tokenizer_backend"),
    "lacks_tokenizer": (*EXTRA, "tokenizer"),
    "parses_reasoning": (*EXTRA, "args"),
    "soft_fail_args": (*EXTRA, "args"),
}
# Variables that a task may be given.
_VARIABLES = {"dummy_variable": "DUMMY_API_KEY", "missing_token": "HF_TOKEN"}


def task_place(view: TaskView, name: str) -> Place | None:
    """Where an attribute of a task stands."""
    if name in _PASSED:
        return view.scope.place(_PASSED[name])
    if name in _VARIABLES:
        return Place(variable_path(view.world, _VARIABLES[name]), view.subject.place.span)
    if name == "misshaped_judge":
        return misshaped_judge_place(view)
    if name == "other_ending":
        return view.world.singles["target"].place_of("api_endpoint.url")
    if name == "repeats" and name in view.subject.attributes:
        from advisor.subjects.repeats import repeats_place

        return repeats_place(view.scope)
    if name in ("nested_key", "missing_variable"):
        return _nested_key(view, missing=name == "missing_variable")
    return None


def _nested_key(view: TaskView, *, missing: bool) -> Place | None:
    key = view.nested_key
    if not isinstance(key, str):
        return None
    path = (*view.path, *NESTED_KEY_NAME)
    if view.item.at(NESTED_KEY_NAME) is None:
        path = ("evaluation", *NESTED_KEY_NAME)
    node = view.world.values.tree.at(path)
    span: Span = (node and node.origin.value) or view.subject.place.span
    return Place(variable_path(view.world, key) if missing else path, span)


def variable_path(world: World, name: str) -> Path:
    """Where a new variable for the evaluation goes: where the config already keeps some, else evaluation.env_vars."""
    for path in (("evaluation", "env_vars"), ("env_vars",)):
        block = world.values.tree.at(path)
        if block is not None and isinstance(block.data, dict) and block.data and block.origin.key is not None:
            return (*path, name)
    return ("evaluation", "env_vars", name)
