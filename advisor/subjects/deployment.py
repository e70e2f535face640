"""What rules ask of the `deployment` section: what it serves, from where, on how many GPUs.

Sources: nemo-evaluator-launcher 0.2.6 configs/deployment/*.yaml, executors/local and executors/slurm.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from advisor.document.nodes import Mapping
from advisor.nel.command import read_command
from advisor.nel.compose import SHIPPED
from advisor.nel.expanded import expand
from advisor.nel.gpus import gpus_of_gres
from advisor.nel.image import Image, parse_image
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.nel.versions import version_key
from advisor.nel.words import split_commands
from advisor.subjects.subject import Place, is_nothing

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.nel.effective import Effective
    from advisor.subjects.subject import Subject, World

# Where the launcher mounts deployment.checkpoint_path.
CHECKPOINT = re.compile(r"(?<![\w./-])/checkpoint(?![\w.-])")
_SELECT_HANDLE = re.compile(r"\$\{select_not_null:\s*deployment\.hf_model_handle\s*,[^}]*\}")
_HANDLE = re.compile(r"\$\{(?:deployment\.|\.)hf_model_handle\}")
_BASE_COMMAND = re.compile(r"\$\{(?:deployment\.|\.)base_command\}")
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_PLACEHOLDER = re.compile(r"<[^>]*>|/path/to|CHANGE_?ME|your[-_]", re.I)
# A line break that ends a command for a shell.
_BREAK = re.compile(r"(?<!\\)\s*\n\s*(?=\S)")
_GITLAB_PORT = "5005"
_GRACE = re.compile(r"g[bh][23]00|grace|gh100")
_ARM_TAG = re.compile(r"(?:aarch64|arm64)\b")
_ENGINE_VARIABLE = re.compile(r"(?:VLLM|SGLANG|SGL|TRTLLM|TLLM|NIM|HF|NCCL|TORCH|CUDA|FLASHINFER|TRITON)_")
# The fields that only the shipped commands interpolate.
COMMAND_FIELDS = (
    "tensor_parallel_size",
    "pipeline_parallel_size",
    "data_parallel_size",
    "gpu_memory_utilization",
    "extra_args",
)


def add_deployment(world: World, document: Document, context: Context) -> None:
    """Computed attributes of the one `deployment`."""
    deployment = world.singles["deployment"]
    _add_group(deployment, document)
    deployment.attributes.update(
        {
            "has_server": lambda: has_server(deployment),
            "own_command": lambda: own_command(deployment),
            "script": lambda: script(deployment),
            "serves_handle": lambda: _script_has(deployment, _SELECT_HANDLE, _HANDLE),
            "serves_checkpoint": lambda: serves_checkpoint(deployment, document),
            "needs_checkpoint": lambda: (
                serves_checkpoint(deployment, document) or _script_has(deployment, _SELECT_HANDLE)
            ),
            "checkpoint_is_missing": lambda: (
                (node := deployment.find("checkpoint_path")) is not None and node.is_missing
            ),
            "checkpoint_mounted": lambda: mounts_below(deployment, "/checkpoint"),
            "checkpoint_shape": lambda: path_shape(deployment.get("checkpoint_path")),
            "checkpoint_here": lambda: checkpoint_here(deployment),
            "handle_shape": lambda: path_shape(deployment.get("hf_model_handle")),
            "handle_mounted": lambda: mounts_below(deployment, deployment.get("hf_model_handle")),
            "script_with_handle": lambda: script_with_handle(deployment),
            "dead_fields": lambda: dead_fields(deployment, document),
            "has_dead_fields": lambda: deployment.get("dead_fields") not in ([], ABSENT),
            "extra_args_is_null": lambda: deployment.get("extra_args") is None,
            "joined_extra_args": lambda: joined(deployment.get("extra_args")),
            "reads_extra_args": lambda: reads_extra_args(deployment),
            "image_pinned": lambda: image_pinned(deployment),
            "image_source": lambda: "" if _own(deployment.find("image")) else ", the default,",
            "image_without_cuda130": lambda: without_cuda130(deployment),
            "image_without_port": lambda: without_port(deployment),
            "host_is_arm": lambda: host_is_arm(deployment),
            "server_variables_in_script": lambda: variables_in_script(deployment, document),
            "has_server_variables_in_script": lambda: deployment.get("server_variables_in_script") != [],
            "commands_on_host": lambda: commands_on_host(deployment),
            "ends_in_line_break": lambda: ends_in_line_break(deployment, document),
            "last_text": lambda: last_text(deployment),
            "extra_args_break": lambda: extra_args_break(deployment),
            "extra_args_on_one_line": lambda: _BREAK.sub(" ", str(deployment.get("extra_args"))).strip(),
            "first_word_is_variable": lambda: starts_with_variable(deployment),
        }
    )


def _add_group(deployment: Subject, document: Document) -> None:
    """`group` is the shipped group that `defaults` names (vllm_ray keeps the type vllm), with its place there."""
    for loaded in deployment.world.values.composition.loaded:
        entry = loaded.entry
        if loaded.found != SHIPPED or entry.package != "deployment" or not entry.option:
            continue
        deployment.attributes["group"] = entry.option
        item = document.at(("defaults", entry.index))
        if isinstance(item, Mapping):
            deployment.places["group"] = Place(("defaults", entry.index, *item.entries), entry.span)
            deployment.attributes["ray_group"] = "vllm_ray"
            deployment.attributes["plain_group"] = "vllm"
    for name in ("group", "ray_group", "plain_group"):
        deployment.attributes.setdefault(name, ABSENT)


def has_server(deployment: Subject) -> Value:
    kind = deployment.get("type")
    return kind if isinstance(kind, Unknown) else isinstance(kind, str) and kind != "none"


def _own(node: Effective | None) -> bool:
    """Whether a value is a person's, not a default of a shipped group."""
    return node is not None and not node.origin.source.startswith("the default of")


def own_command(deployment: Subject) -> bool:
    """Whether the command is not that of the shipped group."""
    command = deployment.find("command")
    if _own(command):
        return True
    raw = command.data if command is not None else None
    return isinstance(raw, str) and bool(_BASE_COMMAND.search(raw)) and _own(deployment.find("base_command"))


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


def mounts_below(deployment: Subject, path: Value) -> Value:
    """Whether something that the user mounts into the server's container holds a path."""
    if not isinstance(path, str):
        return False
    execution = deployment.world.singles["execution"]
    mounts, docker = execution.get("mounts.deployment"), execution.get("extra_docker_args")
    for value in (mounts, docker):
        if isinstance(value, Unknown):
            return value
    targets = [str(target).partition(":")[0] for target in mounts.values()] if isinstance(mounts, dict) else []
    if isinstance(docker, str):
        targets += [parts[1] for parts in (word.split(":") for word in docker.split()) if len(parts) > 1]
        targets += [
            part.partition("=")[2]
            for word in docker.split()
            for part in word.split(",")
            if part.startswith(("target=", "dst="))
        ]
    if not is_nothing(deployment.get("cache_path")):
        targets.append("/cache")
    return any("$" in target or f"{path}/".startswith(f"{target.rstrip('/')}/") for target in targets)


def path_shape(value: Value) -> Value:
    """What a text looks like: absolute, home (`~/x`), relative (`./x`, `a/b/c`), name (`org/model` or one word), url or
    placeholder."""
    if not isinstance(value, str):
        return value if isinstance(value, Unknown) else ABSENT
    if _PLACEHOLDER.search(value) or not value.strip():
        return "placeholder"
    if "://" in value:
        return "url"
    if value.startswith("/"):
        return "absolute"
    if value.startswith("~"):
        return "home"
    if value.startswith("$"):
        return Unknown("a shell variable", True)
    if value.startswith("."):
        return "relative"
    return "name" if _HUB_NAME.fullmatch(value) else "relative"


def checkpoint_here(deployment: Subject) -> Value:
    """Whether the checkpoint's path exists on this machine; asked only where the job runs on it."""
    path = deployment.get("checkpoint_path")
    if not isinstance(path, str) or deployment.get("checkpoint_shape") != "absolute":
        return ABSENT
    return os.path.exists(path)


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


def image_of(deployment: Subject) -> Image | None:
    """The server's image, None where it is not known."""
    reference = deployment.get("image")
    return parse_image(reference) if isinstance(reference, str) else None


def image_pinned(deployment: Subject) -> Value:
    image, node = image_of(deployment), deployment.find("image")
    if image is None or image.pinned is None or (node is not None and node.masked):
        return Unknown("the image is not known")
    return image.pinned


def without_cuda130(deployment: Subject) -> Value:
    """The image without the `-cu130` that vllm-openai's tags have not had since 0.20.1; ABSENT where it has none."""
    image = image_of(deployment)
    if (
        image is None
        or image.repository != "vllm/vllm-openai"
        or image.registry not in ("", "docker.io")
        or image.digest
    ):
        return ABSENT
    key = version_key(image.version) if image.version else None
    if image.cuda != "130" or key is None or key < (version_key("0.20.1") or key):
        return ABSENT
    return image.reference.replace("-cu130", "")


def without_port(deployment: Subject) -> Value:
    """The image with the port of its registry left out, which enroot takes for a part of the path."""
    image = image_of(deployment)
    if image is None or ":" not in image.registry or image.file or "#" in image.reference:
        return ABSENT
    host, _, port = image.registry.partition(":")
    return image.reference.replace(f"{host}:{port}/", f"{host}/", 1) if port == _GITLAB_PORT else ABSENT


def host_is_arm(deployment: Subject) -> bool:
    """Whether the GPUs asked for, or the server's image, are of a Grace host. False is: not known to be."""
    gres = deployment.world.singles["execution"].get("gres")
    found = gpus_of_gres(gres) if isinstance(gres, str) else None
    if found and _GRACE.search(found[1]):
        return True
    reference = deployment.get("image")
    return isinstance(reference, str) and _ARM_TAG.search(reference) is not None


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
