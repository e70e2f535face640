"""Names that must name something, and things that must fit together, as nel-next checks them.

Source: nemo-evaluator 0.5 config/eval_config.py, benchmarks.py, solvers.py, scoring.py, services.py, sandboxes.py.
"""

from __future__ import annotations

from advisor.document.nodes import dotted
from advisor.nel.effective import children
from advisor.nel.names import nearest
from advisor.nel.values import ABSENT, Value
from advisor.subjects.next_combinations import combination_conflicts
from advisor.subjects.next_conflict import (
    COMBINATION,
    DEPENDENCY,
    REFERENCE,
    SANDBOX,
    SELF_JUDGE,
    Conflict,
    benchmarks,
    metrics,
    shown,
)
from advisor.subjects.next_pools import pool_conflicts
from advisor.subjects.next_services import MODELS
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.nel.effective import Effective

_RESERVED = ("default", "none", "")
_NEEDS_SANDBOX = ("harbor", "agent", "openclaw")
# Solvers that ask a model, and the one that asks a NAT agent.
_ASKS_MODEL = ("simple", "harbor", "agent", "openclaw", "container", "tool_calling", "gym_delegation")
_METRIC_SERVICES = {
    "judge": ("service",),
    "pairwise_judge": ("judge_service", "baseline_service"),
    "reward_model": ("service",),
}


def add_references(world: World, document: Document, context: Context) -> None:
    """One `conflict` for each."""
    tree = world.values.tree
    if world.values.composition.is_open(()):
        return
    for one in _conflicts(world, tree):
        node = tree.at(one.path)
        place = place_in(document, world.values, one.path)
        if node is not None and node.origin.value is not None and not isinstance(node.data, dict | list):
            place = Place(one.path, node.origin.value)
        attributes: dict[str, Attribute] = {
            "slug": one.slug,
            "path": dotted(one.path),
            "problem": one.problem,
            "meant": one.meant or ABSENT,
            "meant_text": f"; did you mean {one.meant}" if one.meant else "",
        }
        world.add(Subject("conflict", place, world, attributes, parent=world.singles["config"]))


def _conflicts(world: World, tree: Effective) -> Iterator[Conflict]:
    services, sandboxes = tree.child("services"), tree.child("sandboxes")
    named = services.data if services is not None and isinstance(services.data, dict) else None
    boxes = children(sandboxes)
    types = {name: world.values.at(("services", name, "type")) for name in named or ()}
    for name in named or ():
        if name in _RESERVED:
            yield Conflict(COMBINATION, ("services", name), f"a service cannot be called '{name}'")
    for path, item in benchmarks(tree):
        if named is not None:
            yield from _services_of(world, path, item, types)
        yield from _sandbox_of(world, path, item, boxes)
    if named is not None:
        yield from _dependencies(world, named)
    yield from pool_conflicts(world, named or {}, boxes)
    yield from combination_conflicts(world, named or {})


def _services_of(world: World, path: Path, item: Effective, types: dict[str, Value]) -> Iterator[Conflict]:
    values = world.values
    solver = values.at((*path, "solver", "type"))
    service = values.at((*path, "solver", "service"))
    yield from _named(world, (*path, "solver", "service"), types)
    if isinstance(service, str) and service in types and isinstance(solver, str):
        kind = types[service]
        if solver in _ASKS_MODEL and isinstance(kind, str) and kind not in MODELS:
            yield Conflict(
                REFERENCE,
                (*path, "solver", "service"),
                f"the {solver} solver needs a model, and {service} is a {kind} service",
            )
        if solver == "nat" and isinstance(kind, str) and kind != "nat":
            yield Conflict(
                REFERENCE,
                (*path, "solver", "service"),
                f"the nat solver needs a nat service, and {service} is a {kind} service",
            )
    for key in ("resource_service", "gym_service"):
        if (solver, key) not in (("tool_calling", "resource_service"), ("gym_delegation", "gym_service")):
            continue
        yield from _named(world, (*path, "solver", key), types)
        name = values.at((*path, "solver", key))
        if isinstance(name, str) and isinstance(kind := types.get(name), str) and kind != "gym":
            yield Conflict(
                REFERENCE, (*path, "solver", key), f"{key} takes a gym service, and {name} is a {kind} service"
            )
    yield from _named(world, (*path, "verifier"), types)
    yield from _judges(world, path, service, types)


def _judges(world: World, path: Path, service: Value, types: dict[str, Value]) -> Iterator[Conflict]:
    values = world.values
    for at, _ in metrics(world.values.tree, path):
        kind = values.at((*at, "type"))
        for key in _METRIC_SERVICES.get(str(kind), ()):
            yield from _named(world, (*at, key), types)
        if kind == "ensemble_judge":
            node = values.tree.at((*at, "services"))
            for index in range(len(node.data) if node is not None and isinstance(node.data, list) else 0):
                yield from _named(world, (*at, "services", index), types)
        judges_itself = kind == "judge" and isinstance(service, str) and values.at((*at, "service")) == service
        if judges_itself and values.at((*at, "allow_self_judge")) is not True and service in types:
            yield Conflict(SELF_JUDGE, (*at, "service"), f"the judge is {service}, the service that is evaluated")


def _named(world: World, path: Path, types: dict[str, Value]) -> Iterator[Conflict]:
    """A conflict where a name names no service."""
    name = world.values.at(path)
    if isinstance(name, str) and name and name not in types and "${" not in name:
        known = shown(types)
        meant = nearest(name, types) or (next(iter(types)) if len(types) == 1 else None)
        yield Conflict(REFERENCE, path, f"there is no service '{name}' (there is: {known})", meant)


def _sandbox_of(world: World, path: Path, item: Effective, boxes: dict[str, Effective]) -> Iterator[Conflict]:
    values, at = world.values, (*path, "sandbox")
    sandbox = values.at(at)
    kind: Value = values.at((*at, "type"))
    if isinstance(sandbox, str):
        if "${" in sandbox:
            return
        if sandbox not in boxes:
            known = shown(boxes)
            yield Conflict(SANDBOX, at, f"there is no sandbox '{sandbox}' (there is: {known})", nearest(sandbox, boxes))
            return
        kind = values.at(("sandboxes", sandbox, "type"))
    solver = values.at((*path, "solver", "type"))
    missing = sandbox is ABSENT or kind == "none"
    if missing and solver in _NEEDS_SANDBOX:
        yield Conflict(
            SANDBOX,
            (*path, "solver", "type"),
            f"the {solver} solver needs a sandbox (docker, apptainer, slurm or ecs_fargate)",
        )
    if missing and solver == "tool_calling" and values.at((*path, "solver", "sandbox_tools")) is True:
        yield Conflict(
            SANDBOX,
            (*path, "solver", "sandbox_tools"),
            "sandbox_tools need a sandbox (docker, apptainer, slurm or ecs_fargate)",
        )


def _dependencies(world: World, services: dict[str, Effective]) -> Iterator[Conflict]:
    needs: dict[str, list[str]] = {}
    for name in services:
        found = world.values.at(("services", name, "depends_on"))
        needs[name] = [str(one) for one in found] if isinstance(found, list) else []
        for index, other in enumerate(needs[name]):
            path: Path = ("services", name, "depends_on", index)
            if other not in services:
                yield Conflict(DEPENDENCY, path, f"there is no service '{other}'", nearest(other, services))
            elif other == name:
                yield Conflict(DEPENDENCY, path, "a service cannot wait for itself")
    circle = _circle(needs)
    if circle:
        yield Conflict(
            DEPENDENCY,
            ("services", circle[0], "depends_on"),
            f"the services wait for each other: {' -> '.join(circle)}",
        )


def _circle(needs: dict[str, list[str]]) -> list[str]:
    """Services that wait for each other, the first one at both ends; [] where none do."""
    done: set[str] = set()

    def follow(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for other in needs[name]:
            if other != name and other in needs and (found := follow(other, [*trail, name])):
                return found
        done.add(name)
        return []

    return next((found for name in needs if (found := follow(name, []))), [])
