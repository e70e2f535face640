"""Where a nel-next config runs: walltimes, mounts, and the GPUs of each pool of nodes.

Source: nemo-evaluator 0.5 config/clusters.py, config/eval_config.py and orchestration/slurm_gen.py.
"""

from __future__ import annotations

from advisor.nel.context import NEWEST_NEXT
from advisor.nel.effective import children, elements
from advisor.nel.gpus import gpus_of_gres
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.nel.versions import within
from advisor.patterns import pattern
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, World
from advisor.subjects.topology import as_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context

_WALLTIME = pattern(r"\s*(?:([+-]?\d+)-)?\s*([+-]?\d+):\s*([+-]?\d+):\s*([+-]?\d+)\s*\Z")
_TAG_VERSION = pattern(r":v?(\d+\.\d+(?:\.\d+)*)[^/]*\Z")
_AWAY = ("slurm",)
_DEFAULT_WALLTIME = "04:00:00"


def add_cluster(world: World, document: Document, context: Context) -> None:
    """The one `cluster`, one `node_pool` for each, and one `container_mount` for each item of container_mounts."""
    node = world.values.tree.child("cluster")
    base: Path = ("cluster",)
    cluster = Subject("cluster", place_in(document, world.values, base), world, {}, node, base, world.singles["config"])
    cluster.attributes.update(
        {
            "walltime_seconds": lambda: seconds_of(cluster.get("walltime")),
            "bad_walltime": lambda: bad_walltime(cluster),
            "mounts_home": lambda: cluster.get("mount_home") not in (False,),
            "uses_containers": lambda: uses_containers(cluster),
            "needed_seconds": lambda: needed_seconds(cluster),
            "walltime_is_short": lambda: walltime_is_short(cluster),
            "eval_image_version": lambda: eval_image_version(cluster),
            "checked_by": checked_by(context),
            "is_skewed": lambda: is_skewed(cluster),
            "slowest": lambda: slowest(cluster)[1],
        }
    )
    world.add_single(cluster)
    pools = cluster.find("node_pools")
    for name, pool in children(pools).items():
        path: Path = ("cluster", "node_pools", name)
        subject = Subject(
            "node_pool", place_in(document, world.values, path), world, {"name": name}, pool, path, cluster
        )
        subject.attributes["gpus"] = gpus_of_pool(subject)
        world.add(subject)
    _add_mounts(world, document, cluster)


def seconds_of(value: Value) -> Value:
    """A walltime as nel-next reads it: [D-]H:M:S, each a number."""
    if value is ABSENT:
        value = _DEFAULT_WALLTIME
    match = _WALLTIME.match(value) if isinstance(value, str) else None
    if match is None:
        return Unknown("the walltime is not known")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def bad_walltime(cluster: Subject) -> Value:
    """The first of walltime and max_walltime that nel-next cannot read."""
    for name in ("walltime", "max_walltime"):
        value = cluster.get(name)
        if isinstance(value, str) and _WALLTIME.match(value) is None and "${" not in value:
            place = cluster.place_of(name)
            if place is not None:
                cluster.places["bad_walltime"] = place
            cluster.attributes["bad_walltime_value"] = value
            return name
    return ABSENT


def eval_image_version(cluster: Subject) -> Value:
    """The version of nel-next in the evaluation's image, as its tag says it."""
    image = cluster.get("eval_image")
    match = _TAG_VERSION.search(image) if isinstance(image, str) else None
    return match[1] if match else ABSENT


def checked_by(context: Context) -> str:
    """The version of nel-next that a config is checked by."""
    return context.nel_version if within(context.nel_version, ">=0.3") else NEWEST_NEXT


def is_skewed(cluster: Subject) -> Value:
    """Whether the evaluation's image is of another minor version than the program that submits."""
    found, version = cluster.get("eval_image_version"), str(cluster.get("checked_by"))
    return found.split(".")[:2] != version.split(".")[:2] if isinstance(found, str) else ABSENT


def uses_containers(cluster: Subject) -> Value:
    """Whether the services of a Slurm job run in containers."""
    services = cluster.world.values.tree.child("services")
    some = children(services).values()
    own = any(
        cluster.get(name) not in (ABSENT, None, [], {}, "")
        for name in ("container_mounts", "container_env", "eval_image")
    )
    return own or any(one.child("image") or one.child("container_mounts") for one in some)


def slowest(cluster: Subject) -> tuple[float, str]:
    """The longest time that a benchmark may take with its services' start, and its name; 0 where that is not known."""
    values = cluster.world.values
    starts: list[float] = []
    services = values.tree.child("services")
    for name in children(services):
        kind, own = values.at(("services", name, "type")), values.at(("services", name, "startup_timeout"))
        default = 0 if kind in ("api", "custom") else 120 if kind in ("gym", "nat") else 600
        starts.append(own if isinstance(own, int | float) else default)
    longest, label = 0.0, ""
    benchmarks = values.tree.child("benchmarks")
    for index, item in enumerate(elements(benchmarks)):
        own = values.at(("benchmarks", index, "timeout"))
        if own is not ABSENT and not isinstance(own, int | float):
            continue
        time = own if isinstance(own, int | float) else 1800
        if time > longest:
            name_node = item.child("name")
            longest, label = time, str(name_node.plain()) if name_node is not None else "a benchmark"
    return (longest + max(starts, default=0), label) if longest else (0, "")


def needed_seconds(cluster: Subject) -> Value:
    needed = slowest(cluster)[0]
    return int(needed) if needed else ABSENT


def walltime_is_short(cluster: Subject) -> Value:
    have, needed = as_int(cluster.get("walltime_seconds")), as_int(cluster.get("needed_seconds"))
    return needed > have if have and needed else Unknown("a time is not known")


def gpus_of_pool(pool: Subject) -> Value:
    """GPUs of one of its nodes; Unknown where only the cluster tells."""
    per_node, gres = pool.get("gpus_per_node"), pool.get("gres")
    number = as_int(per_node)
    found = gpus_of_gres(gres) if isinstance(gres, str) and gres else None
    if number is not None and (found is None or found[0] == number):
        return number
    if found is not None and per_node in (ABSENT, None):
        return found[0]
    return Unknown("the pool's GPUs are not known")


def _add_mounts(world: World, document: Document, cluster: Subject) -> None:
    on_slurm = cluster.get("type") in _AWAY
    services = world.values.tree.child("services")
    names = children(services)
    owners: list[Path] = [("cluster",), *(("services", name) for name in names)]
    for owner in owners:
        path: Path = (*owner, "container_mounts")
        mounts = world.values.tree.at(path)
        for index, item in enumerate(elements(mounts)):
            value = world.values.resolve(item)
            if not isinstance(value, str) or item.origin.value is None:
                continue
            about: dict[str, Attribute] = {"text": value, "problem": _mount_problem(value), "on_slurm": on_slurm}
            world.add(
                Subject("container_mount", Place((*path, index), item.origin.value), world, about, parent=cluster)
            )


def _mount_problem(text: str) -> Value:
    source, colon, target = text.partition(":")
    if not colon or not target:
        return ABSENT
    if source.startswith("~"):
        return "begins with ~, which nobody expands"
    if source and not source.startswith(("/", "$", "<", "???")):
        return "has a relative source"
    return ABSENT
