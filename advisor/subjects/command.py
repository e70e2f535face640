"""Every start of a server in the deployment's command, and what its flags add up to."""

from __future__ import annotations

from functools import lru_cache

from advisor.nel.command import Serve, read_arguments, read_command
from advisor.nel.engine import EngineVersion, engine_version
from advisor.nel.engine_table import KNOWN, UNCHECKED
from advisor.nel.expanded import Expanded, expand
from advisor.nel.flags import Arguments, Flag, parse_flags
from advisor.nel.image import SGLANG, TRTLLM, VLLM
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.records import NamedTuple
from advisor.subjects.server_image import image_of
from advisor.subjects.subject import Attribute, Place, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.subjects.subject import World

COMMAND: Path = ("deployment", "command")
EXTRA_ARGS: Path = ("deployment", "extra_args")
NAMES = {VLLM: "vLLM", SGLANG: "SGLang", TRTLLM: "TensorRT-LLM"}
# The same setting's flag in each engine.
TENSOR = {VLLM: "--tensor-parallel-size", SGLANG: "--tp-size", TRTLLM: "--tp_size"}
PIPELINE = {VLLM: "--pipeline-parallel-size", SGLANG: "--pp-size", TRTLLM: "--pp_size"}
DATA = {VLLM: "--data-parallel-size", SGLANG: "--dp-size"}
CONTEXT_LENGTH = {VLLM: "--max-model-len", SGLANG: "--context-length", TRTLLM: "--max_seq_len"}
_KV_CACHE = "--kv-cache-dtype"
DEFAULT_PORT = {VLLM: 8000, SGLANG: 30000, TRTLLM: 8000}
DEFAULT_HOST = {SGLANG: "127.0.0.1", TRTLLM: "localhost"}
# vLLM's human_readable_int: small letters are decimal, capitals binary.
_NUMBER = pattern(r"(\d{1,18}(?:\.\d{1,18})?)([kmgKMG]?)\Z")
_SCALE = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "K": 2**10, "M": 2**20, "G": 2**30}


class Server(NamedTuple):
    """One start of a server, its flags read by the rules of the pinned engine version."""

    expanded: Expanded
    serve: Serve
    engine: EngineVersion
    arguments: Arguments


def read_servers(world: World) -> tuple[Server, ...]:
    """Every server that the deployment's command starts; () where none is known."""
    deployment = world.singles["deployment"]
    kind, alone = str(deployment.get("type")), world.singles["execution"].get("type") == "lepton"
    expanded = None if alone and kind not in (VLLM, SGLANG) else expand(world.values, EXTRA_ARGS if alone else COMMAND)
    if expanded is None:
        return ()
    image = image_of(deployment)
    engine, version = (image.engine, image.version) if image else (None, None)
    found = _read_text(expanded.text, kind, engine, version, alone=alone)
    return tuple(Server(expanded, *one) for one in found)


@lru_cache(maxsize=64)
def _read_text(
    text: str, kind: str, of_image: str | None, version: str | None, *, alone: bool
) -> tuple[tuple[Serve, EngineVersion, Arguments], ...]:
    """The servers that a text starts, or is `alone` the arguments of: an editor asks for the same text all day."""
    serves = [read_arguments(text)] if alone else [*read_command(text).serves]
    found = []
    for serve in serves:
        if serve is None:
            continue
        engine = serve.engine or kind
        known = engine_version(engine, version if of_image == engine else None)
        found.append((serve, known, parse_flags(serve, known)))
    return tuple(found)


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
        "kv_cache_type": lambda: kv_cache_type(servers),
        "parses_tool_calls": lambda: parses_tool_calls(servers),
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


def kv_cache_type(servers: tuple[Server, ...]) -> Value:
    """What --kv-cache-dtype says, `auto` where it is not given; Unknown for what the engine's version does not have."""
    found = [_kv_cache_type(server) for server in servers]
    agree = found and all(one == found[0] for one in found)
    return found[0] if agree else Unknown("the servers are not known, or differ")


def _kv_cache_type(server: Server) -> Value:
    flag = server.arguments.get(_KV_CACHE)
    if flag is None:
        return "auto" if server.arguments.complete else Unknown("a shell may add flags", None)
    if not flag.known or not flag.value:
        return Unknown("a shell tells the KV cache's type")
    is_one = server.engine.value(_KV_CACHE, flag.value).status in (KNOWN, UNCHECKED)
    return flag.value if is_one else Unknown("the engine has no such type of KV cache")


def parses_tool_calls(servers: tuple[Server, ...]) -> Value:
    """Whether the servers are told to parse tool calls."""
    if not servers or servers[0].engine.engine not in (VLLM, SGLANG):
        return Unknown("the server is not known", None)
    names = ["--tool-call-parser", *(["--enable-auto-tool-choice"] if servers[0].engine.engine == VLLM else [])]
    answers = [given(servers, name) for name in names]
    if any(isinstance(one, Unknown) for one in answers):
        return Unknown("a shell may add flags", None)
    return all(one is True for one in answers)


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


# The flags that computed attributes stand at.
_PLACED = {
    "tensor_parallel": TENSOR,
    "data_parallel": DATA,
    "pipeline_parallel": PIPELINE,
    "context_length": CONTEXT_LENGTH,
    "max_num_seqs": {VLLM: "--max-num-seqs"},
    "ports": dict.fromkeys(NAMES, "--port"),
    "host": dict.fromkeys(NAMES, "--host"),
}


def command_place(servers: tuple[Server, ...], document: Document, name: str) -> Place | None:
    """Where the value of an attribute stands in the text; with `_flag` behind its name, the flag as a whole."""
    by_engine = _PLACED.get(name.removesuffix("_flag"), {})
    for server in servers:
        flag = server.arguments.get(by_engine.get(server.engine.engine, "")) if by_engine else None
        if flag is None:
            continue
        start, end = flag.value_span or flag.span
        span = server.expanded.span(start, end, document.text) if end else None
        if span is None:
            continue
        if not name.endswith("_flag"):
            return Place(server.expanded.piece_at(start).path, span)
        path = (*server.expanded.piece_at(flag.span[0]).path, flag.written)
        return Place(path, server.expanded.span(*flag.span, document.text) or span)
    return None
