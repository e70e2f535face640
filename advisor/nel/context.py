"""What is known of the world around a config."""

from __future__ import annotations

from advisor.records import NamedTuple

NEWEST_NEL = "0.2.6"
# Of the other program, whose configs are told by what they hold.
NEWEST_NEXT = "0.5.0"


class Context(NamedTuple):
    """`env_names` are names, never values. With `check_environment` a host: variable that is not among them
    is an error, since the config is meant to be submitted from here. `gpu` is the kind that serves, in a gres's small
    letters, `gpu_memory` its memory in GB, `gpu_count` how many a node has; `walltime_limit` and `partitions` are the
    site's. `source` is the directory that checkpoints were made from. Checkpoints that
    configs name are read only where `reads_checkpoints` allows it."""

    nel_version: str = NEWEST_NEL
    env_names: frozenset[str] = frozenset()
    check_environment: bool = False
    gpu: str = ""
    gpu_memory: int | None = None
    source: str = ""
    reads_checkpoints: bool = True
    gpu_count: int | None = None
    walltime_limit: str = ""
    partitions: tuple[str, ...] = ()
