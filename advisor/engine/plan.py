"""The conditions of one kind's rules as a tree: rules that begin alike share what they begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from advisor.engine.conditions import Check
    from advisor.subjects.subject import Subject

Rules: TypeAlias = "Iterable[tuple[int, tuple[str, ...]]]"


class _Step:
    """One condition: `complete` are the rules that have no further one, `then` the steps behind it. `again` says that
    the same condition stands elsewhere in the tree too."""

    __slots__ = ("again", "atom", "check", "complete", "then")

    def __init__(self, atom: str) -> None:
        self.atom = atom
        self.check: Check | None = None
        self.complete: list[int] = []
        self.then: list[_Step] = []
        self.again = False


class Plan:
    """Which rules of a kind have all their conditions met; `checker` makes what decides one when it is first asked."""

    def __init__(self, rules: Rules, checker: Callable[[str], Check]) -> None:
        self.checker = checker
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

    def _follow(self, steps: list[_Step], subject: Subject, verdicts: dict[str, bool | None], found: list[int]) -> None:
        attributes = subject.attributes
        for step in steps:
            if step.again and step.atom in verdicts:
                holds = verdicts[step.atom]
            else:
                name, test = step.check or self._check(step)
                if not name:
                    holds = test(subject)
                elif name in attributes and not callable(value := attributes[name]):
                    holds = test(value)  # known already: a call less
                else:
                    holds = test(subject.get(name))
                if step.again:
                    verdicts[step.atom] = holds
            if holds:
                found += step.complete
                if step.then:
                    self._follow(step.then, subject, verdicts, found)

    def _check(self, step: _Step) -> Check:
        step.check = self.checker(step.atom)
        return step.check
