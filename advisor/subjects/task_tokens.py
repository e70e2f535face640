"""The token of the Hub: which tasks load gated data with it, and which stages have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.subject import Attribute, Place, Subject, World
from advisor.subjects.task_view import supplied
from advisor.subjects.tasks import variable_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.nel.tasks import Task

_HF_TOKEN = "HF_TOKEN"
_OFFLINE = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH")
# Harnesses that load a gated data set by its name on the Hub, and what their tasks' names hold then.
_GATED = {
    "lm-evaluation-harness": pattern(r"gpqa"),
    "nemo_skills": pattern(r"ns_(?:gpqa|hle)"),
    "hle": pattern(r""),
}


def token_attributes(task: Subject, packaged: Callable[[], Task | None]) -> dict[str, Attribute]:
    """Attributes of a `task`, and where a token that it lacks would stand."""
    task.places["missing_token"] = Place(variable_path(task.world, _HF_TOKEN), task.place.span)
    return {
        "is_gated": lambda: _is_gated(packaged()),
        "token_is_supplied": lambda: _token_is_supplied(task),
    }


def describe_tokens(world: World) -> None:
    """Attributes of `evaluation` on the two stages."""
    evaluation = world.singles["evaluation"]
    evaluation.attributes["lone_token"] = lambda: _lone_token(world)
    for block in ("deployment", "evaluation"):
        place = world.singles[block].place_of(f"env_vars.{_HF_TOKEN}")
        if place is not None:
            evaluation.places["lone_token"] = place


def _is_gated(packaged: Task | None) -> bool:
    names = _GATED.get(packaged.harness) if packaged is not None else None
    return names is not None and packaged is not None and names.search(packaged.name) is not None


def _token_is_supplied(task: Subject) -> Value:
    answers = [supplied(task.world, task.node, name) for name in (_HF_TOKEN, *_OFFLINE)]
    if any(one is True for one in answers):
        return True
    return next((one for one in answers if isinstance(one, Unknown)), False)


def _lone_token(world: World) -> Value:
    """The stage that has no token of the Hub while the other one has one and both load from it."""
    values = world.values
    if values.at(("deployment", "type")) in ("none", ABSENT) or _has(world, ()):
        return ABSENT
    serves, scores = _has(world, ("deployment",)), _has(world, ("evaluation",))
    handle = values.at(("deployment", "hf_model_handle"))
    if serves and not scores:
        return "evaluation"
    return "deployment" if scores and not serves and isinstance(handle, str) else ABSENT


def _has(world: World, section: tuple[str, ...]) -> bool:
    """Whether an env_vars block of a section gives the token on; the evaluation's may stand in its tasks."""
    if not isinstance(world.values.at((*section, "env_vars", _HF_TOKEN)), type(ABSENT)):
        return True
    if section != ("evaluation",):
        return False
    return any(task.get(f"env_vars.{_HF_TOKEN}") is not ABSENT for task in world.of("task"))
