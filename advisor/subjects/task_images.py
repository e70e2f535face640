"""The images that tasks run in: the harness's container, and the sandboxes that a gym task mounts.

Source: nemo-evaluator-launcher 0.2.6 resources/all_tasks_irs.yaml; Model-Optimizer's recipes.
"""

from __future__ import annotations

from advisor.nel.image import parse_image
from advisor.nel.tasks import container_of
from advisor.nel.values import ABSENT, Value
from advisor.patterns import pattern
from advisor.subjects.subject import Place, Subject, World, is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.subjects.task_view import TaskView

_GYM = pattern(r"(?i)nemo[_-]gym")
_SIF = "GDPVAL_CONTAINER_PATH"


def describe_sandboxes(world: World) -> None:
    """Attributes of `evaluation` on the mounted images."""
    world.singles["evaluation"].attributes["other_sif"] = lambda: _other_sif(world)


def _container_is_packaged(view: TaskView) -> Value:
    own = view.subject.get("container")
    return isinstance(own, str) and view.packaged is not None and own == view.packaged.container


def other_tags(tasks: list[Subject]) -> dict[int, str]:
    """The tasks whose image an earlier one runs with another tag, and the image of that one."""
    found: dict[int, str] = {}
    if not any(isinstance(one.get("container"), str) for one in tasks):
        return found
    before: dict[tuple[str, str], dict[str, None]] = {}
    for task in tasks:
        image = _container(task.view)
        if image is not None and "<" not in image:
            parsed = parse_image(image)
            tags = before.setdefault((parsed.registry, parsed.repository), {})
            other = next((one for one in tags if one != image), None)
            if other is not None:
                found[id(task)] = other
            tags[image] = None
    return found


def _container(view: TaskView) -> str | None:
    """The image of a task's harness: its own, else the packaged one."""
    own = view.subject.get("container")
    if isinstance(own, str) and own:
        return own
    packaged = view.packaged if is_nothing(own) else None
    return container_of(packaged.harness, view.context.nel_version) if packaged is not None else None


def _is_gym(view: TaskView) -> bool:
    texts = (view.subject.get("name"), view.subject.get("container"))
    return any(isinstance(one, str) and _GYM.search(one) is not None for one in texts)


def _variable_place(world: World, name: str) -> Place | None:
    for owner in (*world.of("task"), world.singles["evaluation"], world.singles["config"]):
        if owner.node is not None and owner.node.at(("env_vars", name)) is not None:
            place = owner.place_of(f"env_vars.{name}")
            if place is not None:
                return place
    return None


def _other_sif(world: World) -> Value:
    """The sandbox image that is mounted, where the variable names another one."""
    place = _variable_place(world, _SIF)
    if place is None:
        return ABSENT
    wanted = world.values.at(place.path)
    if not isinstance(wanted, str) or not wanted.startswith("lit:"):
        return ABSENT
    world.singles["evaluation"].places["other_sif"] = place
    mounted = _mounted_sifs(world)
    return mounted[0] if mounted and wanted.removeprefix("lit:") not in mounted else ABSENT


def _mounted_sifs(world: World) -> list[str]:
    """Paths inside of the evaluation's container at which single images are mounted."""
    mounts = world.values.at(("execution", "mounts", "evaluation"))
    targets = [str(target) for target in mounts.values()] if isinstance(mounts, dict) else []
    docker = world.values.at(("execution", "extra_docker_args"))
    words = docker.split() if isinstance(docker, str) else []
    targets += [word.split(":")[1] for word in words if word.count(":") >= 1]
    return [target.partition(":")[0] for target in targets if target.partition(":")[0].endswith(".sif")]


# What rules ask of a `task`.
IMAGE_ATTRIBUTES: dict[str, Callable[[TaskView], Value]] = {
    "container_is_packaged": _container_is_packaged,
    "other_tag": lambda view: view.tasks.other_tags.get(id(view.subject), ABSENT),
    "is_gym": _is_gym,
    "other_tasks": lambda view: len(view.tasks.subjects) - 1,
}
