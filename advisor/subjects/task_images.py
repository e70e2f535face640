"""The images that tasks run in: the harness's container, and the sandboxes that a gym task mounts.

Source: nemo-evaluator-launcher 0.2.6 resources/all_tasks_irs.yaml; Model-Optimizer's recipes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.nel.image import parse_image
from advisor.nel.tasks import Task, container_of, lookup
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.subject import Attribute, Place, Subject, World, is_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.nel.context import Context

_GYM = pattern(r"(?i)nemo[_-]gym")
_SIF = "GDPVAL_CONTAINER_PATH"


def image_attributes(task: Subject, packaged: Callable[[], Task | None], tags: OtherTags) -> dict[str, Attribute]:
    """Attributes of a `task`; `tags` are those of all tasks."""
    return {
        "container_is_packaged": lambda: _container_is_packaged(task, packaged()),
        "other_tag": lambda: tags.of(task),
        "is_gym": lambda: _is_gym(task),
        "other_tasks": lambda: sum(1 for _ in task.world.of("task")) - 1,
    }


def describe_sandboxes(world: World) -> None:
    """Attributes of `evaluation` on the mounted images."""
    evaluation = world.singles["evaluation"]
    evaluation.attributes["other_sif"] = lambda: _other_sif(world)
    place = _variable_place(world, _SIF)
    if place is not None:
        evaluation.places["other_sif"] = place


def packaged_task(task: Subject, context: Context) -> Task | None:
    """The packaged task; None where it is not known."""
    name, container = task.get("name"), task.get("container")
    if not isinstance(name, str) or isinstance(container, Unknown):
        return None
    return lookup(name, str(container) if container else None, context.nel_version).task


def _container_is_packaged(task: Subject, packaged: Task | None) -> Value:
    own = task.get("container")
    return isinstance(own, str) and packaged is not None and own == packaged.container


def _container(task: Subject, context: Context) -> str | None:
    """The image of a task's harness: its own, else the packaged one."""
    own = task.get("container")
    if isinstance(own, str) and own:
        return own
    packaged = packaged_task(task, context) if is_nothing(own) else None
    return container_of(packaged.harness, context.nel_version) if packaged is not None else None


class OtherTags:
    """The tasks whose image an earlier one runs with another tag; worked out when it is first asked for."""

    __slots__ = ("_context", "_found", "_world")

    def __init__(self, world: World, context: Context) -> None:
        self._world, self._context = world, context
        self._found: dict[int, str] | None = None

    def of(self, task: Subject) -> Value:
        """The image of the earlier task."""
        if self._found is None:
            self._found = self._find()
        return self._found.get(id(task), ABSENT)

    def _find(self) -> dict[int, str]:
        found: dict[int, str] = {}
        tasks = list(self._world.of("task"))
        if not any(isinstance(one.get("container"), str) for one in tasks):
            return found
        before: dict[tuple[str, str], dict[str, None]] = {}
        for task in tasks:
            image = _container(task, self._context)
            if image is not None and "<" not in image:
                parsed = parse_image(image)
                tags = before.setdefault((parsed.registry, parsed.repository), {})
                other = next((one for one in tags if one != image), None)
                if other is not None:
                    found[id(task)] = other
                tags[image] = None
        return found


def _is_gym(task: Subject) -> bool:
    return any(
        isinstance(one, str) and _GYM.search(one) is not None for one in (task.get("name"), task.get("container"))
    )


def _variable_place(world: World, name: str) -> Place | None:
    for owner in (*world.of("task"), world.singles["evaluation"], world.singles["config"]):
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
    path = wanted.removeprefix("lit:")
    mounted = _mounted_sifs(world)
    return mounted[0] if mounted and path not in mounted else ABSENT


def _mounted_sifs(world: World) -> list[str]:
    """Paths inside of the evaluation's container at which single images are mounted."""
    mounts = world.values.at(("execution", "mounts", "evaluation"))
    targets = [str(target) for target in mounts.values()] if isinstance(mounts, dict) else []
    docker = world.values.at(("execution", "extra_docker_args"))
    words = docker.split() if isinstance(docker, str) else []
    targets += [word.split(":")[1] for word in words if word.count(":") >= 1]
    return [target.partition(":")[0] for target in targets if target.partition(":")[0].endswith(".sif")]
