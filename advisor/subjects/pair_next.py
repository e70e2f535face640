"""A nel-next config as one side of a comparison: each benchmark with what its service sends, and that service.

Source: nemo-evaluator 0.5 config/benchmarks.py, config/services.py (a solver's generation goes over its service's).
"""

from __future__ import annotations

from functools import partial

from advisor.nel.image import SGLANG, VLLM
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.benchmarks import quantization_in
from advisor.subjects.next_services import find_service, read_server
from advisor.subjects.pair_extra import CALLS
from advisor.subjects.pair_server import declared_precision, server_side
from advisor.subjects.pair_side import (
    IMAGE,
    JUDGE,
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
from advisor.subjects.reasoning import TEMPLATE_KWARGS, THINKING
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.subjects.subject import Subject, World

# Keys of a benchmark that say how fast it runs, where, and what it is called.
_NOTHING = frozenset(
    {
        "max_concurrent", "timeout", "max_system_retries", "sandbox", "service", "resource_service", "gym_service",
        "idle_timeout_seconds", "cmd_timeout", "tool_timeout", "skip_preflight", "openclaw_bin", "env_vars",
        "container_env", "mounts", "name", "playbook", "llm_kwargs", "judge_service", "services", "baseline_service",
    }
)  # fmt: skip
_REPEATS: dict[str, Value] = {"repeats": 1, "max_problems": ABSENT}
_SAMPLING = ("temperature", "top_p", "max_tokens", "seed", "stop", "frequency_penalty", "presence_penalty")
_GENERATION: Path = ("solver", "generation")
_JUDGES = ("service", "judge_service", "services")
# The proxy's own way to change requests.
_CHANGES = ("payload_modifier", "system_message", "drop_params", "reasoning")


def next_side(world: World, document: Document) -> Side:
    """One side, of a config whose subjects are made already. Its server is the one that the first benchmark asks."""
    benchmarks = list(world.of("benchmark"))
    service = next((one.parent for one in benchmarks if one.parent and one.parent.kind == "service"), None)
    service = service or next((one for one in world.of("service") if one.get("is_model")), None)
    kind = service.get("type") if service else ABSENT
    servers = (read_server(service, str(kind)),) if service and kind in (VLLM, SGLANG) else ()
    server = server_side(servers, document)
    return Side(
        document=document,
        world=world,
        served=_served(world, service),
        server=_service_settings(world, service) | server.settings,
        tasks=tuple(_task(world, one) for one in benchmarks),
        tasks_place=place_in(document, world.values, ("benchmarks",)),
        engine=str(kind) if servers else "",
        flags_complete=server.complete,
        flags_home=_flags_home(world, document, service),
        switches=server.switches,
        tasks_known=not world.values.composition.is_open(("benchmarks",)),
    )


def _flags_home(world: World, document: Document, service: Subject | None) -> Place:
    path: Path = (*service.base, "extra_args") if service else ("services",)
    return Place(path, place_in(document, world.values, path).span)


def _served(world: World, service: Subject | None) -> Served:
    if service is None:
        return Served(Unknown("no service is asked"), world.singles["config"].place)
    key = "image" if service.get("type") == "nim" else "model"
    model, url = service.get(key), service.get("url")
    place = service.place_of(key) or service.place
    names = [service.get(name) for name in ("model", "served_model_name")]
    tells = next((one for name in names if isinstance(name, str) and (one := quantization_in(name))), "")
    checkpoint = service.related("checkpoint")
    if checkpoint is not None and not isinstance(checkpoint.get("method"), Unknown):
        tells = declared_precision(checkpoint)
    if service.get("type") == "api" and isinstance(model, str):
        return Served(f"{model} at {url}" if isinstance(url, str) else Unknown("its url is not known"), place, tells)
    if not isinstance(model, str):
        return Served(model if isinstance(model, Unknown) else Unknown("it is not set"), place, tells)
    if model == "???":
        return Served(Unknown("it is ???, to be filled in"), place)
    return Served(model.rstrip("/") or model, place, tells, model if checkpoint is not None else "", checkpoint)


def _service_settings(world: World, service: Subject | None) -> dict[str, Setting]:
    """Of the service under test its image, protocol and proxy; of the others, which judge, the model and the url."""
    found: dict[str, Setting | None] = {}
    asked = [id(benchmark.parent) for benchmark in world.of("benchmark")]
    for one in world.of("service"):
        if one is not service and id(one) not in asked and one.get("is_model"):
            for key in ("model", "url", "image"):
                found[f"services.{one.base[-1]}.{key}"] = _of(one, JUDGE, key)
    if service is not None:
        if service.get("type") not in ("nim", "api"):
            found["the serving image"] = _image(service)
        found["reasoning_pattern"] = _of(service, REASONING, "reasoning_pattern")
        found["protocol"] = _of(service, TASKS, "protocol")
        for path, _ in leaves_below(service.find("proxy.extra_body")):
            found[f"extra_body.{_name(path)}"] = _sent(service, ("proxy", "extra_body", *path), path)
        for name, path in _interceptors(service):
            found[name] = _sent(service, path, path)
    found["cluster.eval_image"] = _at(world, TASKS, ("cluster", "eval_image"))
    return {name: one for name, one in found.items() if one is not None}


def _interceptors(service: Subject) -> list[tuple[str, Path]]:
    """Each setting of the interceptors that change requests or answers: its name and path."""
    node = service.find("proxy.interceptors")
    out = []
    for index, item in enumerate(node.data if node is not None and isinstance(node.data, list) else []):
        named = item.child("name")
        if named is not None and named.data in _CHANGES:
            for path, _ in leaves_below(item.child("config")):
                whole: Path = ("proxy", "interceptors", index, "config", *path)
                out.append((f"{named.data}.{_name(path)}", whole))
    return out


def _image(service: Subject) -> Setting | None:
    value = service.get("image")
    one = given(IMAGE, value, service.place_of("image"), raw=raw_text(service.find("image")))
    return one and one._replace(is_default=service.find("image") is None)


def _sent(service: Subject, path: Path, shown: Path) -> Setting | None:
    about = REASONING if {str(part) for part in shown} & {TEMPLATE_KWARGS, *THINKING} else PARAMS
    return _at(service.world, about, (*service.base, *path))


def _of(subject: Subject, about: str, key: str) -> Setting | None:
    return _at(subject.world, about, (*subject.base, *key.split(".")))


def _at(world: World, about: str, path: Path, tail: Path = ()) -> Setting | None:
    node = world.values.tree.at(path)
    if node is None:
        return None
    span = node.origin.value
    value: Value = world.values.resolve(node)
    if value == "???":
        value = Unknown("it is ???, to be filled in")
    return given(about, value, Place(path, span) if span else None, tail, raw_text(node))


def _task(world: World, subject: Subject) -> TaskSide:
    label = str(subject.get("label"))
    found: dict[str, Setting | None] = {}
    for path, _ in leaves_below(subject.node):
        names = {str(part) for part in path}
        if not names & (_NOTHING | CALLS) and path[:2] != _GENERATION and path[0] != "scoring":
            about = REPEATS if path[0] in _REPEATS else _about(path)
            found[_name(path)] = _at(world, about, (*subject.base, *path), path)
    found |= _scoring(world, subject) | _generation(world, subject)
    image = subject.get("sandbox.image")
    if isinstance(image, str):
        found["sandbox.image"] = _of(subject, TASKS, "sandbox.image")
    name = subject.get("name")
    if isinstance(name, str):
        found["name"] = _of(subject, TASKS, "name")
    return TaskSide(
        label=label,
        match=_unversioned(name) if isinstance(name, str) else label,
        place=subject.place,
        settings={name: one for name, one in found.items() if one is not None},
        lacks=partial(_lacking, world),
        homes=partial(_homes, subject),
    )


def _unversioned(name: str) -> str:
    """A benchmark's name without its version, or without the image of its container."""
    scheme, _, rest = name.partition("://")
    if scheme == "container":
        return f"container#{rest.rpartition('#')[2]}"
    return name.rpartition("@")[0] or name


def _about(path: Path) -> str:
    """What a key decides; the parameters of an eval-factory container are those of the launcher."""
    if path[-1] in (*_SAMPLING, "max_new_tokens", "system_prompt"):
        return PARAMS
    if path[0] == "params" and path[-1] in ("limit_samples", "num_repeats", "n_samples"):
        return REPEATS
    if "thinking" in path or "process_reasoning_traces" in path or "use_reasoning" in path:
        return REASONING
    return TASKS


def _generation(world: World, subject: Subject) -> dict[str, Setting | None]:
    service = find_service(world, subject.get("solver.service"))
    found: dict[str, Setting | None] = {}
    for name in _SAMPLING:
        tail = (*_GENERATION, name)
        own = _at(world, PARAMS, (*subject.base, *tail), tail)
        if own is None and service is not None:
            own = _at(world, PARAMS, (*service.base, "generation", name), tail)
        found[name] = own
    return found


def _scoring(world: World, subject: Subject) -> dict[str, Setting | None]:
    node = subject.find("scoring.metrics")
    found: dict[str, Setting | None] = {}
    for index, item in enumerate(node.data if node is not None and isinstance(node.data, list) else []):
        named = item.child("name")
        shown = str(named.plain()) if named is not None else str(index)
        for path, _ in leaves_below(item):
            if path[-1] not in (*CALLS, "name", *_JUDGES, "baseline_service"):
                tail: Path = ("scoring", "metrics", index, *path)
                found[f"scoring.{shown}.{_name(path)}"] = _at(world, JUDGE, (*subject.base, *tail), tail)
    return found


def _name(path: Path) -> str:
    return ".".join(map(str, path))


def _lacking(world: World, name: str, theirs: Setting) -> Setting:
    nothing = theirs._replace(value=ABSENT, place=None, raw="", is_default=False)
    if "metrics" in theirs.tail:
        nothing = nothing._replace(tail=())
    if world.values.composition.is_open(("benchmarks",)):
        return nothing._replace(value=Unknown("a config that is not here may set it"))
    default: Value = _REPEATS.get(name, ABSENT)
    return nothing._replace(value=default, is_default=default is not ABSENT)


def _homes(subject: Subject, tail: Path) -> tuple[Path, Path]:
    """What all benchmarks of a service send is set there."""
    service = subject.parent
    is_sampling = tail[:2] == _GENERATION and service is not None and service.kind == "service"
    return (*subject.base, *tail), ((*service.base, "generation", *tail[2:]) if is_sampling and service else ())
