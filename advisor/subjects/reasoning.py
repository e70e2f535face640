"""What switches a model's reasoning on or off: the system prompt, and what is added to each request."""

from __future__ import annotations

import re

from advisor.nel.effective import children
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.deployment import mounts_below
from advisor.subjects.scopes import ADAPTER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.nodes import Path
    from advisor.nel.effective import Effective
    from advisor.subjects.subject import World

ON, OFF, UNSET = "on", "off", "unset"
# The keys of chat_template_kwargs that the templates of reasoning models read.
TOGGLES = ("enable_thinking", "thinking")
TEMPLATE_KWARGS = "chat_template_kwargs"
# Parameters of a request that say how the model is to reason.
THINKING = (*TOGGLES, "reasoning_effort", "thinking_budget", "thinking_token_budget", "include_reasoning")
_PROMPT_OFF = pattern(r"(?<![\w/])/no_?think\b|\b(?:detailed )?thinking off\b", re.I)
_PROMPT_ON = pattern(r"(?<![\w/])/think\b|\b(?:detailed )?thinking on\b|\breasoning: *(?:low|medium|high)\b", re.I)
_PARSER = pattern(r"--reasoning[-_]parser(?=[\s=]|$)")
PLUGINS = ("--reasoning-parser-plugin", "--tool-parser-plugin")
_SERVER = pattern(r"\bvllm\b|\bsglang\b|trtllm-serve")
_INSTRUCT = pattern(r"[-_]instruct\b|[-_]it\b", re.I)
_REASONING_NAME = pattern(r"think|reason|nemotron|[-_]r1\b|qwq|hybrid|hermes", re.I)


def prompt_switch(text: Value) -> Value:
    """`on` or `off` where a system prompt holds a reasoning switch; ABSENT where it holds none, or both."""
    if not isinstance(text, str):
        return Unknown(text.reason, None) if isinstance(text, Unknown) else ABSENT
    off, on = _PROMPT_OFF.search(text), _PROMPT_ON.search(text)
    if bool(off) == bool(on):
        return ABSENT
    return OFF if off else ON


def toggles(added: Effective | None, base: Path) -> dict[str, Path]:
    """The toggles in a block of parameters to add that stands at `base`, each with its path."""
    found: dict[str, Path] = {}
    if added is None:
        return found
    for path in ((TEMPLATE_KWARGS,), ("extra_body", TEMPLATE_KWARGS)):
        for name in children(added.at(path)):
            if name in TOGGLES:
                found.setdefault(name, (*base, *path, name))
    return found


def interceptor(items: list[Effective], name: str) -> tuple[Path, Effective | None]:
    """The first enabled interceptor of a name in the list; ((), None) where there is none."""
    for index, item in enumerate(items):
        enabled = item.child("enabled")
        if interceptor_name(item) == name and (enabled is None or enabled.data is not False):
            return (*ADAPTER, "interceptors", index), item
    return (), None


def interceptor_name(item: Effective) -> str | None:
    """The name of an item of `interceptors`, which may be a mapping or the name alone."""
    name = item.data if isinstance(item.data, str) else None
    named = item.child("name")
    return named.data if named is not None and isinstance(named.data, str) else name


def direction(values: list[Value]) -> Value:
    """Where toggles point: on, off, unset where there are none; Unknown where they disagree or are not known."""
    known = {ON if value is True else OFF if value is False else None for value in values}
    if not known:
        return UNSET
    if None in known or len(known) > 1:
        return Unknown("its toggles are not known or disagree")
    return ON if ON in known else OFF


def model_name(world: World) -> Value:
    """What names the model: where it is loaded from, what it is served as, or which one is asked for."""
    deployment, target = world.singles["deployment"], world.singles["target"]
    names = [deployment.get(key) for key in ("hf_model_handle", "checkpoint_path", "served_model_name", "image")]
    names.append(target.get("api_endpoint.model_id"))
    texts = [name for name in names if isinstance(name, str)]
    return " ".join(texts) if texts else Unknown("the model is not named")


def template_key(world: World) -> Value:
    """Which toggle the model's chat template reads: the one on disk, else that of its family."""
    from advisor.subjects.served_model import checkpoint_of, served_in

    checkpoint = checkpoint_of(world.singles["deployment"])
    read = checkpoint.get("template_toggles") if checkpoint is not None else None
    if isinstance(read, list):
        found = [name for name in TOGGLES if name in read]
        return found[0] if len(found) == 1 else ABSENT
    served = served_in(world)
    return served.family.toggle if served is not None and served.family.toggle in TOGGLES else ABSENT


def is_instruct(world: World) -> Value:
    """Whether the name says that the model follows instructions without reasoning."""
    name = model_name(world)
    return bool(_INSTRUCT.search(name) and not _REASONING_NAME.search(name)) if isinstance(name, str) else name


def plugin_is_provided(world: World, path: Value) -> Value:
    """Whether a file that the server is to load can be in its container: mounted there, or fetched by a command."""
    deployment = world.singles["deployment"]
    pre, command = deployment.get("pre_cmd"), deployment.get("command")
    script = command if isinstance(command, str) else deployment.get("script")
    if not isinstance(path, str) or isinstance(pre, Unknown):
        return Unknown("the path, or what runs before the server, is not known")
    name = path.rpartition("/")[2]
    fetched = [text for text in (pre, script) if isinstance(text, str)]
    if "$" in path or any(name in text.replace(path, "", 1 if text is script else 0) for text in fetched):
        return True
    if path.startswith("/checkpoint/") and deployment.get("checkpoint_path") is not None:
        return True
    return mounts_below(deployment, path)


def server_parses(world: World) -> Value:
    """Whether the server itself takes the trace out of the answer (`--reasoning-parser`)."""
    deployment = world.singles["deployment"]
    if deployment.get("type") not in ("vllm", "sglang", "trtllm", "generic"):
        return Unknown("the server's flags are not here")
    script, extra = deployment.get("script"), deployment.get("extra_args")
    raw = [node.data for key in ("command", "extra_args") if (node := deployment.find(key)) is not None]
    if any(isinstance(text, str) and _PARSER.search(text) for text in (script, extra, *raw)):
        return True
    if _is_split_anyway(world):
        return True
    if not isinstance(script, str) or isinstance(extra, Unknown) or not _SERVER.search(script) or "${oc." in script:
        return Unknown("the serve command is not known")
    return False


def _is_split_anyway(world: World) -> bool:
    """Whether vLLM takes this model's reasoning out without a parser (harmony channels)."""
    from advisor.subjects.served_model import served_in

    served = served_in(world) if world.singles["deployment"].get("type") == "vllm" else None
    return served is not None and served.family.record.get("separates") is True
