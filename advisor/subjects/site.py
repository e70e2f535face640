"""What the settings say of the site, against what a config asks of it."""

from __future__ import annotations

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.nel.walltime import slurm_seconds
from advisor.subjects.topology import as_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.subject import Subject, World


def describe_site(world: World, document: Document, context: Context) -> None:
    """Computed attributes of `execution`, or of nel-next's `cluster` and `node_pool`s; none without such settings."""
    limit = slurm_seconds(context.walltime_limit) if context.walltime_limit else None
    for owner in (world.singles.get("execution"), world.singles.get("cluster")):
        if owner is not None and limit is not None:
            owner.attributes["site_walltime"] = context.walltime_limit
            owner.attributes["is_over_site_walltime"] = _is_over(owner, limit)
    for owner in (world.singles.get("execution"), *world.of("node_pool")):
        if owner is not None and context.partitions:
            owner.attributes["site_partitions"] = list(context.partitions)
            owner.attributes["is_elsewhere"] = _is_elsewhere(owner, context.partitions)
    deployment = world.singles.get("deployment")
    if deployment is not None and context.gpu_count:
        each = context.gpu_count
        deployment.attributes["site_gpus"] = each
        deployment.attributes["job_exceeds_site_gpus"] = lambda: _job_exceeds(deployment, each)
        deployment.attributes["server_exceeds_site_gpus"] = lambda: _server_exceeds(deployment, each)
        place = world.singles["execution"].place_of("gres")
        if place is not None:
            deployment.places["job_exceeds_site_gpus"] = place


def _job_exceeds(deployment: Subject, each: int) -> Value:
    """Whether the job asks for more GPUs of a node than there are."""
    asked = as_int(deployment.get("gpus_per_node"))
    return Unknown("the job's GPUs are not known") if asked is None else asked > each


def _server_exceeds(deployment: Subject, each: int) -> Value:
    """Whether one instance of the server takes more GPUs than its nodes have; where the job says how many it asks for,
    that is held against them instead."""
    wanted, nodes = as_int(deployment.get("gpus_wanted")), as_int(deployment.get("nodes_per_instance"))
    if wanted is None or not nodes:
        return Unknown("the server's GPUs are not known")
    return as_int(deployment.get("gpus_per_node")) is None and wanted > each * nodes


def _is_over(owner: Subject, limit: float) -> Value:
    walltime = owner.get("walltime")
    if owner.get("type") != "slurm" or not isinstance(walltime, str):
        return ABSENT
    asked = slurm_seconds(walltime)
    return asked is not None and asked > limit


def _is_elsewhere(owner: Subject, partitions: tuple[str, ...]) -> Value:
    """Whether a partition that a person wrote is none of the site's; sbatch takes several, with commas."""
    node = owner.find("partition")
    if node is None or node.origin.value is None or (owner.kind == "execution" and owner.get("type") != "slurm"):
        return ABSENT
    partition = owner.get("partition")
    if not isinstance(partition, str) or "<" in partition:
        return ABSENT
    return any(one.strip() not in partitions for one in partition.split(","))
