"""The token of the Hub: which tasks load gated data with it, and which stages have it."""

from __future__ import annotations

from advisor.nel.values import ABSENT, Value
from advisor.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.subjects.subject import World
    from advisor.subjects.task_view import TaskView

_HF_TOKEN = "HF_TOKEN"
_OFFLINE = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH")
# Harnesses that load a gated data set by its name on the Hub, and what their tasks' names hold then.
_GATED = {
    "lm-evaluation-harness": pattern(r"gpqa"),
    "nemo_skills": pattern(r"ns_(?:gpqa|hle)"),
    "hle": pattern(r""),
}


def describe_tokens(world: World) -> None:
    """Attributes of `evaluation` on the two stages."""
    world.singles["evaluation"].attributes["lone_token"] = lambda: _lone_token(world)


def _is_gated(view: TaskView) -> bool:
    names = _GATED.get(view.packaged.harness) if view.packaged is not None else None
    return names is not None and view.packaged is not None and names.search(view.packaged.name) is not None


def _token_is_supplied(view: TaskView) -> Value:
    unknown: Value = False
    for name in (_HF_TOKEN, *_OFFLINE):
        answer = view.supplied(name)
        if answer is True:
            return True
        unknown = unknown or answer
    return unknown


def _lone_token(world: World) -> Value:
    """The stage that has no token of the Hub while the other one has one and both load from it."""
    values = world.values
    if values.at(("deployment", "type")) in ("none", ABSENT) or _has(world, ()):
        return ABSENT
    serves, handle = _has(world, ("deployment",)), values.at(("deployment", "hf_model_handle"))
    if not serves and not isinstance(handle, str):
        return ABSENT
    scores = _has(world, ("evaluation",))
    for block in ("deployment", "evaluation") if serves != scores else ():
        place = world.singles[block].place_of(f"env_vars.{_HF_TOKEN}")
        if place is not None:
            world.singles["evaluation"].places["lone_token"] = place
    if serves and not scores:
        return "evaluation"
    return "deployment" if scores and not serves else ABSENT


def _has(world: World, section: tuple[str, ...]) -> bool:
    """Whether an env_vars block of a section gives the token on; the evaluation's may stand in its tasks."""
    if not isinstance(world.values.at((*section, "env_vars", _HF_TOKEN)), type(ABSENT)):
        return True
    if section != ("evaluation",):
        return False
    return any(task.get(f"env_vars.{_HF_TOKEN}") is not ABSENT for task in world.of("task"))


# What rules ask of a `task`.
TOKEN_ATTRIBUTES: dict[str, Callable[[TaskView], Value]] = {
    "is_gated": _is_gated,
    "token_is_supplied": _token_is_supplied,
}
