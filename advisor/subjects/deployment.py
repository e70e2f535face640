"""What rules ask of the `deployment` section: what it serves, from where, on how many GPUs.

Sources: nemo-evaluator-launcher 0.2.6 configs/deployment/*.yaml, executors/local and executors/slurm.
"""

from __future__ import annotations

import os
import re

from advisor.document.nodes import Mapping
from advisor.nel.compose import SHIPPED
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.serve_script import script_attributes
from advisor.subjects.server_image import image_attributes
from advisor.subjects.subject import Place, is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.subject import Subject, World

_HUB_NAME = pattern(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_PLACEHOLDER = pattern(r"<[^>]*>|/path/to|CHANGE_?ME|your[-_]", re.I)


def add_deployment(world: World, document: Document, context: Context) -> None:
    """Computed attributes of the one `deployment`."""
    deployment = world.singles["deployment"]
    _add_group(deployment, document)
    deployment.attributes.update(
        {
            "has_server": lambda: has_server(deployment),
            "checkpoint_is_missing": lambda: (
                (node := deployment.find("checkpoint_path")) is not None and node.is_missing
            ),
            "checkpoint_mounted": lambda: mounts_below(deployment, "/checkpoint"),
            "checkpoint_shape": lambda: path_shape(deployment.get("checkpoint_path")),
            "checkpoint_here": lambda: checkpoint_here(deployment),
            "handle_shape": lambda: path_shape(deployment.get("hf_model_handle")),
            "handle_mounted": lambda: mounts_below(deployment, deployment.get("hf_model_handle")),
            **image_attributes(deployment),
            **script_attributes(deployment, document),
        }
    )


def _add_group(deployment: Subject, document: Document) -> None:
    """`group` is the shipped group that `defaults` names (vllm_ray keeps the type vllm), with its place there."""
    for loaded in deployment.world.values.composition.loaded:
        entry = loaded.entry
        if loaded.found != SHIPPED or entry.package != "deployment" or not entry.option:
            continue
        deployment.attributes["group"] = entry.option
        item = document.at(("defaults", entry.number))
        if isinstance(item, Mapping):
            deployment.places["group"] = Place(("defaults", entry.number, *item.entries), entry.span)
            deployment.attributes["ray_group"] = "vllm_ray"
            deployment.attributes["plain_group"] = "vllm"
    for name in ("group", "ray_group", "plain_group"):
        deployment.attributes.setdefault(name, ABSENT)


def has_server(deployment: Subject) -> Value:
    kind = deployment.get("type")
    return kind if isinstance(kind, Unknown) else isinstance(kind, str) and kind != "none"


def mounts_below(deployment: Subject, path: Value) -> Value:
    """Whether something that the user mounts into the server's container holds a path."""
    if not isinstance(path, str):
        return False
    execution = deployment.world.singles["execution"]
    mounts, docker = execution.get("mounts.deployment"), execution.get("extra_docker_args")
    for value in (mounts, docker):
        if isinstance(value, Unknown):
            return value
    targets = [str(target).partition(":")[0] for target in mounts.values()] if isinstance(mounts, dict) else []
    if isinstance(docker, str):
        targets += [parts[1] for parts in (word.split(":") for word in docker.split()) if len(parts) > 1]
        targets += [
            part.partition("=")[2]
            for word in docker.split()
            for part in word.split(",")
            if part.startswith(("target=", "dst="))
        ]
    if not is_nothing(deployment.get("cache_path")):
        targets.append("/cache")
    return any("$" in target or f"{path}/".startswith(f"{target.rstrip('/')}/") for target in targets)


def path_shape(value: Value) -> Value:
    """What a text looks like: absolute, home (`~/x`), relative (`./x`, `a/b/c`), name (`org/model` or one word), url or
    placeholder."""
    if not isinstance(value, str):
        return value if isinstance(value, Unknown) else ABSENT
    if _PLACEHOLDER.search(value) or not value.strip():
        return "placeholder"
    if "://" in value:
        return "url"
    if value.startswith("/"):
        return "absolute"
    if value.startswith("~"):
        return "home"
    if value.startswith("$"):
        return Unknown("a shell variable", True)
    if value.startswith("."):
        return "relative"
    return "name" if _HUB_NAME.fullmatch(value) else "relative"


def checkpoint_here(deployment: Subject) -> Value:
    """Whether the checkpoint's path exists on this machine; asked only where the job runs on it."""
    path = deployment.get("checkpoint_path")
    if not isinstance(path, str) or deployment.get("checkpoint_shape") != "absolute":
        return ABSENT
    return os.path.exists(path)
