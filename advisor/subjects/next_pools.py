"""The node pools that services and sandboxes of a nel-next config take.

Source: nemo-evaluator 0.5 config/eval_config.py.
"""

from __future__ import annotations

from advisor.nel.gpus import gpus_of_gres
from advisor.nel.names import nearest
from advisor.nel.values import ABSENT
from advisor.subjects.next_conflict import (
    COMBINATION,
    POOL,
    Conflict,
    benchmarks,
    shown,
)
from advisor.subjects.subject import World
from advisor.subjects.topology import as_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.document.nodes import Path
    from advisor.nel.effective import Effective


def pool_conflicts(world: World, services: dict[str, Effective], boxes: dict[str, Effective]) -> Iterator[Conflict]:
    """Pools that are not there, too small, or taken twice."""
    values = world.values
    if values.at(("cluster", "type")) != "slurm":
        return
    node = values.tree.at(("cluster", "node_pools"))
    pools = node.data if node is not None and isinstance(node.data, dict) else None
    if pools is None:
        return
    owners: list[Path] = [*(("services", name) for name in services), *(("sandboxes", name) for name in boxes)]
    owners += [(*path, "sandbox") for path, _ in benchmarks(values.tree)]
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
                f"there is no node pool '{pool}' (there is: {shown(pools)})",
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
