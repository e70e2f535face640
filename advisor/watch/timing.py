"""How long the daemon waits for what, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """`settle`: how long a config must hold still. `reconcile`: between looks over everything. `poll`: between looks
    where there are no events, and more where one look takes long. `limit`: for the advice on one target. `retry`:
    after the disk has refused, doubled each time up to `retry_most`."""

    settle: float = 0.3
    reconcile: float = 300.0
    poll: float = 2.0
    limit: float = 30.0
    retry: float = 5.0
    retry_most: float = 120.0
