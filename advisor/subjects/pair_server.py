"""The server's side of a comparison: the flags of its command that decide what the model answers."""

from __future__ import annotations

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.records import NamedTuple
from advisor.subjects.command import CONTEXT_LENGTH, number_of
from advisor.subjects.pair_side import KV, LEFT_OPEN, LENGTH, PARAMS, REASONING, SERVING, Setting
from advisor.subjects.subject import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from advisor.document.document import Document
    from advisor.nel.flags import Flag
    from advisor.subjects.command import Server
    from advisor.subjects.subject import Subject

LENGTH_NAME = "the context length"
# What each flag decides. All others are speed, memory, parallelism or names.
_ABOUT = {
    "--kv-cache-dtype": KV,
    "--reasoning-parser": REASONING,
    "--reasoning-parser-plugin": REASONING,
    "--default-chat-template-kwargs": REASONING,
    "--chat-template": PARAMS,
    "--generation-config": PARAMS,
    "--override-generation-config": PARAMS,
    "--sampling-defaults": PARAMS,
    "--preferred-sampling-params": PARAMS,
    "--tool-call-parser": SERVING,
    "--enable-auto-tool-choice": SERVING,
    "--dtype": SERVING,
    "--hf-overrides": SERVING,
    "--json-model-override-args": SERVING,
    "--rope-scaling": SERVING,
    "--rope-theta": SERVING,
    "--mamba-ssm-cache-dtype": SERVING,
    "--mamba-ssm-dtype": SERVING,
    "--tokenizer-mode": SERVING,
    "--logits-processors": SERVING,
    "--limit-mm-per-prompt": SERVING,
    "--mm-processor-kwargs": SERVING,
}
_DEFAULTS = {"--kv-cache-dtype": "auto", "--dtype": "auto", "--generation-config": "auto", "--tokenizer-mode": "auto"}
# A context length that the model's files or the memory tell.
_MODELS_OWN = ("auto", "-1")
# What a BF16 model has by default.
_AUTO = {"--dtype": ("bfloat16", "auto")}
# The engines spell the same parser with - or _.
PARSERS = ("--reasoning-parser", "--tool-call-parser")
# What makes another model of the same files.
_SWITCHES = (
    "--quantization", "--kv-cache-dtype", "--revision", "--hf-overrides", "--json-model-override-args",
    "--lora-modules", "--lora-paths", "--load-format", "--torchao-config", "--modelopt-quant",
)  # fmt: skip
_MODEL = pattern(r"/checkpoint/?\Z")


def is_flag(name: str) -> bool:
    """Whether a setting of this name is a flag of the server."""
    return name == LENGTH_NAME or name.startswith("--")


class ServerSide(NamedTuple):
    settings: dict[str, Setting]
    switches: tuple[tuple[str, str], ...]
    complete: bool


def server_side(servers: tuple[Server, ...], document: Document) -> ServerSide:
    """The settings of the servers of one command, which are compared as one."""
    settings: dict[str, Setting] = {}
    for name, about in _ABOUT.items():
        setting = _flag(servers, (name,), about, document)
        if setting is not None:
            settings[name] = setting
    length = _flag(servers, tuple(CONTEXT_LENGTH.values()), LENGTH, document)
    if length is not None:
        settings[LENGTH_NAME] = length
    switches = tuple((name, str(flag.value)) for name in _SWITCHES for flag in _given(servers, name))
    return ServerSide(settings, switches, all(server.arguments.complete for server in servers))


def lacking_flag(name: str, theirs: Setting, *, complete: bool) -> Setting:
    """What counts where a server is not given a flag."""
    if not complete:
        return theirs._replace(value=Unknown("a shell may add flags"), place=None, flag=None, raw="")
    default: Value = LEFT_OPEN if name == LENGTH_NAME else _DEFAULTS.get(name, ABSENT)
    return theirs._replace(value=default, place=None, flag=None, raw="", is_default=default is not ABSENT)


def _given(servers: Iterable[Server], name: str) -> list[Flag]:
    return [flag for server in servers if (flag := server.arguments.get(name)) is not None]


def _flag(servers: tuple[Server, ...], names: tuple[str, ...], about: str, document: Document) -> Setting | None:
    found = [(server, flag) for server in servers for name in names if (flag := server.arguments.get(name)) is not None]
    if not found:
        return None
    server, flag = found[0]
    start, end = flag.value_span or flag.span
    piece = server.expanded.piece_at(start)
    span, whole = server.expanded.span(start, end, document.text), server.expanded.span(*flag.span, document.text)
    written = (*server.expanded.piece_at(flag.name_span[0]).path, flag.written)
    value: Value = _value(flag, about)
    if len(found) < len(servers) or any(_value(other, about) != value for _, other in found):
        value = Unknown("its servers differ")
    raw = flag.value or "" if isinstance(value, Unknown) and len(found) == len(servers) else ""
    return Setting(
        about,
        value,
        Place(piece.path, span) if span else None,
        raw=raw,
        flag=Place(written, whole) if whole else None,
    )


def _value(flag: Flag, about: str) -> Value:
    if not flag.known:
        return Unknown("a shell tells it")
    if flag.value is None:
        return not flag.negated
    if "${" in flag.value or "???" in flag.value:
        return Unknown("it is to be filled in")
    if about == LENGTH:
        return LEFT_OPEN if flag.value in _MODELS_OWN else number_of(flag) or flag.value
    usual, default = _AUTO.get(flag.name, ("", ""))
    return default if flag.value == usual else flag.value


def is_mounted_checkpoint(model: Value) -> bool:
    """Whether a server's model is what NEL mounts for checkpoint_path."""
    return isinstance(model, str) and _MODEL.match(model) is not None


def declared_precision(checkpoint: Subject) -> str:
    """The quantization that a checkpoint's own files declare; '' for none."""
    found = (checkpoint.get(name) for name in ("algo", "method"))
    return next((value for value in found if isinstance(value, str)), "")
