"""All tasks of one config: what only several of them together tell."""

from __future__ import annotations

from itertools import takewhile

from advisor.nel.values import Absent, Unknown
from advisor.once import once
from advisor.subjects.task_images import other_tags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.nel.effective import Effective
    from advisor.subjects.subject import Subject, World
    from advisor.subjects.task_view import TaskView


class TaskGroup:
    """The tasks in order. What is asked of them is worked out once, when all subjects are there. (It holds no views:
    they hold it, and a circle would keep a world that nobody needs.)"""

    def __init__(self, world: World, context: Context) -> None:
        self.world, self.context = world, context
        self.subjects: list[Subject] = []
        self._general: dict[Path, Effective | None] = {}
        self._holding: dict[str, list[Subject]] = {}

    def general_at(self, path: Path) -> Effective | None:
        """What `evaluation` has at a path for all tasks."""
        if path not in self._general:
            self._general[path] = self.world.values.tree.at(("evaluation", *path))
        return self._general[path]

    def before(self, view: TaskView) -> Iterator[TaskView]:
        """The tasks above one."""
        return (subject.view for subject in takewhile(lambda one: one is not view.subject, self.subjects))

    @once
    def first_of_harness(self) -> dict[str, Subject]:
        """The first task of each harness."""
        first: dict[str, Subject] = {}
        for subject in self.subjects:
            task = subject.view.task
            if task is not None:
                first.setdefault(task.harness, subject)
        return first

    @once
    def other_tags(self) -> dict[int, str]:
        return other_tags(self.subjects)

    def holding(self, attribute: str) -> list[Subject]:
        """All tasks of which an attribute holds."""
        if attribute not in self._holding:
            self._holding[attribute] = [
                one for one in self.subjects if not isinstance(value := one.get(attribute), Unknown | Absent) and value
            ]
        return self._holding[attribute]

    def is_first(self, view: TaskView, attribute: str) -> bool:
        """Whether a task speaks for all of which an attribute holds: they have one cause."""
        return self.holding(attribute)[:1] == [view.subject]

    def more(self, attribute: str) -> int:
        """How many tasks the first one speaks for, beside itself."""
        return max(0, len(self.holding(attribute)) - 1)
