"""A launcher config as one side of a comparison: the server, and where the model is named."""

from __future__ import annotations

from advisor.nel.image import parse_image
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.auxiliary import AUXILIARY
from advisor.subjects.benchmarks import quantization_in
from advisor.subjects.checkpoint import is_served
from advisor.subjects.command import COMMAND, EXTRA_ARGS, read_servers
from advisor.subjects.pair_launcher_task import task_side
from advisor.subjects.pair_server import declared_precision, is_mounted_checkpoint, server_side
from advisor.subjects.pair_side import (
    IMAGE,
    JUDGE,
    Served,
    Setting,
    Side,
    given,
    raw_text,
)
from advisor.subjects.scopes import scopes
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Place, is_nothing
from advisor.subjects.tasks import TASKS as TASKS_PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.subjects.subject import Subject, World

_NAMES = ("hf_model_handle", "checkpoint_path", "served_model_name")


def launcher_side(world: World, document: Document, context: Context) -> Side:
    """One side, of a config whose subjects are made already."""
    servers = read_servers(world) if "command" in world.singles else ()
    server = server_side(servers, document)
    return Side(
        document=document,
        world=world,
        served=_served(world, document),
        server=_deployment_settings(world) | server.settings,
        tasks=tuple(task_side(scope, context) for scope in scopes(world)[0].tasks if scope.owner.kind == "task"),
        tasks_place=place_in(document, world.values, TASKS_PATH),
        engine=servers[0].engine.engine if servers else "",
        flags_complete=server.complete,
        flags_home=_flags_home(world, document),
        switches=server.switches + _profile(world.singles["deployment"]),
        tasks_known=not world.values.composition.is_open(TASKS_PATH),
    )


def _profile(deployment: Subject) -> tuple[tuple[str, str], ...]:
    """A NIM's variables choose the weights."""
    block = deployment.get("env_vars")
    if deployment.get("type") != "nim" or not isinstance(block, dict):
        return ()
    return tuple(sorted((name, str(value)) for name, value in block.items()))


# The server.


def _flags_home(world: World, document: Document) -> Place:
    path = EXTRA_ARGS if world.singles["deployment"].get("reads_extra_args") is True else COMMAND
    return Place(path, place_in(document, world.values, path).span)


def _served(world: World, document: Document) -> Served:
    deployment, target = world.singles["deployment"], world.singles["target"]
    if deployment.get("type") == "none":
        model, url = target.get("api_endpoint.model_id"), target.get("api_endpoint.url")
        known = isinstance(model, str) and isinstance(url, str)
        place = target.place_of("api_endpoint.model_id") or target.place
        tells = quantization_in(model) if isinstance(model, str) else ""
        return Served(f"{model} at {url}" if known else _unknown(model, url), place, tells)
    name = _model_key(world)
    model = deployment.get(name) if name else world.singles["command"].get("model")
    place = (deployment.place_of(name) if name else None) or place_in(
        document, world.values, ("deployment", name) if name else COMMAND
    )
    if isinstance(model, str):
        model = model.rstrip("/") or model
    elif not isinstance(model, Unknown):
        model = Unknown("it is not set")
    is_here = name == "checkpoint_path" and "checkpoint" in world.singles and isinstance(model, str)
    return Served(model, place, _precision(world), str(model) if is_here else "", world.singles.get("checkpoint"))


def _unknown(*values: Value) -> Unknown:
    return next((value for value in values if isinstance(value, Unknown)), Unknown("it is not set"))


def _model_key(world: World) -> str:
    """The key of `deployment` that names what is loaded; '' where the command does itself."""
    deployment, command = world.singles["deployment"], world.singles.get("command")
    kind = deployment.get("type")
    if kind == "nim":
        return "image"
    loaded = command.get("model") if command is not None else ABSENT
    if kind == "trtllm" or is_mounted_checkpoint(loaded):
        return "checkpoint_path"
    handle = deployment.get("hf_model_handle")
    if not is_nothing(handle) and (loaded == handle or not isinstance(loaded, str)):
        return "hf_model_handle"
    return "" if isinstance(loaded, str) else "checkpoint_path"


def _precision(world: World) -> str:
    """The quantization of what is served: as its files declare it where they are here, else by its name."""
    checkpoint, deployment = world.singles.get("checkpoint"), world.singles["deployment"]
    if checkpoint is not None and is_served(deployment) and not isinstance(checkpoint.get("method"), Unknown):
        return declared_precision(checkpoint)
    command = world.singles.get("command")
    names = [deployment.get(key) for key in _NAMES]
    names += [command.get("model")] if command is not None else []
    found = (quantization_in(name) for name in names if isinstance(name, str))
    return next((one for one in found if one), "")


def _deployment_settings(world: World) -> dict[str, Setting]:
    deployment = world.singles["deployment"]
    found: dict[str, Setting] = {}
    if deployment.get("type") not in ("none", "nim"):
        image = _image(deployment)
        if image is not None:
            found["the serving image"] = image
    section = world.values.tree.child(AUXILIARY)
    for name, node in section.data.items() if section is not None and isinstance(section.data, dict) else ():
        for key in ("hf_model_handle", "checkpoint_path", "image"):
            path: Path = (AUXILIARY, name, key)
            one = given(JUDGE, world.values.at(path), None, path, raw_text(node.child(key)))
            if one is not None:
                origin = node.child(key).origin  # type: ignore[union-attr]
                place = Place(path, origin.value) if origin.value else None
                found[f"{AUXILIARY}.{name}.{key}"] = one._replace(place=place, tail=())
    return found


def _image(deployment: Subject) -> Setting | None:
    value = deployment.get("image")
    if isinstance(value, str):
        image = parse_image(value)
        registry = "" if image.registry == "docker.io" else image.registry
        value = value.removeprefix("docker.io/") if not registry else value
    node = deployment.find("image")
    one = given(IMAGE, value, deployment.place_of("image"), raw=raw_text(node))
    return one and one._replace(is_default=node is not None and node.origin.source.startswith("the default"))
