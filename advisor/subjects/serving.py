"""The serve command and its flags: `command`, one `flag` for each that a person wrote, and the engine's variables.

Lepton builds a command of its own and takes only `extra_args` (nemo-evaluator-launcher 0.2.6 executors/lepton).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from advisor.nel.command import Serve, read_arguments, read_command
from advisor.nel.engine import KNOWN, REMOVED, UNCHECKED, EngineVersion, ValueAnswer, engine_version
from advisor.nel.expanded import Expanded, expand
from advisor.nel.flags import Arguments, Flag, parse_flags
from advisor.nel.image import SGLANG, TRTLLM, VLLM
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.deployment import image_of
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.subjects.subject import World

COMMAND: Path = ("deployment", "command")
EXTRA_ARGS: Path = ("deployment", "extra_args")
NAMES = {VLLM: "vLLM", SGLANG: "SGLang", TRTLLM: "TensorRT-LLM"}
# The same setting's flag in each engine.
TENSOR = {VLLM: "--tensor-parallel-size", SGLANG: "--tp-size", TRTLLM: "--tp_size"}
PIPELINE = {VLLM: "--pipeline-parallel-size", SGLANG: "--pp-size", TRTLLM: "--pp_size"}
DATA = {VLLM: "--data-parallel-size", SGLANG: "--dp-size"}
CONTEXT_LENGTH = {VLLM: "--max-model-len", SGLANG: "--context-length", TRTLLM: "--max_seq_len"}
DEFAULT_PORT = {VLLM: 8000, SGLANG: 30000, TRTLLM: 8000}
DEFAULT_HOST = {SGLANG: "127.0.0.1", TRTLLM: "localhost"}
_FIELDS = {
    **dict.fromkeys(TENSOR.values(), "tensor_parallel_size"),
    **dict.fromkeys(PIPELINE.values(), "pipeline_parallel_size"),
    **dict.fromkeys(DATA.values(), "data_parallel_size"),
    "--gpu-memory-utilization": "gpu_memory_utilization",
    "--port": "port",
    "--served-model-name": "served_model_name",
}
_PARSERS = ("--reasoning-parser", "--tool-call-parser")
_VALUE_SLUGS = {"--quantization": "quant-flag-unknown", **dict.fromkeys(_PARSERS, "parser-unknown")}
_CHECKED_VALUES = ("--quantization", "--kv-cache-dtype", *_PARSERS)
# What other engines, or people, call a flag.
_MEANT = {
    VLLM: {
        "--context-length": "--max-model-len",
        "--max-model-length": "--max-model-len",
        "--max-seq-len": "--max-model-len",
        "--max-sequence-length": "--max-model-len",
        "--mem-fraction-static": "--gpu-memory-utilization",
        "--max-running-requests": "--max-num-seqs",
        "--tp": "--tensor-parallel-size",
        "--tp-size": "--tensor-parallel-size",
        "--dp-size": "--data-parallel-size",
        "--pp-size": "--pipeline-parallel-size",
    },
    SGLANG: {
        "--max-model-len": "--context-length",
        "--max-model-length": "--context-length",
        "--gpu-memory-utilization": "--mem-fraction-static",
        "--max-num-seqs": "--max-running-requests",
    },
}
# vLLM's human_readable_int: small letters are decimal, capitals binary.
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([kmgKMG]?)\Z")
_SCALE = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "K": 2**10, "M": 2**20, "G": 2**30}
_VARIABLE = re.compile(r"(?:VLLM|SGLANG|SGL)_[A-Z0-9_]+\Z")
_SIMPLE_REPLACEMENT = re.compile(r"(--[\w.-]+)(?P<value>[ =][\w.-]+)?\Z")


@dataclass(frozen=True, slots=True)
class Server:
    """One start of a server, its flags read by the rules of the pinned engine version."""

    expanded: Expanded
    serve: Serve
    engine: EngineVersion
    arguments: Arguments


def add_serving(world: World, document: Document, context: Context) -> None:
    """The one `command` of a deployment that has a server, its `flag`s and `server_variable`s."""
    deployment = world.singles["deployment"]
    if deployment.get("has_server") is not True:
        return
    servers = read_servers(world)
    place = place_in(document, world.values, COMMAND)
    command = world.add_single(
        Subject("command", place, world, command_attributes(deployment, servers), parent=deployment)
    )
    seen: set[tuple[Path, int]] = set()
    for server in servers:
        _place_sizes(command, server, document)
        for flag in server.arguments.flags:
            _add_flag(command, document, server, flag, seen)
    if seen:
        _note_version(world, servers[0], deployment)
    _add_variables(command, document, servers)


def read_servers(world: World) -> tuple[Server, ...]:
    """Every server that the deployment's command starts; () where none is known."""
    deployment = world.singles["deployment"]
    image = image_of(deployment)
    kind = deployment.get("type")
    if deployment.world.singles["execution"].get("type") == "lepton":
        expanded = expand(world.values, EXTRA_ARGS) if kind in (VLLM, SGLANG) else None
        alone = read_arguments(expanded.text) if expanded else None
        found = [alone] if alone else []
    else:
        expanded = expand(world.values, COMMAND)
        found = list(read_command(expanded.text).serves) if expanded else []
    servers = []
    for serve in found:
        engine = serve.engine or str(kind)
        version = engine_version(engine, image.version if image and image.engine == engine else None)
        if expanded is not None:
            servers.append(Server(expanded, serve, version, parse_flags(serve, version)))
    return tuple(servers)


def command_attributes(deployment: Subject, servers: tuple[Server, ...]) -> dict[str, Attribute]:
    engine = servers[0].engine.engine if servers else None
    return {
        "engine": engine or Unknown("no server is known in the command", None),
        "engine_name": NAMES.get(engine or "", engine or "the server"),
        "own": deployment.get("own_command"),
        "tensor_parallel": lambda: size(servers, TENSOR, 1),
        "pipeline_parallel": lambda: size(servers, PIPELINE, 1),
        "data_parallel": lambda: size(servers, DATA, 1),
        "attention_is_data_parallel": lambda: given(servers, "--enable-dp-attention"),
        "context_length": lambda: size(servers, CONTEXT_LENGTH, None),
        "max_num_seqs": lambda: size(servers, {VLLM: "--max-num-seqs"}, None),
        "context_flag": CONTEXT_LENGTH.get(engine or "", ABSENT),
        "has_served_name": lambda: given(servers, "--served-model-name"),
        "model": lambda: model(servers),
        "ports": lambda: ports(servers),
        "port_is_wrong": lambda: port_is_wrong(servers, deployment.get("port")),
        "port_is_given": lambda: given(servers, "--port"),
        "host": lambda: host(servers),
        "host_is_given": lambda: given(servers, "--host"),
        "missing_port": lambda: _appended(servers, "--port ${deployment.port}"),
        "missing_host": lambda: _appended(servers, "--host 0.0.0.0"),
        "missing_served_name": lambda: _appended(servers, "--served-model-name ${deployment.served_model_name}"),
    }


def size(servers: tuple[Server, ...], names: dict[str, str], default: int | None) -> Value:
    """A number that all servers agree on; `default` where the flag is not given (None: ABSENT)."""
    found = [_size(server, names.get(server.engine.engine), default) for server in servers]
    if not found:
        return Unknown("no server is known in the command", None)
    return found[0] if all(one == found[0] for one in found) else Unknown("its servers differ")


def _size(server: Server, name: str | None, default: int | None) -> Value:
    flag = server.arguments.get(name) if name else None
    if flag is None:
        if not server.arguments.complete:
            return Unknown("a shell may add flags", None)
        return ABSENT if default is None else default
    number = number_of(flag)
    return Unknown(f"{flag.written} is known only at run time") if number is None else number


def number_of(flag: Flag) -> int | None:
    match = _NUMBER.match(flag.value.strip()) if flag.known and flag.value else None
    return int(float(match[1]) * _SCALE[match[2]]) if match else None


def given(servers: tuple[Server, ...], name: str) -> Value:
    """Whether a server is given a flag."""
    if any(server.arguments.get(name) for server in servers):
        return True
    complete = servers and all(server.arguments.complete and server.serve.certain for server in servers)
    return False if complete else Unknown("a shell may add flags")


def model(servers: tuple[Server, ...]) -> Value:
    """What the first server loads, as the command names it; the engine's default for the served name."""
    for server in servers:
        flag = server.arguments.get("--model-path") or server.arguments.get("--model")
        if flag is not None and flag.value:
            return flag.value if flag.known else Unknown("a shell variable")
        word = server.arguments.model
        if word is not None:
            return word.text if word.known else Unknown("a shell variable")
    return ABSENT


def ports(servers: tuple[Server, ...]) -> Value:
    """The ports that the servers listen on."""
    found: list[int] = []
    for server in servers:
        port = _size(server, "--port", DEFAULT_PORT.get(server.engine.engine))
        if not isinstance(port, int) or not server.serve.certain:
            return Unknown("a shell tells the port")
        found.append(port)
    return list(dict.fromkeys(found)) if found else Unknown("no server is known in the command", None)


def port_is_wrong(servers: tuple[Server, ...], wanted: Value) -> Value:
    found = ports(servers)
    if not isinstance(found, list):
        return found if isinstance(found, Unknown) else ABSENT
    return isinstance(wanted, int) and wanted not in found


def host(servers: tuple[Server, ...]) -> Value:
    """The address that the first server binds, the engine's default where none is given; ABSENT for all addresses."""
    if not servers:
        return Unknown("no server is known in the command", None)
    flag = servers[0].arguments.get("--host")
    if flag is None:
        complete = servers[0].arguments.complete and servers[0].serve.certain
        return DEFAULT_HOST.get(servers[0].engine.engine, ABSENT) if complete else Unknown("a shell may add flags")
    return flag.value if flag.known and flag.value else Unknown("a shell tells the host")


def _appended(servers: tuple[Server, ...], text: str) -> Value:
    """A flag to append to the command; ABSENT where its end is not the end of the server's arguments."""
    if len(servers) != 1 or servers[0].expanded.text.rstrip()[servers[0].serve.end :].strip():
        return ABSENT
    return text


def _place_sizes(command: Subject, server: Server, document: Document) -> None:
    """Where the command's numbers stand in the text."""
    names = {
        "tensor_parallel": TENSOR,
        "data_parallel": DATA,
        "pipeline_parallel": PIPELINE,
        "context_length": CONTEXT_LENGTH,
        "max_num_seqs": {VLLM: "--max-num-seqs"},
        "ports": dict.fromkeys(NAMES, "--port"),
        "host": dict.fromkeys(NAMES, "--host"),
    }
    for attribute, by_engine in names.items():
        flag = server.arguments.get(by_engine.get(server.engine.engine, ""))
        start, end = (flag.value_span or flag.span) if flag else (0, 0)
        span = server.expanded.span(start, end, document.text) if end else None
        if span is not None:
            command.places.setdefault(attribute, Place(server.expanded.piece_at(start).path, span))
            if flag is not None:
                whole = server.expanded.span(*flag.span, document.text)
                path = (*server.expanded.piece_at(flag.span[0]).path, flag.written)
                command.places.setdefault(f"{attribute}_flag", Place(path, whole or span))


def _add_flag(command: Subject, document: Document, server: Server, flag: Flag, seen: set[tuple[Path, int]]) -> None:
    """A `flag` for what a person wrote; those of the shipped command are not theirs."""
    piece = server.expanded.piece_at(flag.name_span[0])
    if piece.node.origin.source.startswith("the default of"):
        return
    key = (piece.path, (piece.offset or 0) + flag.name_span[0] - piece.start)
    if key in seen:
        return
    seen.add(key)
    world = command.world
    whole = server.expanded.span(*flag.span, document.text)
    path = (*piece.path, flag.written)
    place = Place(path, whole) if whole else place_in(document, world.values, piece.path)
    subject = Subject("flag", place, world, flag_attributes(command, server, flag), parent=command)
    if isinstance(field := subject.attributes["repeats"], str):
        subject.places["repeated_field"] = Place(("deployment", field), place.span)
    name = server.expanded.span(*flag.name_span, document.text)
    if name is not None:
        subject.places["written"] = Place(path, name)
    if flag.value_span is not None:
        inner = server.expanded.span(*flag.value_span, document.text)
        if inner is not None:
            subject.places["value"] = Place(path, inner)
    world.add(subject)
    if flag.answer.status == UNCHECKED and server.engine.samples:
        world.note(flag.written, flag.answer.reason)


def flag_attributes(command: Subject, server: Server, flag: Flag) -> dict[str, Attribute]:
    engine, answer = server.engine, flag.answer
    certain = server.serve.certain or not command.get("own")
    never_seen = (
        answer.status == UNCHECKED and not engine.samples and answer.flag is None and engine.engine in (VLLM, SGLANG)
    )
    return {
        "name": flag.name,
        "written": flag.written,
        "value": ABSENT if flag.value is None else flag.value if flag.known else Unknown("a shell tells the value"),
        "status": answer.status if certain else Unknown("it is not certain that this is the server's flag"),
        "never_seen": never_seen and certain,
        "engine": engine.engine,
        "engine_name": NAMES.get(engine.engine, engine.engine),
        "version": engine.version or "of this image",
        "last": answer.last or ABSENT,
        "first": answer.first or ABSENT,
        "comes_with": f": it comes with {answer.first}" if answer.status == "not-yet" else "",
        "candidates": list(answer.candidates),
        "nearest": lambda: meant(engine, flag) or ABSENT,
        "nearest_text": lambda: f"; did you mean {one}" if (one := meant(engine, flag)) else "",
        "removed_name": "image-rope-scaling" if flag.name == "--rope-scaling" else "flag-removed",
        **_replacement(flag),
        **_repeats(command, server, flag),
        **_value_attributes(command, server, flag, certain),
    }


def meant(engine: EngineVersion, flag: Flag) -> str | None:
    """The engine's flag that an unknown one stands for."""
    other = _MEANT.get(engine.engine, {}).get(flag.written.replace("_", "-"))
    return other or engine.nearest_flag(flag.written)


def _replacement(flag: Flag) -> dict[str, Attribute]:
    """What stands in for a removed flag: `successor` for another flag, `is_dropped` for none."""
    text = flag.answer.replaced or ""
    dropped = text.startswith(("drop", "none"))
    short = text.partition(" (")[0]
    match = _SIMPLE_REPLACEMENT.match(short)
    fits = match is not None and not (match["value"] and flag.value is not None)
    return {
        "replacement": "" if dropped or not text else f"; use {text}",
        "successor": short if fits and not dropped else ABSENT,
        "is_dropped": dropped and flag.name != "--task" and not flag.negated,
    }


def _repeats(command: Subject, server: Server, flag: Flag) -> dict[str, Attribute]:
    """Of a flag in extra_args: the deployment's field that the shipped command gives it from, too."""
    piece = server.expanded.piece_at(flag.name_span[0])
    others = [one for one in server.arguments.all(flag.name) if one is not flag and one.key == flag.key]
    stock = [one for one in others if server.expanded.piece_at(one.name_span[0]).path != piece.path]
    field = _FIELDS.get(flag.name)
    if piece.path != EXTRA_ARGS or not stock or field is None:
        return {"repeats": ABSENT}
    first = stock[0]
    return {
        "repeats": field,
        "own_value": _typed(flag),
        "field_value": first.value if first.known and first.value is not None else Unknown("it is filled in later"),
        "repeat_is_same": first.value == flag.value
        if first.known and flag.known
        else Unknown("a value is filled in later"),
    }


def _typed(flag: Flag) -> Value:
    """The flag's value as a field would hold it."""
    if not flag.known or flag.value is None:
        return ABSENT
    for kind in (int, float):
        try:
            return kind(flag.value)
        except ValueError:
            continue
    return flag.value


def _value_attributes(command: Subject, server: Server, flag: Flag, certain: bool) -> dict[str, Attribute]:
    """Whether the value of a flag with a list of legal values is one of them."""
    engine = server.engine
    if flag.name not in _CHECKED_VALUES or flag.value is None or not flag.known or not certain or flag.key:
        return {"value_status": ABSENT}
    plugin = flag.name in _PARSERS and any("plugin" in one.name for one in server.arguments.flags)
    value = flag.value

    def answer() -> ValueAnswer:
        return engine.value(flag.name, value)

    def status() -> Value:
        if plugin:
            return Unknown("a plugin may add parsers")
        if "<" in value or "$" in value:
            return Unknown("it is to be filled in")
        found = answer()
        if found.status == UNCHECKED and engine.samples:
            command.world.note(f"{flag.written} {value}", found.reason)
        return found.status

    def never_seen() -> bool:
        """Of a version that is not known: in none that was read."""
        return not engine.samples and answer().first is None and status() == UNCHECKED and value not in ("", "None")

    return {
        "value_status": status,
        "value_never_seen": never_seen,
        "value_name": _VALUE_SLUGS.get(flag.name, "flag-value-unknown"),
        "nearest_value": lambda: engine.nearest_value(flag.name, value) or ABSENT,
        "nearest_value_text": lambda: (
            f"; did you mean {one}" if (one := engine.nearest_value(flag.name, value)) else ""
        ),
        "kind_of_parser": flag.name.removeprefix("--").replace("-", " "),
        "legal_values": lambda: list(engine.values(flag.name)),
        "value_history": lambda: _history(answer()),
    }


def _history(answer: ValueAnswer) -> str:
    if answer.status == REMOVED:
        return f" any more (last in {answer.last})"
    return f" yet (first in {answer.first})" if answer.status == "not-yet" else ""


def _note_version(world: World, server: Server, deployment: Subject) -> None:
    """Say once why nothing can be said of flags."""
    if server.engine.samples:
        return
    engine = NAMES.get(server.engine.engine, server.engine.engine)
    image = deployment.get("image")
    if server.engine.version is None and server.engine.engine in (VLLM, SGLANG):
        shown = image if isinstance(image, str) else "of this deployment"
        world.note("serve flags", f"the image {shown} does not tell which version of {engine} it holds")
    else:
        world.note("serve flags", server.engine.reason.replace(server.engine.engine, engine, 1))


def _add_variables(command: Subject, document: Document, servers: tuple[Server, ...]) -> None:
    """One `server_variable` for each of the engine's own variables that the server is given."""
    if not servers:
        return
    world, engine = command.world, servers[0].engine
    for block in (("deployment", "env_vars"), ("env_vars",)):
        node = world.values.tree.at(block)
        for name in node.data if node is not None and isinstance(node.data, dict) else ():
            if _VARIABLE.match(name):
                place = place_in(document, world.values, (*block, name))
                _add_variable(command, engine, name, place)
    expanded = servers[0].expanded
    for one in read_command(expanded.text).assignments if command.get("own") else ():
        span = expanded.span(one.start, one.value.end, document.text) if _VARIABLE.match(one.name) else None
        if span is not None:
            _add_variable(command, engine, one.name, Place(expanded.piece_at(one.start).path, span))


def _add_variable(command: Subject, engine: EngineVersion, name: str, place: Place) -> None:
    answer = engine.variable(name)
    if answer.status == KNOWN:
        return
    command.world.add(
        Subject(
            "server_variable",
            place,
            command.world,
            {
                "name": name,
                "status": answer.status,
                "last": answer.last or ABSENT,
                "engine_name": NAMES.get(engine.engine, engine.engine),
                "version": engine.version or "of this image",
                "replacement": f"; use {answer.replaced}" if answer.replaced else "",
            },
            parent=command,
        )
    )
