"""Values that a nel-next config may have at the cursor."""

from __future__ import annotations

import os
from collections.abc import Iterator

from advisor.knowledge import table
from advisor.lsp.about import about_benchmark, about_playbook, about_service
from advisor.lsp.items import CONSTANT, ENUM, FILE, MODULE, REFERENCE, VARIABLE, Item
from advisor.lsp.legal import NAMES_SERVICE
from advisor.lsp.spot import Spot
from advisor.lsp.value_items import checkpoint_items, image_items, typed_items

_REPORTS = ("markdown", "html", "latex", "csv", "json")
_VARIABLES = ("extra_env", "container_env", "env_vars", "extra_headers")
_MOST_FILES = 200


def next_value_items(spot: Spot) -> Iterator[Item]:
    path = spot.path
    # Of an element of a list the list's own name tells what it is.
    name = path[-1] if isinstance(path[-1], str) else path[-2] if len(path) > 1 else ""
    in_list = isinstance(path[-1], int)
    if path[:1] == ("defaults",):
        yield from _bases(spot) if name == "_base_" else ()
    elif name in NAMES_SERVICE and (in_list or name not in ("services", "depends_on")):
        yield from _services(spot)
    elif path[:1] == ("benchmarks",) and len(path) == 3 and name == "name":
        yield from _benchmarks()
    elif path[:1] == ("benchmarks",) and len(path) == 3 and name == "playbook":
        yield from (
            Item(one, MODULE, "a packaged benchmark", about_playbook(one)) for one in table("next")["playbooks"]
        )
    elif path[:1] == ("benchmarks",) and len(path) == 3 and name == "sandbox":
        yield from (Item(one, REFERENCE, "of sandboxes") for one in spot.names_at("sandboxes"))
    elif name == "node_pool":
        yield from (Item(one, REFERENCE, "of cluster.node_pools") for one in spot.names_at("cluster", "node_pools"))
    elif len(path) > 2 and path[-3] == "interceptors" and name == "name":
        yield from (Item(one, ENUM) for one in table("next")["interceptors"])
    elif path[:2] in (("output", "report"), ("output", "export")) and in_list:
        known = _REPORTS if name == "report" else table("next")["exporters"]
        there = spot.value_at(path[:-1])
        yield from (Item(one, ENUM) for one in known if not isinstance(there, list) or one not in there)
    elif path[:1] == ("services",) and len(path) == 3 and name in ("model", "image", "api_key"):
        yield from _of_service(spot, name)
    elif len(path) > 1 and path[-2] in _VARIABLES:
        yield from _variables(spot)
    else:
        yield from typed_items(spot)


def _of_service(spot: Spot, name: str) -> Iterator[Item]:
    kind = spot.value_at((*spot.path[:2], "type"))
    if name == "model" and kind != "api":
        yield from checkpoint_items(spot)
    elif name == "image":
        yield from image_items(kind)
    elif name == "api_key":
        yield from _variables(spot)


def _services(spot: Spot) -> Iterator[Item]:
    own = spot.path[1] if spot.path[:1] == ("services",) else ""
    for name in spot.names_at("services"):
        if name != own:
            yield Item(name, REFERENCE, "of services", about_service(spot.world, name) if spot.world else "")


def _benchmarks() -> Iterator[Item]:
    for name in table("next")["benchmarks"]:
        yield Item(name, ENUM, "nel-next's own", about_benchmark(name))
    for scheme in table("next")["schemes"]:
        yield Item(f"{scheme}://", CONSTANT, "a benchmark of another harness", about_benchmark(f"{scheme}://"), rank=8)


def _variables(spot: Spot) -> Iterator[Item]:
    own = str(spot.path[-1])
    for name in sorted(spot.analysis.policy.context.env_names):
        yield Item(f"${{{name}}}", VARIABLE, "set in the shell of this server", rank=0 if name == own else 5)


def _bases(spot: Spot) -> Iterator[Item]:
    """The other YAML files in the config's folder."""
    folder, own = os.path.split(spot.analysis.path)
    try:
        with os.scandir(folder) as entries:
            names = sorted(one.name for one in entries if one.name.endswith(".yaml") and one.name != own)
    except OSError:
        return
    yield from (Item(name, FILE, "beside this file") for name in names[:_MOST_FILES])
