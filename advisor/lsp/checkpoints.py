"""The checkpoints that a config of either dialect names."""

from __future__ import annotations

from advisor.document.nodes import Path
from advisor.records import NamedTuple
from advisor.subjects.subject import World


class NamedCheckpoint(NamedTuple):
    """The key that names it, and the absolute path that its value comes to."""

    path: Path
    directory: str


def checkpoints_named(world: World | None) -> list[NamedCheckpoint]:
    """What the server loads first, then those of other servers; only absolute paths."""
    if world is None:
        return []
    keys: list[Path] = [("deployment", "checkpoint_path")]
    for block, key in (("auxiliary_deployments", "checkpoint_path"), ("services", "model")):
        node = world.values.tree.child(block)
        keys += [(block, name, key) for name in (node.data if node is not None and isinstance(node.data, dict) else ())]
    found = ((path, world.values.at(path)) for path in keys)
    return [
        NamedCheckpoint(path, value)
        for path, value in found
        if isinstance(value, str) and value.startswith("/") and value.strip("/") and "\0" not in value
    ]
