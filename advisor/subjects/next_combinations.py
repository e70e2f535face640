"""Settings of a nel-next config that exclude or need each other.

Source: nemo-evaluator 0.5 config/benchmarks.py, solvers.py, scoring.py, services.py, sandboxes.py.
"""

from __future__ import annotations

from advisor.nel.effective import children
from advisor.nel.values import ABSENT
from advisor.subjects.next_conflict import COMBINATION, Conflict, benchmarks, metrics
from advisor.subjects.subject import World, is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.document.nodes import Path
    from advisor.nel.effective import Effective


def combination_conflicts(world: World, services: dict[str, Effective]) -> Iterator[Conflict]:
    """What stands together and must not, or stands alone."""
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
    for path, _ in benchmarks(values.tree):
        yield from _scoring_of(world, path)
        solver: Path = (*path, "solver")
        if values.at((*solver, "type")) == "tool_calling" and (
            is_nothing(values.at((*solver, "resource_service"))) and values.at((*solver, "sandbox_tools")) is not True
        ):
            yield Conflict(
                COMBINATION,
                (*solver, "type"),
                "a tool_calling solver needs tools: resource_service, or sandbox_tools: true",
            )
    owners: list[Path] = [(*path, "sandbox") for path, _ in benchmarks(values.tree)]
    boxes = values.tree.child("sandboxes")
    owners += [("sandboxes", name) for name in (children(boxes))]
    for owner in owners:
        is_away = values.at((*owner, "type")) == "apptainer" and not is_nothing(values.at((*owner, "node_pool")))
        if is_away and values.at((*owner, "sif_cache_dir")) in (ABSENT, None, ""):
            yield Conflict(
                COMBINATION, (*owner, "node_pool"), "an apptainer sandbox on other nodes needs sif_cache_dir"
            )


def _scoring_of(world: World, path: Path) -> Iterator[Conflict]:
    values = world.values
    found = metrics(values.tree, path)
    names = [values.at((*at, "name")) for at, _ in found]
    for index, (at, _) in enumerate(found):
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
    if len(found) > 1 and is_nothing(primary):
        yield Conflict(
            COMBINATION, (*path, "scoring", "metrics"), "with several metrics, scoring.primary must name one of them"
        )
