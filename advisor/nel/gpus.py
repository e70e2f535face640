"""How many GPUs a Slurm request asks for on each node."""

from __future__ import annotations

from advisor.patterns import pattern

_GPU = pattern(r"(?:gres/)?gpu(?::(?P<kind>[A-Za-z][\w.-]*))?(?::(?P<count>\d{1,9})[kK]?)?(?:\([^)]*\))?\Z")


def gpus_of_gres(text: str) -> tuple[int, str] | None:
    """`gpu:h100:8` to 8 and "h100"; None where the text does not tell (`gpu:${N}`, `mps:1`)."""
    total, kind = 0, ""
    for part in text.split(","):
        match = _GPU.match(part.strip())
        if match is None:
            if part.strip().startswith(("gpu", "gres/gpu")):
                return None
            continue
        total += int(match["count"]) if match["count"] else 1
        kind = match["kind"] or kind
    return (total, kind.lower()) if total else None
