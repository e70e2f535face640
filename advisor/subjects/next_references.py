"""Names that must name something, and things that must fit together, as nel-next checks them.

Source: nemo-evaluator 0.5 config/eval_config.py, benchmarks.py, solvers.py, scoring.py, services.py, sandboxes.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from advisor.document.nodes import dotted
from advisor.nel.gpus import gpus_of_gres
from advisor.nel.names import nearest
from advisor.nel.values import ABSENT, Value
from advisor.subjects.next_services import MODELS
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, World, is_nothing
from advisor.subjects.topology import as_int

if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.nel.effective import Effective

REFERENCE, POOL, DEPENDENCY, SANDBOX, SELF_JUDGE, COMBINATION = (
    "next-service-ref", "next-node-pool", "next-depends-on", "next-sandbox-ref", "next-self-judge", "next-combination",
)  # fmt: skip
_RESERVED = ("default", "none", "")
_NEEDS_SANDBOX = ("harbor", "agent", "openclaw")
_SHOWN = 8
# Solvers that ask a model, and the one that asks a NAT agent.
_ASKS_MODEL = ("simple", "harbor", "agent", "openclaw", "container", "tool_calling", "gym_delegation")
_METRIC_SERVICES = {
    "judge": ("service",),
    "pairwise_judge": ("judge_service", "baseline_service"),
    "reward_model": ("service",),
}


class Conflict(NamedTuple):
    """What nel-next refuses: `slug` is the finding's name, `meant` the name that was meant."""

    slug: str
    path: Path
    problem: str
    meant: str | None = None


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
    boxes = sandboxes.data if sandboxes is not None and isinstance(sandboxes.data, dict) else {}
    types = {name: world.values.at(("services", name, "type")) for name in named or ()}
    for name in named or ():
        if name in _RESERVED:
            yield Conflict(COMBINATION, ("services", name), f"a service cannot be called '{name}'")
    for path, item in _benchmarks(tree):
        if named is not None:
            yield from _services_of(world, path, item, types)
        yield from _sandbox_of(world, path, item, boxes)
        yield from _scoring_of(world, path)
    if named is not None:
        yield from _dependencies(world, named)
    yield from _pools(world, named or {}, boxes)
    yield from _combinations(world, named or {})


def _benchmarks(tree: Effective) -> list[tuple[Path, Effective]]:
    node = tree.child("benchmarks")
    items = node.data if node is not None and isinstance(node.data, list) else []
    return [(("benchmarks", index), item) for index, item in enumerate(items) if isinstance(item.data, dict)]


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
    for at, _ in _metrics(world, path):
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
        known = ", ".join(list(types)[:_SHOWN]) or "none"
        meant = nearest(name, types) or (next(iter(types)) if len(types) == 1 else None)
        yield Conflict(REFERENCE, path, f"there is no service '{name}' (there is: {known})", meant)


def _metrics(world: World, path: Path) -> list[tuple[Path, Effective]]:
    node = world.values.tree.at((*path, "scoring", "metrics"))
    items = node.data if node is not None and isinstance(node.data, list) else []
    return [((*path, "scoring", "metrics", n), item) for n, item in enumerate(items) if isinstance(item.data, dict)]


def _sandbox_of(world: World, path: Path, item: Effective, boxes: dict[str, Effective]) -> Iterator[Conflict]:
    values, at = world.values, (*path, "sandbox")
    sandbox = values.at(at)
    kind: Value = values.at((*at, "type"))
    if isinstance(sandbox, str):
        if "${" in sandbox:
            return
        if sandbox not in boxes:
            known = ", ".join(list(boxes)[:_SHOWN]) or "none"
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


def _scoring_of(world: World, path: Path) -> Iterator[Conflict]:
    values = world.values
    metrics = _metrics(world, path)
    names = [values.at((*at, "name")) for at, _ in metrics]
    for index, (at, _) in enumerate(metrics):
        if isinstance(names[index], str) and names[index] in names[:index]:
            yield Conflict(COMBINATION, (*at, "name"), f"two metrics are called '{names[index]}'")
        if not is_nothing(values.at((*at, "rubric"))) and not is_nothing(values.at((*at, "rubric_file"))):
            yield Conflict(COMBINATION, (*at, "rubric_file"), "rubric and rubric_file exclude each other")
    primary = values.at((*path, "scoring", "primary"))
    if isinstance(primary, str) and names and all(isinstance(name, str) for name in names) and primary not in names:
        known = ", ".join(str(name) for name in names)
        yield Conflict(
            COMBINATION, (*path, "scoring", "primary"), f"primary '{primary}' is none of the metrics ({known})"
        )
    if len(metrics) > 1 and is_nothing(primary):
        yield Conflict(
            COMBINATION, (*path, "scoring", "metrics"), "with several metrics, scoring.primary must name one of them"
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


def _pools(world: World, services: dict[str, Effective], boxes: dict[str, Effective]) -> Iterator[Conflict]:
    values = world.values
    if values.at(("cluster", "type")) != "slurm":
        return
    node = values.tree.at(("cluster", "node_pools"))
    pools = node.data if node is not None and isinstance(node.data, dict) else None
    if pools is None:
        return
    owners: list[Path] = [*(("services", name) for name in services), *(("sandboxes", name) for name in boxes)]
    owners += [(*path, "sandbox") for path, _ in _benchmarks(values.tree)]
    large: dict[str, list[str]] = {}
    used: dict[str, None] = {}
    for owner in owners:
        path = (*owner, "node_pool")
        pool = values.at(path)
        if not isinstance(pool, str) or not pool:
            continue
        used[pool] = None
        if pool not in pools:
            yield Conflict(
                POOL,
                path,
                f"there is no node pool '{pool}' (there is: {', '.join(list(pools)[:_SHOWN])})",
                nearest(pool, pools),
            )
        elif owner[0] == "services":
            yield from _pool_is_small(world, owner, pool)
            if (as_int(values.at((*owner, "num_nodes"))) or 1) > 1:
                large.setdefault(pool, []).append(str(owner[1]))
    for pool, names in large.items():
        if len(names) > 1:
            yield Conflict(
                POOL,
                ("services", names[1], "node_pool"),
                f"{' and '.join(names)} both take several nodes of the pool {pool}",
            )
    shards = values.at(("cluster", "shards"))
    if as_int(shards) and len(used) > 1:
        yield Conflict(
            COMBINATION,
            ("cluster", "shards"),
            f"shards need one node pool, and {len(used)} are used ({', '.join(used)})",
        )


def _pool_is_small(world: World, owner: Path, pool: str) -> Iterator[Conflict]:
    values = world.values
    tensor, gres = (
        as_int(values.at((*owner, "tensor_parallel_size"))),
        values.at(("cluster", "node_pools", pool, "gres")),
    )
    found = gpus_of_gres(gres) if isinstance(gres, str) and gres.startswith("gpu:") and gres[4:5].isdigit() else None
    if tensor and found and found[0] < tensor:
        yield Conflict(
            POOL,
            (*owner, "tensor_parallel_size"),
            f"tensor_parallel_size {tensor} needs more GPUs than the pool {pool} has ({gres})",
        )
    wanted, nodes = as_int(values.at((*owner, "num_nodes"))) or 1, values.at(("cluster", "node_pools", pool, "nodes"))
    have = 1 if nodes is ABSENT else as_int(nodes)
    if wanted > 1 and have is not None and have < wanted:
        yield Conflict(POOL, (*owner, "num_nodes"), f"num_nodes {wanted} is more than the pool {pool} has ({have})")


def _combinations(world: World, services: dict[str, Effective]) -> Iterator[Conflict]:
    values = world.values
    for name, service in services.items():
        prefill, decode = (is_nothing(values.at(("services", name, role))) for role in ("prefill", "decode"))
        if values.at(("services", name, "type")) == "dynamo" and prefill != decode:
            yield Conflict(
                COMBINATION,
                ("services", name, "decode" if prefill else "prefill"),
                "dynamo takes prefill and decode together, or neither",
            )
        url = service.child("url")
        text = url.data if url is not None and values.at(("services", name, "type")) == "api" else None
        if isinstance(text, str) and not text.startswith(("http://", "https://", "${")):
            yield Conflict(COMBINATION, ("services", name, "url"), "a url begins with http:// or https://")
    for path, _ in _benchmarks(values.tree):
        solver: Path = (*path, "solver")
        if values.at((*solver, "type")) == "tool_calling" and (
            is_nothing(values.at((*solver, "resource_service"))) and values.at((*solver, "sandbox_tools")) is not True
        ):
            yield Conflict(
                COMBINATION,
                (*solver, "type"),
                "a tool_calling solver needs tools: resource_service, or sandbox_tools: true",
            )
    owners: list[Path] = [(*path, "sandbox") for path, _ in _benchmarks(values.tree)]
    boxes = values.tree.child("sandboxes")
    owners += [
        ("sandboxes", name) for name in (boxes.data if boxes is not None and isinstance(boxes.data, dict) else ())
    ]
    for owner in owners:
        is_away = values.at((*owner, "type")) == "apptainer" and not is_nothing(values.at((*owner, "node_pool")))
        if is_away and values.at((*owner, "sif_cache_dir")) in (ABSENT, None, ""):
            yield Conflict(
                COMBINATION, (*owner, "node_pool"), "an apptainer sandbox on other nodes needs sif_cache_dir"
            )
