"""The conditions of one kind's rules as a tree: rules that begin alike share what they begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from advisor.engine.conditions import Decide
    from advisor.subjects.subject import Subject

Rules: TypeAlias = "Iterable[tuple[int, tuple[str, ...]]]"


class _Step:
    """One condition: `complete` are the rules that have no further one, `then` the steps behind it. `again` says that
    the same condition stands elsewhere in the tree too."""

    __slots__ = ("again", "atom", "complete", "decide", "then")

    def __init__(self, atom: str) -> None:
        self.atom = atom
        self.decide: Decide | None = None
        self.complete: list[int] = []
        self.then: list[_Step] = []
        self.again = False


class Plan:
    """Which rules of a kind have all their conditions met; `decider` makes what decides one when it is first asked."""

    def __init__(self, rules: Rules, decider: Callable[[str], Decide]) -> None:
        self.decider = decider
        self.always: list[int] = []
        self.steps: list[_Step] = []
        seen: dict[str, _Step] = {}
        for index, atoms in rules:
            steps, complete = self.steps, self.always
            for atom in atoms:
                step = next((one for one in steps if one.atom == atom), None)
                if step is None:
                    step = _Step(atom)
                    steps.append(step)
                    first = seen.setdefault(atom, step)
                    first.again = step.again = first is not step
                steps, complete = step.then, step.complete
            complete.append(index)

    def met(self, subject: Subject) -> list[int]:
        """The rules whose conditions all hold for a subject."""
        found = list(self.always)
        self._follow(self.steps, subject, {}, found)
        return found

    def _follow(self, steps: list[_Step], subject: Subject, verdicts: dict[str, bool], found: list[int]) -> None:
        for step in steps:
            if step.again and step.atom in verdicts:
                holds = verdicts[step.atom]
            else:
                decide = step.decide
                if decide is None:
                    decide = step.decide = self.decider(step.atom)
                holds = decide(subject) is True
                if step.again:
                    verdicts[step.atom] = holds
            if holds:
                found += step.complete
                if step.then:
                    self._follow(step.then, subject, verdicts, found)
