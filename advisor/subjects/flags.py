"""What the pinned engine version says of one flag, and what the deployment says beside it."""

from __future__ import annotations

from advisor.nel.engine import EngineVersion
from advisor.nel.engine_table import KNOWN, REMOVED, UNCHECKED, ValueAnswer
from advisor.nel.flags import Flag
from advisor.nel.image import SGLANG, VLLM
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.command import DATA, EXTRA_ARGS, NAMES, PIPELINE, TENSOR, Server
from advisor.subjects.subject import Attribute, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

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
_SIMPLE_REPLACEMENT = pattern(r"(--[\w.-]+)(?P<value>[ =][\w.-]+)?\Z")


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
        "unwanted_value": lambda: unwanted_value(server, flag) if certain else ABSENT,
        "lacks_value": certain and flag.missing and answer.status == KNOWN and server.serve.complete,
        **_replacement(flag),
        **_repeats(command, server, flag),
        **_value_attributes(command, server, flag, certain),
    }


def meant(engine: EngineVersion, flag: Flag) -> str | None:
    """The engine's flag that an unknown one stands for."""
    other = _MEANT.get(engine.engine, {}).get(flag.written.replace("_", "-"))
    return other or engine.nearest_flag(flag.written)


def unwanted_value(server: Server, flag: Flag) -> Value:
    """What is given to a flag that takes nothing: behind its `=`, or a word that belongs to no flag."""
    if flag.answer.status != KNOWN or not (flag.negated or flag.answer.nargs == 0):
        return ABSENT
    if flag.value is not None:
        return flag.value
    following = next((word for word in server.serve.words if word.start >= flag.span[1]), None)
    return following.text if following is not None and following in server.arguments.stray else ABSENT


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
    field = _FIELDS.get(flag.name)
    if field is None or server.expanded.piece_at(flag.name_span[0]).path != EXTRA_ARGS:
        return {"repeats": ABSENT}
    others = [one for one in server.arguments.all(flag.name) if one is not flag and one.key == flag.key]
    stock = [one for one in others if server.expanded.piece_at(one.name_span[0]).path != EXTRA_ARGS]
    if not stock:
        return {"repeats": ABSENT}
    first = stock[0]
    if first.known and len(flag.values) > 1 and first.value in flag.values:
        # vLLM takes several names for a model; one more than the field's is another.
        return {"repeats": ABSENT}
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
        if "<" in value or "$" in value or "???" in value:
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
