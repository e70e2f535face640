"""What rules ask of the target section beyond its own keys: the endpoint of a model that someone else serves."""

from __future__ import annotations

import re

from advisor.nel.effective import children
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.subject import World

_BASE_URL = pattern(r"\w+://[^/?#\s]+(?P<path>(?:/[\w.-]+)*?(?:/v\d+(?:beta\d*)?)?)/?\Z")
_PATHS = {
    "chat": "chat/completions",
    "completions": "completions",
    "embedding": "embeddings",
    "completions_logprob": "completions",
    "vlm": "chat/completions",
    "ranking": "ranking",
}
_LOCAL = pattern(r"\s*\Z|(?:\w+://)?(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\])(?![\w.-])")
_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def describe_target(world: World, document: Document, context: Context) -> None:
    """Adds computed attributes to `target`."""
    target = world.singles["target"]
    target.attributes |= {
        "lacks": lambda: _lacks(world),
        "url_is_elsewhere": lambda: _is_elsewhere(target.get("api_endpoint.url")),
        "url_with_path": lambda: _url_with_path(world),
        "api_key_is_name": lambda: (
            isinstance(key := target.get("api_endpoint.api_key"), str)
            and _NAME.match(key) is not None
            and key.isupper()
        ),
    }


def _is_elsewhere(url: Value) -> Value:
    """Whether a url leads to a host of someone else's, and not to this machine's or to none."""
    if not isinstance(url, str):
        return url if isinstance(url, Unknown) else False
    return _LOCAL.match(url) is None


def _lacks(world: World) -> Value:
    """Which of url and model_id are not there; '' for none. Null and ??? are there."""
    if world.values.composition.is_open(("target",)):
        return Unknown("a config that is not here may set it")
    endpoint = world.values.tree.at(("target", "api_endpoint"))
    if world.values.tree.child("target") is not None and (endpoint is None or not isinstance(endpoint.data, dict)):
        whole = world.values.tree.child("target")
        if whole is not None and not isinstance(whole.data, dict):
            return ""
        if endpoint is not None:
            return ""
    keys = children(endpoint)
    return " and ".join(f"target.api_endpoint.{name}" for name in ("url", "model_id") if name not in keys)


def _url_with_path(world: World) -> Value:
    """The url with the path that the tasks ask for, where it ends at the host or at /v1; ABSENT for any other, which is
    used as it is."""
    url = world.values.at(("target", "api_endpoint", "url"))
    if not isinstance(url, str):
        return ABSENT
    nested = world.values.at(("evaluation", "nemo_evaluator_config", "target", "api_endpoint", "url"))
    match = _BASE_URL.match(url)
    if match is None or nested:
        return ABSENT
    path = match["path"]
    versioned = re.search(r"/v\d+(?:beta\d*)?\Z", path)
    if path and not versioned:
        return ABSENT
    endpoints = [task.get("endpoint") for task in world.of("task")]
    kinds = {_PATHS[endpoint] for endpoint in endpoints if isinstance(endpoint, str) and endpoint in _PATHS}
    if len(kinds) != 1:
        kinds = {"chat/completions"}
    return f"{url.rstrip('/')}{'' if versioned else '/v1'}/{kinds.pop()}"
