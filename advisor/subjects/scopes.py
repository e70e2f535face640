"""The scopes of `nemo_evaluator_config`: the one for all tasks, and each task's own merged over it."""

from __future__ import annotations

from advisor.nel.effective import Effective, Origin, elements, merged_at
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.subject import Place, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from advisor.document.nodes import Path
    from advisor.subjects.adapter_view import AdapterView
    from advisor.subjects.family_model import ScopeModel
    from advisor.subjects.subject import World

PASS_THROUGH = "nemo_evaluator_config"
GLOBAL: Path = ("evaluation", PASS_THROUGH)
ADAPTER: Path = ("target", "api_endpoint", "adapter_config")
PARAMS: Path = ("config", "params")
EXTRA: Path = (*PARAMS, "extra")
# How deep the blocks lie that are merged as a whole: config.params and target.api_endpoint.
_BLOCK = 2
_NOTHING = Effective({}, Origin())


class Scope:
    """`own` is what stands at `path`. What the container gets is that over the values of the `general` scope.

    `nothing` is the value of what stands nowhere. `owner` is the subject that it belongs to (the evaluation or the
    task), `tasks` the scopes of the tasks below a global one (also of those that set nothing), `view` what is known of
    its adapter and `model` how its tasks ask the served model, once somebody asks."""

    __slots__ = (
        "_merged",
        "_values",
        "general",
        "is_global",
        "is_open",
        "kind",
        "model",
        "nothing",
        "own",
        "owner",
        "path",
        "tasks",
        "view",
        "world",
    )

    def __init__(self, world: World, path: Path, own: Effective, owner: Subject, general: Scope | None = None) -> None:
        self.world, self.path, self.own, self.owner, self.general = world, path, own, owner, general
        self.is_global = general is None
        self.kind = "global" if general is None else "task"
        self.is_open = world.values.composition.is_open(path)
        self.nothing: Value = Unknown("a config that is not here may set it", None) if self.is_open else ABSENT
        self.tasks: tuple[Scope, ...] = ()
        self._values: dict[Path, Value] = {}
        self._merged: dict[Path, Effective | None] = {}
        self.view: AdapterView | None = None
        self.model: ScopeModel | None = None

    def at(self, path: Path) -> Effective | None:
        """What the container gets at a path. Blocks are merged when something in them is asked for, and kept."""
        if len(path) <= _BLOCK:
            return self.own.at(path) if self.general is None else merged_at(self.general.own, self.own, path)
        merged, above = self._merged, path[:-1]
        if above not in merged:
            merged[above] = self.at(above)
        block = merged[above]
        return block.child(path[-1]) if block is not None else None

    def value(self, path: Path) -> Value:
        """The merged value at a path; Unknown at the global scope where every task sets its own. To be asked for when
        the scopes of all tasks are there; what was asked is kept."""
        values = self._values
        if path not in values:
            if self.tasks and self.is_set_by_all_tasks(path):
                values[path] = Unknown("every task sets its own", None)
            else:
                node = self.at(path)
                values[path] = self.nothing if node is None else self.world.values.resolve(node)
        return values[path]

    def is_set_by_all_tasks(self, path: Path) -> bool:
        """Whether every task has a value that replaces the global one, and is not merged with it."""
        for task in self.tasks:
            node = task.own.at(path)
            if node is None or isinstance(node.data, dict) or node.is_missing:
                return False
        return bool(self.tasks)

    def place(self, path: Path) -> Place | None:
        """Where a merged value stands: in the task, else in the global scope; None where it is nowhere in the text."""
        node = self.own.at(path)
        if node is None:
            return self.general.place(path) if self.general else None
        origin = node.masked or node.origin
        span = origin.value if origin.value and origin.value.end > origin.value.start else origin.key
        return Place((*self.path, *path), span) if span else None

    def key_place(self, path: Path) -> Place | None:
        """As `place`, but the key."""
        node = self.own.at(path)
        if node is None:
            return self.general.key_place(path) if self.general else None
        span = node.origin.key or node.origin.value
        return Place((*self.path, *path), span) if span else None


def scopes(world: World) -> tuple[Scope, ...]:
    """The global scope, and that of each task that has a `nemo_evaluator_config`. To be asked for when all tasks are
    among the subjects."""
    if not world.scopes:
        world.scopes = _scopes(world)
    return world.scopes


def _scopes(world: World) -> tuple[Scope, ...]:
    evaluation = world.singles["evaluation"]
    node = _mapping(evaluation.find(PASS_THROUGH))
    general = Scope(world, GLOBAL, node, evaluation)
    items = evaluation.find("tasks")
    tasks = elements(items)
    owners: Mapping[Path, Subject] = {subject.base: subject for subject in world.of("task")}
    found = []
    for index, item in enumerate(tasks):
        if isinstance(item.data, dict):
            path: Path = ("evaluation", "tasks", index)
            own = _mapping(item.child(PASS_THROUGH))
            task = owners.get(path)
            scope = Scope(world, (*path, PASS_THROUGH), own, task or evaluation, general)
            if task is not None:
                task.view.scope = scope
            found.append(scope)
    general.tasks = tuple(found)
    return (general, *(task for task in found if task.own.data))


def _mapping(node: Effective | None) -> Effective:
    return node if node is not None and isinstance(node.data, dict) else _NOTHING
