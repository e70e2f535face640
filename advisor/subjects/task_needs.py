"""What tasks need beside their name: a tokenizer, judges that answer, tool calls, tokens for gated data, a container.

Sources: nemo-evaluator-launcher 0.2.6 resources/all_tasks_irs.yaml (the commands of the tasks); nemo-evaluator 0.2.8
core/input.py (check_type_compatibility); Model-Optimizer's recipes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from advisor.nel.image import parse_image
from advisor.nel.tasks import Task, container_of, lookup
from advisor.nel.values import ABSENT, Absent, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.scopes import EXTRA, PARAMS, Scope, scopes
from advisor.subjects.subject import Place, Subject, World, is_nothing
from advisor.subjects.tasks import supplied, variable_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.document import Document
    from advisor.nel.context import Context

_ENDINGS = {"chat": "/chat/completions", "completions": "/completions", "embedding": "/embeddings"}
_HF_TOKEN = "HF_TOKEN"
_OFFLINE = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH")
# Harnesses that load a gated data set by its name on the Hub, and what their tasks' names hold then.
_GATED = {
    "lm-evaluation-harness": pattern(r"gpqa"),
    "nemo_skills": pattern(r"ns_(?:gpqa|hle)"),
    "hle": pattern(r""),
}
# Endpoints that only NVIDIA's own keys reach.
_INTERNAL_URL = pattern(r"//inference-api\.nvidia\.com(?:[:/]|\Z)")
_INTERNAL_MODEL = pattern(r"\A(?:nvdev|nvidia/nvdev|gcp|us/azure|azure)/")
# Tasks whose packaged settings name no judge, though nothing else can score them.
_NEED_JUDGE = ("ns_aa_lcr",)
_CHAT_PATH = "/chat/completions"
# What a block of `extra` that names another model is called, and the form of its url by harness.
_OTHERS = ("judge", "user")
_BASE_URLS, _FULL_URLS = ("nemo_skills",), ("tau2_bench",)
_SOFT_FAIL = pattern(r"\s*\+\+server\.enable_soft_fail=(?i:true)\b")
_NO_PARSE = pattern(r"parse_reasoning=(?i:false)\b")
_GYM = pattern(r"(?i)nemo[_-]gym")
_SIF = "GDPVAL_CONTAINER_PATH"


def add_task_needs(world: World, document: Document, context: Context) -> None:
    """Computed attributes of each `task`, and of `deployment` and `evaluation` for their tokens."""
    found = {id(scope.owner): scope for scope in scopes(world)[0].tasks}
    known = [(task, found[id(task)]) for task in world.of("task") if id(task) in found]
    for task, scope in known:
        _describe(task, scope, context)
    evaluation = world.singles["evaluation"]
    evaluation.attributes["limit_is_read"] = lambda: _limit_is_read(known)
    evaluation.attributes["lone_token"] = lambda: _lone_token(world)
    evaluation.attributes["other_sif"] = lambda: _other_sif(world)
    for block in ("deployment", "evaluation"):
        owner = world.singles[block]
        place = owner.place_of(f"env_vars.{_HF_TOKEN}")
        if place is not None:
            evaluation.places["lone_token"] = place
    place = _variable_place(world, _SIF)
    if place is not None:
        evaluation.places["other_sif"] = place


def _describe(task: Subject, scope: Scope, context: Context) -> None:
    packaged = _once(task, context)
    extra = partial(_extra, scope)
    task.attributes.update(
        {
            "other_ending": lambda: _other_ending(task),
            "is_first_elsewhere": lambda: _is_first(task, "other_ending"),
            "others_elsewhere": lambda: _and_others(task, "other_ending"),
            "refuses_endpoint": lambda: _refuses_endpoint(task, packaged()),
            "taken_endpoints": lambda: list(one.endpoints) if (one := packaged()) is not None else ABSENT,
            "lacks_tokenizer": lambda: _lacks_tokenizer(packaged(), extra),
            "is_first_without_tokenizer": lambda: _is_first(task, "lacks_tokenizer"),
            "others_without_tokenizer": lambda: _and_others(task, "lacks_tokenizer"),
            "tokenizer_backend": lambda: extra("tokenizer_backend"),
            "default_judge": lambda: _default_judge(packaged(), scope),
            "lacks_judge": lambda: _lacks_judge(task, scope),
            "misshaped_judge": lambda: _misshaped_judge(task, scope, packaged()),
            "mended_judge_url": lambda: _mended_judge_url(task, scope, packaged()),
            "soft_fail_args": lambda: _soft_fail_args(task, scope),
            "args_without_soft_fail": lambda: _args_without_soft_fail(task, scope),
            "parses_reasoning": lambda: _parses_reasoning(task, scope),
            "args_without_parsing": lambda: f"{extra('args')} ++parse_reasoning=False",
            "calls_tools": lambda: _calls_tools(packaged(), extra),
            "is_gated": lambda: _is_gated(packaged()),
            "token_is_supplied": lambda: _token_is_supplied(task),
            "limit": lambda: scope.value((*PARAMS, "limit_samples")),
            "limit_is_inert": lambda: _limit_is_inert(packaged(), scope),
            "container_is_packaged": lambda: _container_is_packaged(task, packaged()),
            "other_tag": lambda: _other_tag(task, context),
            "is_gym": lambda: _is_gym(task),
            "other_tasks": lambda: sum(1 for _ in task.world.of("task")) - 1,
        }
    )
    for attribute, path in (
        ("tokenizer_backend", (*EXTRA, "tokenizer_backend")),
        ("parses_reasoning", (*EXTRA, "args")),
        ("limit", (*PARAMS, "limit_samples")),
        ("lacks_tokenizer", (*EXTRA, "tokenizer")),
    ):
        place = scope.place(path)
        if place is not None:
            task.places[attribute] = place
    task.places["missing_token"] = Place(variable_path(task.world, _HF_TOKEN), task.place.span)


def _once(task: Subject, context: Context) -> Callable[[], Task | None]:
    """The packaged task, looked up when it is first asked for."""
    found: list[Task | None] = []

    def packaged() -> Task | None:
        if not found:
            found.append(_packaged(task, context))
        return found[0]

    return packaged


def _packaged(task: Subject, context: Context) -> Task | None:
    """The packaged task; None where it is not known."""
    name, container = task.get("name"), task.get("container")
    if not isinstance(name, str) or isinstance(container, Unknown):
        return None
    return lookup(name, str(container) if container else None, context.nel_version).task


def _extra(scope: Scope, name: str) -> Value:
    return scope.value((*EXTRA, *name.split(".")))


def _other_ending(task: Subject) -> Value:
    """The end of the hosted endpoint's url, where it is that of another kind of requests than the task makes."""
    if task.world.values.at(("deployment", "type")) != "none":
        return ABSENT
    url, endpoint = task.world.values.at(("target", "api_endpoint", "url")), task.get("endpoint")
    wanted = _ENDINGS.get("chat" if endpoint == "vlm" else str(endpoint))
    if not isinstance(url, str) or wanted is None:
        return ABSENT
    path = url.partition("?")[0].rstrip("/")
    ending = next((one for one in _ENDINGS.values() if path.endswith(one)), None)
    place = task.world.singles["target"].place_of("api_endpoint.url")
    if place is not None:
        task.places["other_ending"] = place
    return ending if ending is not None and ending != wanted else ABSENT


def _with(task: Subject, attribute: str) -> list[Subject]:
    """All tasks of which an attribute holds."""
    return [
        one for one in task.world.of("task") if not isinstance(value := one.get(attribute), Unknown | Absent) and value
    ]


def _is_first(task: Subject, attribute: str) -> bool:
    """Whether a task speaks for all of which an attribute holds: they have one cause."""
    return next(iter(_with(task, attribute)), None) is task


def _and_others(task: Subject, attribute: str) -> str:
    more = len(_with(task, attribute)) - 1
    return f" (and so for {more} more)" if more > 0 else ""


def _refuses_endpoint(task: Subject, packaged: Task | None) -> Value:
    """Whether the task's container refuses the endpoint type that the config names."""
    own = task.get("endpoint_type")
    if packaged is None or not isinstance(own, str) or not own or "vlm" in packaged.endpoints:
        return ABSENT
    return own in _ENDINGS and own not in packaged.endpoints


def _lacks_tokenizer(packaged: Task | None, extra: partial[Value]) -> Value:
    if packaged is None or not packaged.needs_tokenizer:
        return ABSENT
    given, args = extra("tokenizer"), extra("args")
    if isinstance(given, Unknown) or isinstance(args, Unknown):
        return Unknown("it is not known whether there is one")
    return is_nothing(given) and "tokenizer" not in str(args)


def _default_judge(packaged: Task | None, scope: Scope) -> Value:
    """The other model that a task calls by its own default, where only NVIDIA reaches that."""
    if packaged is None:
        return ABSENT
    own = scope.merged.at(EXTRA)
    plain = own.plain() if own is not None else {}
    for service in packaged.services(plain if isinstance(plain, dict) else {}):
        block = scope.merged.at((*EXTRA, service.name))
        set_here = (
            isinstance(block.data, dict) and {"url", "model_id"} & set(block.data) if block is not None else False
        )
        if set_here or service.url is None:
            continue
        if _INTERNAL_URL.search(service.url) or _INTERNAL_MODEL.search(service.model or ""):
            return f"{service.name}, {service.model} at {service.url}"
    return ABSENT


def _lacks_judge(task: Subject, scope: Scope) -> Value:
    """Whether a task whose answers only a judge can score is given none."""
    name, url = task.get("name"), scope.value((*EXTRA, "judge", "url"))
    if not isinstance(name, str) or name.rpartition(".")[2] not in _NEED_JUDGE:
        return ABSENT
    return Unknown("the judge is not known") if isinstance(url, Unknown) else is_nothing(url)


def _judge_at(task: Subject, scope: Scope, packaged: Task | None) -> tuple[str, str] | None:
    """(block, url) of the first other model whose url has the wrong end for its harness."""
    harness = packaged.harness if packaged is not None else "nemo_skills" if _is_ns(task) else ""
    for block in _OTHERS:
        url = scope.value((*EXTRA, block, "url"))
        if not isinstance(url, str) or not url.startswith("http") or "<" in url:
            continue
        ends = url.rstrip("/").endswith(_CHAT_PATH)
        if (harness in _BASE_URLS and ends) or (harness in _FULL_URLS and not ends):
            return block, url
    return None


def _is_ns(task: Subject) -> bool:
    name = task.get("name")
    return isinstance(name, str) and name.rpartition(".")[2].startswith("ns_")


def _misshaped_judge(task: Subject, scope: Scope, packaged: Task | None) -> Value:
    found = _judge_at(task, scope, packaged)
    if found is None:
        return ABSENT
    place = scope.place((*EXTRA, found[0], "url"))
    if place is not None:
        task.places["misshaped_judge"] = place
    return f"{found[0]}.url {found[1]}"


def _mended_judge_url(task: Subject, scope: Scope, packaged: Task | None) -> Value:
    found = _judge_at(task, scope, packaged)
    if found is None:
        return ABSENT
    url = found[1].rstrip("/")
    if url.endswith(_CHAT_PATH):
        return url.removesuffix(_CHAT_PATH)
    return f"{url}{_CHAT_PATH}" if url.endswith("/v1") else ABSENT


def _soft_fail_at(task: Subject, scope: Scope) -> tuple[tuple[str, ...], str] | None:
    if not _is_ns(task) or task.world.values.at(("deployment", "type")) == "none":
        return None
    for name in (("args",), ("judge", "args")):
        value = scope.value((*EXTRA, *name))
        if name == ("args",) and isinstance(value, str) and _SOFT_FAIL.search(value):
            return name, value
    return None


def _soft_fail_args(task: Subject, scope: Scope) -> Value:
    found = _soft_fail_at(task, scope)
    if found is None:
        return ABSENT
    place = scope.place((*EXTRA, *found[0]))
    if place is not None:
        task.places["soft_fail_args"] = place
    return found[1]


def _args_without_soft_fail(task: Subject, scope: Scope) -> Value:
    found = _soft_fail_at(task, scope)
    return _SOFT_FAIL.sub("", found[1]).strip() if found is not None else ABSENT


def _parses_reasoning(task: Subject, scope: Scope) -> Value:
    """Whether a config's own args drop the switch that this task's packaged ones have."""
    name, args = task.get("name"), scope.value((*EXTRA, "args"))
    if not isinstance(name, str) or name.rpartition(".")[2] != "ns_omniscience" or not isinstance(args, str):
        return ABSENT
    return _NO_PARSE.search(args) is None


def _calls_tools(packaged: Task | None, extra: partial[Value]) -> Value:
    """Whether the task works only with a server that parses tool calls."""
    if packaged is None:
        return ABSENT
    return packaged.harness == "tau2_bench" or (packaged.harness == "bfcl" and extra("native_calling") is True)


def _is_gated(packaged: Task | None) -> bool:
    names = _GATED.get(packaged.harness) if packaged is not None else None
    return names is not None and packaged is not None and names.search(packaged.name) is not None


def _token_is_supplied(task: Subject) -> Value:
    answers = [supplied(task.world, task.node, name) for name in (_HF_TOKEN, *_OFFLINE)]
    if any(one is True for one in answers):
        return True
    return next((one for one in answers if isinstance(one, Unknown)), False)


def _limit_is_inert(packaged: Task | None, scope: Scope) -> Value:
    limit = scope.value((*PARAMS, "limit_samples"))
    if packaged is None or is_nothing(limit) or isinstance(limit, Unknown):
        return ABSENT
    return "limit_samples" not in packaged.params


def _limit_is_read(known: list[tuple[Subject, Scope]]) -> bool:
    """Whether a task reads limit_samples; one that is not known may."""
    return not known or any(task.get("limit_is_inert") is not True for task, _ in known)


def _container_is_packaged(task: Subject, packaged: Task | None) -> Value:
    own = task.get("container")
    return isinstance(own, str) and packaged is not None and own == packaged.container


def _container(task: Subject, context: Context) -> str | None:
    """The image of a task's harness: its own, else the packaged one."""
    own = task.get("container")
    if isinstance(own, str) and own:
        return own
    packaged = _packaged(task, context) if is_nothing(own) else None
    return container_of(packaged.harness, context.nel_version) if packaged is not None else None


def _other_tag(task: Subject, context: Context) -> Value:
    """The image of an earlier task, where it is this one's with another tag."""
    if not any(isinstance(one.get("container"), str) for one in task.world.of("task")):
        return ABSENT
    mine = _container(task, context)
    if mine is None or "<" in mine:
        return ABSENT
    image = parse_image(mine)
    for other in task.world.of("task"):
        if other is task:
            return ABSENT
        theirs = _container(other, context)
        if theirs is not None and theirs != mine and "<" not in theirs:
            earlier = parse_image(theirs)
            if (earlier.registry, earlier.repository) == (image.registry, image.repository):
                return theirs
    return ABSENT


def _is_gym(task: Subject) -> bool:
    return any(
        isinstance(one, str) and _GYM.search(one) is not None for one in (task.get("name"), task.get("container"))
    )


def _lone_token(world: World) -> Value:
    """The stage that has no token of the Hub while the other one has one and both load from it."""
    values = world.values
    if values.at(("deployment", "type")) in ("none", ABSENT) or _has(world, ()):
        return ABSENT
    serves, scores = _has(world, ("deployment",)), _has(world, ("evaluation",))
    handle = values.at(("deployment", "hf_model_handle"))
    if serves and not scores:
        return "evaluation"
    return "deployment" if scores and not serves and isinstance(handle, str) else ABSENT


def _has(world: World, section: tuple[str, ...]) -> bool:
    """Whether an env_vars block of a section gives the token on; the evaluation's may stand in its tasks."""
    if not isinstance(world.values.at((*section, "env_vars", _HF_TOKEN)), type(ABSENT)):
        return True
    if section != ("evaluation",):
        return False
    return any(task.get(f"env_vars.{_HF_TOKEN}") is not ABSENT for task in world.of("task"))


def _variable_place(world: World, name: str) -> Place | None:
    for owner in (*world.of("task"), world.singles["evaluation"], world.singles["config"]):
        place = owner.place_of(f"env_vars.{name}")
        if place is not None:
            return place
    return None


def _other_sif(world: World) -> Value:
    """The sandbox image that is mounted, where the variable names another one."""
    place = _variable_place(world, _SIF)
    if place is None:
        return ABSENT
    wanted = world.values.at(place.path)
    if not isinstance(wanted, str) or not wanted.startswith("lit:"):
        return ABSENT
    path = wanted.removeprefix("lit:")
    mounted = _mounted_sifs(world)
    return mounted[0] if mounted and path not in mounted else ABSENT


def _mounted_sifs(world: World) -> list[str]:
    """Paths inside of the evaluation's container at which single images are mounted."""
    mounts = world.values.at(("execution", "mounts", "evaluation"))
    targets = [str(target) for target in mounts.values()] if isinstance(mounts, dict) else []
    docker = world.values.at(("execution", "extra_docker_args"))
    words = docker.split() if isinstance(docker, str) else []
    targets += [word.split(":")[1] for word in words if word.count(":") >= 1]
    return [target.partition(":")[0] for target in targets if target.partition(":")[0].endswith(".sif")]
