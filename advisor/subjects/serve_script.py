"""The serve command as a shell script: what it reads, what of it runs where."""

from __future__ import annotations

import re

from advisor.nel.command import read_command
from advisor.nel.expanded import expand
from advisor.nel.values import ABSENT, Value
from advisor.nel.words import split_commands
from advisor.patterns import pattern
from advisor.subjects.subject import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.effective import Effective
    from advisor.subjects.subject import Attribute, Subject

# Where the launcher mounts deployment.checkpoint_path.
CHECKPOINT = pattern(r"(?<![\w./-])/checkpoint(?![\w.-])")
_SELECT_HANDLE = pattern(r"\$\{select_not_null:\s*deployment\.hf_model_handle\s*,[^}]*\}")
_HANDLE = pattern(r"\$\{(?:deployment\.|\.)hf_model_handle\}")
_BASE_COMMAND = pattern(r"\$\{(?:deployment\.|\.)base_command\}")
# A line break that ends a command for a shell.
_BREAK = pattern(r"(?<!\\)\s*\n\s*(?=\S)")
_ENGINE_VARIABLE = pattern(r"(?:VLLM|SGLANG|SGL|TRTLLM|TLLM|NIM|HF|NCCL|TORCH|CUDA|FLASHINFER|TRITON)_")
# The fields that only the shipped commands interpolate.
COMMAND_FIELDS = (
    "tensor_parallel_size",
    "pipeline_parallel_size",
    "data_parallel_size",
    "gpu_memory_utilization",
    "extra_args",
)


def script_attributes(deployment: Subject, document: Document) -> dict[str, Attribute]:
    return {
        "own_command": lambda: own_command(deployment),
        "script": lambda: script(deployment),
        "serves_handle": lambda: _script_has(deployment, _SELECT_HANDLE, _HANDLE),
        "serves_checkpoint": lambda: serves_checkpoint(deployment, document),
        "needs_checkpoint": lambda: serves_checkpoint(deployment, document) or _script_has(deployment, _SELECT_HANDLE),
        "script_with_handle": lambda: script_with_handle(deployment),
        "dead_fields": lambda: dead_fields(deployment, document),
        "has_dead_fields": lambda: deployment.get("dead_fields") not in ([], ABSENT),
        "reads_extra_args": lambda: reads_extra_args(deployment),
        "extra_args_break": lambda: extra_args_break(deployment),
        "extra_args_on_one_line": lambda: _BREAK.sub(" ", str(deployment.get("extra_args"))).strip(),
        "joined_extra_args": lambda: joined(deployment.get("extra_args")),
        "extra_args_is_null": lambda: deployment.get("extra_args") is None,
        "server_variables_in_script": lambda: variables_in_script(deployment, document),
        "has_server_variables_in_script": lambda: deployment.get("server_variables_in_script") != [],
        "commands_on_host": lambda: commands_on_host(deployment),
        "ends_in_line_break": lambda: ends_in_line_break(deployment, document),
        "last_text": lambda: last_text(deployment),
        "first_word_is_variable": lambda: starts_with_variable(deployment),
    }


def is_own(node: Effective | None) -> bool:
    """Whether a value is a person's, not a default of a shipped group."""
    return node is not None and not node.origin.source.startswith("the default of")


def own_command(deployment: Subject) -> bool:
    """Whether the command is not that of the shipped group."""
    command = deployment.find("command")
    if is_own(command):
        return True
    raw = command.data if command is not None else None
    return isinstance(raw, str) and bool(_BASE_COMMAND.search(raw)) and is_own(deployment.find("base_command"))


def script(deployment: Subject) -> Value:
    """The serve command with its interpolations left as text, but for the shipped one's `base_command`."""
    command, base = deployment.find("command"), deployment.find("base_command")
    if command is None or not isinstance(command.data, str):
        return ABSENT
    if base is None or not isinstance(base.data, str):
        return command.data
    inner = base.data
    return _BASE_COMMAND.sub(lambda _: inner, command.data)


def _script_has(deployment: Subject, *patterns: re.Pattern[str]) -> bool:
    text = deployment.get("script")
    return isinstance(text, str) and any(pattern.search(text) for pattern in patterns)


def serves_checkpoint(deployment: Subject, document: Document) -> bool:
    """Whether the command names /checkpoint itself, whatever the handle is; its place with it."""
    text = deployment.get("script")
    if not isinstance(text, str) or not CHECKPOINT.search(_SELECT_HANDLE.sub("", text)):
        return False
    expanded = expand(deployment.world.values, ("deployment", "command"))
    found = CHECKPOINT.search(expanded.text) if expanded else None
    span = expanded.span(found.start(), found.end(), document.text) if expanded and found else None
    if expanded and found and span:
        deployment.places["serves_checkpoint"] = Place(expanded.piece_at(found.start()).path, span)
    return True


def script_with_handle(deployment: Subject) -> Value:
    text = deployment.get("command")
    node = deployment.find("command")
    if not isinstance(text, str) or node is None or not isinstance(node.data, str):
        return ABSENT
    return CHECKPOINT.sub("${deployment.hf_model_handle}", node.data)


def dead_fields(deployment: Subject, document: Document) -> Value:
    """The fields a person set beside a command that does not interpolate them, and which nothing else does."""
    if not deployment.get("own_command"):
        return []
    text = deployment.get("script")
    if not isinstance(text, str) or _BASE_COMMAND.search(text):
        return []
    dead = [name for name in COMMAND_FIELDS if _is_dead(deployment, name, text, document)]
    if dead:
        place = deployment.place_of(dead[0])
        if place is not None:
            deployment.places["dead_fields"] = place
    return list(dead)


def _is_dead(deployment: Subject, name: str, text: str, document: Document) -> bool:
    node = deployment.find(name)
    if node is None or not node.origin.key or node.data in (None, ""):
        return False
    used = f".{name}}}"
    return used not in text and used not in document.text


def joined(value: Value) -> Value:
    if not isinstance(value, list) or not all(isinstance(one, str | int | float) for one in value):
        return ABSENT
    return " ".join(str(one) for one in value)


def reads_extra_args(deployment: Subject) -> bool:
    text = deployment.get("script")
    return isinstance(text, str) and re.search(r"\$\{(?:deployment)?\.extra_args\}", text) is not None


def variables_in_script(deployment: Subject, document: Document) -> Value:
    """The engine's variables that a command of the user's own assigns, the first one's place with them."""
    if not deployment.get("own_command"):
        return []
    expanded = expand(deployment.world.values, ("deployment", "command"))
    if expanded is None:
        return []
    found = [one for one in read_command(expanded.text).assignments if _ENGINE_VARIABLE.match(one.name)]
    if found:
        span = expanded.span(found[0].start, found[0].value.end, document.text)
        if span is not None:
            deployment.places["server_variables_in_script"] = Place(("deployment", "command"), span)
    return list(dict.fromkeys(one.name for one in found))


def commands_on_host(deployment: Subject) -> bool:
    """Whether the command is several for the shell that it is pasted into: all but the first run outside of docker."""
    expanded = expand(deployment.world.values, ("deployment", "command"))
    return expanded is not None and len(split_commands(expanded.text)) > 1


def extra_args_break(deployment: Subject) -> bool:
    """Whether a line break in extra_args parts the server's command, with what follows in them or behind them."""
    text = deployment.get("extra_args")
    expanded = expand(deployment.world.values, ("deployment", "command"))
    if not isinstance(text, str) or "\n" not in text or expanded is None:
        return False
    if _BREAK.search(text):
        return True
    last = [piece for piece in expanded.pieces if piece.path == ("deployment", "extra_args")][-1:]
    behind = expanded.text[last[0].start + len(last[0].text) :] if last else ""
    return re.match(r"[ \t]*[^\s;&|'\"]", behind) is not None


def ends_in_line_break(deployment: Subject, document: Document) -> bool:
    """Whether the whole command ends in a line break, with the text that brings it."""
    expanded = expand(deployment.world.values, ("deployment", "command"))
    if expanded is None or not expanded.text.rstrip(" ").endswith("\n"):
        return False
    last = expanded.piece_at(len(expanded.text.rstrip(" ")) - 1)
    span = expanded.span(last.start, last.start + len(last.text), document.text)
    if span is not None:
        deployment.places["last_text"] = Place(last.path, span)
    return True


def last_text(deployment: Subject) -> Value:
    """The text that the command ends with, without its line break."""
    place = deployment.places.get("last_text")
    node = deployment.world.values.tree.at(place.path) if place else None
    return node.data.rstrip() if node is not None and isinstance(node.data, str) else ABSENT


def starts_with_variable(deployment: Subject) -> bool:
    """Whether what docker runs as a program is an assignment, or `export`."""
    text = deployment.get("script")
    return isinstance(text, str) and re.match(r"\s*(?:export\s|[A-Za-z_]\w*=)", text) is not None
