"""The servers that a config of either dialect starts, and the version of the engine that each has."""

from __future__ import annotations

from advisor.document.nodes import Path
from advisor.nel.engine import EngineVersion, engine_version, sampled_versions
from advisor.nel.image import SGLANG, VLLM
from advisor.subjects.command import NAMES, Server, read_servers
from advisor.subjects.next_services import find_service, read_server
from advisor.subjects.subject import World

_FLAGS = ("command", "extra_args", "base_command")


def servers_in(world: World) -> list[Server]:
    """Every server that is started with flags."""
    if "deployment" in world.singles:
        return list(read_servers(world)) if world.singles["deployment"].get("has_server") is True else []
    services = [(one, one.get("type")) for one in world.of("service")]
    return [read_server(service, str(kind)) for service, kind in services if kind in (VLLM, SGLANG)]


def server_at(world: World | None, path: Path) -> Server | None:
    """The server that a path of the config belongs to."""
    if world is None:
        return None
    if path[:1] == ("deployment",):
        return next(iter(servers_in(world)), None) if "deployment" in world.singles else None
    service = find_service(world, path[1]) if path[:1] == ("services",) and len(path) > 1 else None
    kind = service.get("type") if service is not None else None
    return read_server(service, str(kind)) if service is not None and kind in (VLLM, SGLANG) else None


def engine_at(world: World | None, path: Path) -> EngineVersion | None:
    """The engine that a path's server is of: where its version is not known, as the newest that was read."""
    server = server_at(world, path)
    if server is None:
        return None
    versions = sampled_versions(server.engine.engine)
    return (
        server.engine if server.engine.samples or not versions else engine_version(server.engine.engine, versions[-1])
    )


def shown_engine(engine: EngineVersion | None) -> str:
    return f"{NAMES.get(engine.engine, engine.engine)} {engine.version or ''}".strip() if engine is not None else ""


def holds_flags(path: Path) -> bool:
    """Whether a value is text with flags of the server, or a list of them."""
    if path[:1] == ("deployment",):
        return len(path) == 2 and path[1] in _FLAGS
    return len(path) in (3, 4) and path[0] == "services" and path[2] == "extra_args"
