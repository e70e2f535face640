"""The services of a nel-next config: the servers that it starts, and their flags.

Source: nemo-evaluator 0.5 config/services.py, orchestration/slurm_gen.py, model_server.py and orchestrator.py.
"""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from advisor.knowledge import table
from advisor.nel.command import Serve
from advisor.nel.engine import engine_version
from advisor.nel.expanded import Expanded, Piece
from advisor.nel.flags import parse_flags
from advisor.nel.image import SGLANG, VLLM, parse_image
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.nel.words import Word
from advisor.subjects.command import (
    CONTEXT_LENGTH,
    DATA,
    NAMES,
    PIPELINE,
    TENSOR,
    Server,
    command_place,
    given,
    kv_cache_type,
    parses_tool_calls,
    size,
)
from advisor.subjects.next_proxy import add_proxy
from advisor.subjects.server_image import image_pinned, without_cuda130
from advisor.subjects.serving import add_flag, add_variable, note_version
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject, World
from advisor.subjects.topology import as_int, difference, gpus_wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.nel.effective import Effective

MODELS = ("vllm", "sglang", "nim", "docker_model", "dynamo", "api")
MANAGED = MODELS[:-1]
_SIZES = {"tensor_parallel_size": TENSOR, "pipeline_parallel_size": PIPELINE, "data_parallel_size": DATA}
_NAMED = {"port": "--port", "served_model_name": "--served-model-name"}
_ENDINGS = {"chat_completions": "/chat/completions", "completions": "/completions", "responses": "/responses"}


def add_services(world: World, document: Document, context: Context) -> None:
    """One `service` for each, one `command` for each that starts vLLM or SGLang, and what hangs on them."""
    services = world.values.tree.child("services")
    for name, node in services.data.items() if services is not None and isinstance(services.data, dict) else ():
        if isinstance(node.data, dict):
            _add_service(world, document, name, node)


def find_service(world: World, name: Value) -> Subject | None:
    """The service of a name."""
    return next((one for one in world.of("service") if one.base[-1] == name), None)


def _add_service(world: World, document: Document, name: str, node: Effective) -> None:
    base: Path = ("services", name)
    config = world.singles["config"]
    service = Subject("service", place_in(document, world.values, base), world, {}, node, base, config)
    kind = service.get("type")
    service.attributes.update(
        {
            "name": name,
            "is_model": kind in MODELS,
            "has_server": kind in MANAGED,
            "image": _image(service),
            "image_source": "" if node.child("image") is not None else ", the default,",
            "image_pinned": lambda: image_pinned(service),
            "image_without_cuda130": lambda: without_cuda130(service),
            "api_key_variable": lambda: f"${{{service.get('api_key')}}}",
            "startup_timeout": _default(service, "startup_timeout", 600 if kind in MANAGED else 120),
            "url_path": lambda: url_path(service),
            "url_ending": lambda: _ENDINGS.get(str(service.get("protocol")), ABSENT),
            "repaired_url": lambda: repaired_url(service),
        }
    )
    for key in ("image", "startup_timeout"):
        if node.child(key) is not None:
            service.places[key] = place_in(document, world.values, (*base, key))
    world.add(service)
    add_proxy(service, document)
    if kind in (VLLM, SGLANG):
        _add_command(service, document, str(kind))


def _default(subject: Subject, name: str, default: int) -> Value:
    node = subject.find(name)
    return default if node is None else subject.world.values.resolve(node)


def _image(service: Subject) -> Value:
    """The image of a service; on Slurm each kind has a default one."""
    node = service.find("image")
    if node is not None and node.data is not None:
        return service.world.values.resolve(node)
    default = table("next")["images"].get(str(service.get("type")), ABSENT)
    return default if service.world.values.at(("cluster", "type")) == "slurm" else ABSENT


def _add_command(service: Subject, document: Document, engine: str) -> None:
    world = service.world
    server = read_server(service, engine)
    servers = (server,)
    locate = partial(command_place, servers, document)
    command = Subject("command", service.place, world, {}, parent=service, locate=locate)
    command.attributes.update(
        {
            "engine": engine,
            "engine_name": NAMES[engine],
            "own": False,
            "context_flag": CONTEXT_LENGTH[engine],
            "context_length": lambda: size(servers, CONTEXT_LENGTH, None),
            "max_num_seqs": lambda: size(servers, {VLLM: "--max-num-seqs"}, None),
            "kv_cache_type": lambda: kv_cache_type(servers),
            "parses_reasoning": lambda: given(servers, "--reasoning-parser"),
            "attention_is_data_parallel": lambda: given(servers, "--enable-dp-attention"),
            "tensor_parallel": lambda: _parallel(service, servers, "tensor_parallel_size"),
            "pipeline_parallel": lambda: _parallel(service, servers, "pipeline_parallel_size"),
            "data_parallel": lambda: _parallel(service, servers, "data_parallel_size"),
            "gpus_wanted": lambda: gpus_wanted(command),
            "gpus_had": lambda: gpus_had(service, command),
            "gpus_missing": lambda: difference(command.get("gpus_wanted"), command.get("gpus_had")),
            "answer_key": "max_tokens",
            "longest_answer": lambda: longest_answer(service),
            "longest_answer_task": lambda: longest_answer_name(service),
            "answer_fits": lambda: _fits(command),
        }
    )
    service.attributes["calls_tools"] = lambda: parses_tool_calls(servers)
    service.own = {"command": world.add(command)}
    _place_fields(command, service)
    _add_joined_words(service, server)
    place = service.place_of("generation.max_tokens")
    if place is not None:
        command.places["longest_answer"] = place
    before = len(world.subjects)
    seen: set[tuple[Path, int]] = set()
    for flag in server.arguments.flags:
        add_flag(command, document, server, flag, seen)
    for one in world.subjects[before:]:
        if one.kind == "flag":
            _describe_flag(one, service)
    if seen:
        note_version(world, server, service)
    variables = service.find("extra_env")
    for name in variables.data if variables is not None and isinstance(variables.data, dict) else ():
        add_variable(command, server.engine, name, place_in(document, world.values, (*service.base, "extra_env", name)))


def read_server(service: Subject, engine: str) -> Server:
    """The server of a service: each item of `extra_args` is one word, which no shell reads."""
    node = service.find("extra_args")
    items = node.data if node is not None and isinstance(node.data, list) else []
    pieces, words, at = [], [], 0
    for index, item in enumerate(items):
        text = str(item.plain())
        value = service.world.values.resolve(item)
        pieces.append(Piece(at, text, (*service.base, "extra_args", index), item, 0))
        known = not isinstance(value, Unknown)
        words.append(Word(text, at, at + len(text), tuple(range(at, at + len(text))), known))
        at += len(text) + 1
    serve = Serve(engine, "", tuple(words), (Word("", 0, 0, ()),), (), certain=True, complete=not _is_open(service))
    image = service.get("image")
    parsed = parse_image(image) if isinstance(image, str) else None
    version = engine_version(engine, parsed.version if parsed and parsed.engine == engine else None)
    return Server(
        Expanded(" ".join(piece.text for piece in pieces), tuple(pieces)), serve, version, parse_flags(serve, version)
    )


def _is_open(service: Subject) -> bool:
    return service.world.values.composition.is_open(service.base)


def _describe_flag(flag: Subject, service: Subject) -> None:
    """What an item of a list can have wrong, and the field that it repeats."""
    name = str(flag.get("name"))
    fields = {names.get(str(service.get("type"))): field for field, names in _SIZES.items()}
    fields.update({flag_name: field for field, flag_name in _NAMED.items()})
    field = fields.get(name)
    given_twice = field is not None and (field in _NAMED or service.find(field) is not None)
    flag.attributes["repeated_field"] = field if given_twice and field else ABSENT


def _place_fields(command: Subject, service: Subject) -> None:
    """Sizes that a field sets stand there."""
    for attribute, field in (
        ("tensor_parallel", "tensor_parallel_size"),
        ("data_parallel", "data_parallel_size"),
        ("pipeline_parallel", "pipeline_parallel_size"),
    ):
        place = service.place_of(field)
        if place is not None:
            if command.told_place(attribute) is None:
                command.places[attribute] = place
            command.places.setdefault("gpus_wanted", place)


def _add_joined_words(service: Subject, server: Server) -> None:
    """A `conflict` for each item that holds a flag and its value: the server gets them as one word."""
    for word in server.serve.words:
        name, blank, value = word.text.partition(" ")
        piece = server.expanded.piece_at(word.start)
        if not blank or not name.startswith("-") or "=" in name or piece.node.origin.value is None:
            continue
        about: dict[str, Attribute] = {
            "slug": "next-extra-args-split",
            "text": word.text,
            "name": name,
            "joined": f"{name}={value.strip()}" if name.startswith("--") and " " not in value.strip() else ABSENT,
        }
        place = Place(piece.path, piece.node.origin.value)
        service.world.add(Subject("conflict", place, service.world, about, parent=service))


def gpus_had(service: Subject, command: Subject) -> Value:
    """GPUs of the nodes that a service takes; Unknown where its pool does not tell, or nel-next itself refuses."""
    name = service.get("node_pool")
    pool = next((one for one in service.world.of("node_pool") if one.base[-1] == name), None)
    each = as_int(pool.get("gpus")) if pool is not None else None
    tensor, nodes = as_int(service.get("tensor_parallel_size")), service.get("num_nodes")
    count = 1 if nodes is ABSENT else as_int(nodes)
    if pool is None or not each or not count or (tensor and tensor > each and isinstance(pool.get("gres"), str)):
        return Unknown("the service's GPUs are not known")
    return each * count


def _parallel(service: Subject, servers: tuple[Server, ...], field: str) -> Value:
    own = service.find(field)
    flagged = size(servers, _SIZES[field], None)
    if flagged is not ABSENT:
        return flagged
    return 1 if own is None or own.data is None else service.world.values.resolve(own)


def url_path(service: Subject) -> Value:
    url = service.get("url")
    if not isinstance(url, str) or "://" not in url:
        return url if isinstance(url, Unknown) else ABSENT
    try:
        return urlsplit(url).path
    except ValueError:  # brackets that hold no address
        return Unknown("the url cannot be read")


def repaired_url(service: Subject) -> Value:
    """The url with its protocol's own ending, where it has another one or no path at all; one that ends before it is
    fine, since requests bring their path."""
    url, path, ending = service.get("url"), service.get("url_path"), service.get("url_ending")
    if not isinstance(url, str) or not isinstance(path, str) or not isinstance(ending, str):
        return ABSENT
    if urlsplit(url).query or path.endswith(ending):
        return ABSENT
    for other in sorted(_ENDINGS.values(), key=len, reverse=True):
        if path.endswith(other):
            return url.removesuffix(other) + ending
    return f"{url.rstrip('/')}/v1{ending}" if path in ("", "/") else ABSENT


def _answers(service: Subject) -> list[tuple[int, str]]:
    """Each max_tokens that requests to a service carry, with what asks for it."""
    values = service.world.values
    own = as_int(service.get("generation.max_tokens"))
    found = [(own, "every benchmark")] if own else []
    benchmarks = values.tree.child("benchmarks")
    for index, item in enumerate(
        benchmarks.data if benchmarks is not None and isinstance(benchmarks.data, list) else []
    ):
        if values.at(("benchmarks", index, "solver", "service")) == service.base[-1]:
            number = as_int(values.at(("benchmarks", index, "solver", "generation", "max_tokens")))
            name = item.child("name") or item.child("playbook")
            if number:
                found.append((number, str(name.plain()) if name is not None else "a benchmark"))
    return found


def longest_answer(service: Subject) -> Value:
    found = _answers(service)
    return max(found)[0] if found else ABSENT


def longest_answer_name(service: Subject) -> Value:
    found = _answers(service)
    return max(found)[1] if found else ABSENT


def _fits(command: Subject) -> Value:
    longest, length = as_int(command.get("longest_answer")), as_int(command.get("context_length"))
    return longest < length if longest and length and length > 0 else Unknown("a length is not known")
