"""A launcher config as one side of a comparison: what each task's container gets after the merge, and the server."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from advisor.nel.benchmarks import benchmark_of
from advisor.nel.image import parse_image
from advisor.nel.tasks import container_of, lookup
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.adapter_view import AdapterView
from advisor.subjects.auxiliary import AUXILIARY
from advisor.subjects.benchmarks import quantization_in
from advisor.subjects.checkpoint import is_served
from advisor.subjects.command import COMMAND, EXTRA_ARGS, read_servers
from advisor.subjects.pair_extra import about_extra
from advisor.subjects.pair_server import declared_precision, is_mounted_checkpoint, server_side
from advisor.subjects.pair_side import (
    IMAGE,
    JUDGE,
    LEFT_OPEN,
    PARAMS,
    REASONING,
    REPEATS,
    TASKS,
    Served,
    Setting,
    Side,
    TaskSide,
    given,
    leaves_below,
    raw_text,
)
from advisor.subjects.reasoning import OFF, ON, TEMPLATE_KWARGS, THINKING, added_params
from advisor.subjects.scopes import ADAPTER, EXTRA, GLOBAL, PASS_THROUGH, scopes
from advisor.subjects.scopes import PARAMS as PARAMS_PATH
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Place, is_nothing
from advisor.subjects.tasks import TASKS as TASKS_PATH

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Data, Path
    from advisor.nel.context import Context
    from advisor.nel.tasks import Task
    from advisor.subjects.scopes import Scope
    from advisor.subjects.subject import Subject, World

# Fields of config.params that decide a score; the others say how fast, and for how long.
_PARAMS = {
    "temperature": PARAMS,
    "top_p": PARAMS,
    "max_new_tokens": PARAMS,
    "limit_samples": REPEATS,
    "task": TASKS,
}
_REQUESTS = ("params_to_remove", "params_to_rename")
_TRACES = ("start_reasoning_token", "end_reasoning_token", "include_if_reasoning_not_finished")
_PROMPT, _STRIPS = "the system prompt", "process_reasoning_traces"
_OWN_KEYS = {"container": TASKS, "endpoint_type": TASKS}
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
        tasks=tuple(_task(world, scope, context) for scope in scopes(world)[0].tasks if scope.owner.kind == "task"),
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
    return Served(model, place, _precision(world))


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


# The tasks.


def _task(world: World, scope: Scope, context: Context) -> TaskSide:
    subject = scope.owner
    name = subject.get("name")
    label = str(name) if isinstance(name, str) else "a task"
    known = lookup(label, None, context.nel_version).task
    packaged = _is_of_harness(subject, known)
    settings = _own_keys(subject, known, context) | _params(scope, known) | _extra(scope, known) | _adapter(scope)
    found = benchmark_of(label)
    return TaskSide(
        label=label,
        match=known.query if known else label,
        place=subject.place,
        settings=settings,
        lacks=partial(_lacking, scope, known if packaged else None),
        homes=partial(_homes, subject.base),
        benchmark=found.name if found else "",
    )


def _is_of_harness(subject: Subject, known: Task | None) -> bool:
    """Whether a task runs in an image of the harness that the table describes, whatever its tag."""
    container = subject.get("container")
    if known is None or is_nothing(container):
        return known is not None
    if not isinstance(container, str):
        return False
    return parse_image(container).repository == parse_image(known.container).repository


def _homes(base: Path, tail: Path) -> tuple[Path, Path]:
    return (*base, *tail), (("evaluation", *tail) if tail and tail[0] == PASS_THROUGH else ())


def _own_keys(subject: Subject, known: Task | None, context: Context) -> dict[str, Setting]:
    """The container, which by default is the harness's own, and the endpoint type."""
    found: dict[str, Setting] = {}
    for name, about in _OWN_KEYS.items():
        one = given(about, subject.get(name) or None, subject.place_of(name), (name,), raw_text(subject.find(name)))
        if one is not None:
            found[name] = one
    if known is not None:
        defaults = {
            "container": container_of(known.harness, context.nel_version),
            "endpoint_type": known.endpoint_type,
        }
        for name, default in defaults.items():
            if name not in found and default:
                found[name] = Setting(_OWN_KEYS[name], default, None, (name,), is_default=True)
    return found


def _at(scope: Scope, about: str, path: Path) -> Setting | None:
    """The setting at a path of the merged `nemo_evaluator_config`."""
    value = scope.value(path)
    return given(about, value, scope.place(path), (PASS_THROUGH, *path), raw_text(scope.merged.at(path)))


def _params(scope: Scope, known: Task | None) -> dict[str, Setting]:
    """Those that the task's command reads; of a task that is not in the table, all."""
    found = {
        name: _at(scope, about, (*PARAMS_PATH, name))
        for name, about in _PARAMS.items()
        if known is None or not known.params or name in known.params or name == "limit_samples"
    }
    return {name: one for name, one in found.items() if one is not None}


def _extra(scope: Scope, known: Task | None) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for path, _ in leaves_below(scope.merged.at(EXTRA)):
        about = about_extra(tuple(str(part) for part in path))
        if not path or not about:
            continue
        if known is not None and path[0] not in known.extra and path[0] not in known.extra_defaults:
            continue
        one = _at(scope, about, (*EXTRA, *path))
        if one is not None:
            found[f"extra.{'.'.join(map(str, path))}"] = one
    return found


def _adapter(scope: Scope) -> dict[str, Setting]:
    """What the adapter adds to requests, and what it takes out of the answers."""
    view = AdapterView(scope, None)
    base = added_params(scope)
    found: dict[str, Setting | None] = {}
    for path, _ in leaves_below(scope.merged.at(base)):
        sent = path[1:] if path[:1] == ("extra_body",) else path
        about = REASONING if set(sent) & {TEMPLATE_KWARGS, *THINKING} else PARAMS
        found[f"params_to_add.{'.'.join(map(str, sent))}"] = _at(scope, about, (*base, *path))
    for name in _REQUESTS:
        found[name] = _at(scope, PARAMS, (*ADAPTER, name))
    prompt = view.prompt()
    places = view.places()
    place = places.get("prompt")
    about = REASONING if view.prompt_switch() in (ON, OFF) else PARAMS
    found[_PROMPT] = given(about, prompt, place, _tail(scope, place), _raw_at(scope, place))
    strips = view.strips_traces()
    place = places.get("use_reasoning") if view.field("use_reasoning") is True else places.get(_STRIPS)
    tail: Path = () if view.has_interceptors() is True else (PASS_THROUGH, *ADAPTER, _STRIPS)
    found[_STRIPS] = Setting(REASONING, strips, place, tail, _raw_at(scope, place), is_default=place is None)
    if strips is True:
        for name in _TRACES:
            found[name] = _at(scope, REASONING, (*ADAPTER, name))
    return {name: one for name, one in found.items() if one is not None}


def _tail(scope: Scope, place: Place | None) -> Path:
    """The path below the task of what stands at a place of the task or of the global scope."""
    if place is None:
        return ()
    base = scope.path if place.path[: len(scope.path)] == scope.path else GLOBAL
    return (PASS_THROUGH, *place.path[len(base) :])


def _raw_at(scope: Scope, place: Place | None) -> str:
    return raw_text(scope.world.values.tree.at(place.path)) if place else ""


def _lacking(scope: Scope, known: Task | None, name: str, theirs: Setting) -> Setting:
    """What counts where nothing is set: the task's default where the table has it."""
    nothing = theirs._replace(value=ABSENT, place=None, raw="", is_default=False)
    if name == _PROMPT or "interceptors" in theirs.tail or scope.merged.at((*ADAPTER, "interceptors")) is not None:
        # One key would not do.
        nothing = nothing._replace(tail=())
    if scope.is_open:
        return nothing._replace(value=Unknown("a config that is not here may set it"))
    if name in ("params_to_remove", "params_to_rename", _PROMPT) or name.startswith("params_to_add."):
        return nothing
    if name in ("limit_samples", *_TRACES):
        default = known.defaults.get(name, ABSENT) if known else ABSENT
        return nothing._replace(value=default, is_default=default is not ABSENT)
    if known is None:
        return nothing._replace(value=LEFT_OPEN)
    value = _default(known, name)
    return nothing._replace(value=value, is_default=not isinstance(value, Unknown))


def _default(known: Task, name: str) -> Value:
    head, _, rest = name.partition(".")
    if head != "extra":
        default: Value = known.defaults.get(head, LEFT_OPEN)
        return LEFT_OPEN if default is None else default
    if rest == known.repeats_field:
        return known.repeats
    node: Data = known.extra_defaults
    for part in rest.split("."):
        if not isinstance(node, dict) or part not in node:
            return LEFT_OPEN
        node = node[part]
    return ABSENT if node is None else node
