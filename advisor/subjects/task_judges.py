"""The other models that a task calls, its judge first of all, and what its harness's args make of answers.

Source: nemo-evaluator-launcher 0.2.6 resources/all_tasks_irs.yaml (the commands); Model-Optimizer's recipes.
"""

from __future__ import annotations

from advisor.nel.effective import children
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.scopes import EXTRA
from advisor.subjects.subject import is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.nel.tasks import Service
    from advisor.subjects.subject import Place
    from advisor.subjects.task_view import TaskView

_ARGS = (*EXTRA, "args")
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


def _default_judge(view: TaskView) -> Value:
    """The other model that a task calls by its own default, where only NVIDIA reaches that."""
    if view.packaged is None:
        return ABSENT
    own = view.scope.at(EXTRA) if view.names_models else None
    plain = own.plain() if own is not None else None
    for service in view.packaged.services(plain if isinstance(plain, dict) else None):
        if service.url is None or not _is_internal(service):
            continue
        if not {"url", "model_id"} & children(view.scope.at((*EXTRA, service.name))).keys():
            role = "user simulator" if service.name == "user" else service.name
            return f"{role}, {service.model} at {service.url}"
    return ABSENT


def _is_internal(service: Service) -> bool:
    return bool(_INTERNAL_URL.search(service.url or "") or _INTERNAL_MODEL.search(service.model or ""))


def _lacks_judge(view: TaskView) -> Value:
    """Whether a task whose answers only a judge can score is given none."""
    if view.bare_name not in _NEED_JUDGE:
        return ABSENT
    url = view.scope.value((*EXTRA, "judge", "url"))
    return Unknown("the judge is not known") if isinstance(url, Unknown) else is_nothing(url)


def _judge_at(view: TaskView) -> tuple[str, str] | None:
    """(block, url) of the first other model whose url has the wrong end for its harness."""
    harness = view.packaged.harness if view.packaged is not None else "nemo_skills" if _is_ns(view) else ""
    if harness not in _BASE_URLS + _FULL_URLS or not view.names_models:
        return None
    for block in _OTHERS:
        url = view.scope.value((*EXTRA, block, "url"))
        if not isinstance(url, str) or not url.startswith("http") or "<" in url:
            continue
        if url.rstrip("/").endswith(_CHAT_PATH) is (harness in _BASE_URLS):
            return block, url
    return None


def _is_ns(view: TaskView) -> bool:
    return view.bare_name.startswith("ns_")


def _misshaped_judge(view: TaskView) -> Value:
    found = _judge_at(view)
    return f"{found[0]}.url {found[1]}" if found is not None else ABSENT


def misshaped_judge_place(view: TaskView) -> Place | None:
    found = _judge_at(view)
    return view.scope.place((*EXTRA, found[0], "url")) if found is not None else None


def _mended_judge_url(view: TaskView) -> Value:
    found = _judge_at(view)
    if found is None:
        return ABSENT
    url = found[1].rstrip("/")
    if url.endswith(_CHAT_PATH):
        return url.removesuffix(_CHAT_PATH)
    return f"{url}{_CHAT_PATH}" if url.endswith("/v1") else ABSENT


def _soft_fail_args(view: TaskView) -> Value:
    """The args with soft failing, where a server of one's own answers."""
    if not _is_ns(view) or view.world.values.at(("deployment", "type")) == "none":
        return ABSENT
    args = view.scope.value(_ARGS)
    return args if isinstance(args, str) and _SOFT_FAIL.search(args) is not None else ABSENT


def _args_without_soft_fail(view: TaskView) -> Value:
    args = _soft_fail_args(view)
    return _SOFT_FAIL.sub("", args).strip() if isinstance(args, str) else ABSENT


def _parses_reasoning(view: TaskView) -> Value:
    """Whether a config's own args drop the switch that this task's packaged ones have."""
    if view.bare_name != "ns_omniscience":
        return ABSENT
    args = view.scope.value(_ARGS)
    return _NO_PARSE.search(args) is None if isinstance(args, str) else ABSENT


# What rules ask of a `task`.
JUDGE_ATTRIBUTES: dict[str, Callable[[TaskView], Value]] = {
    "default_judge": _default_judge,
    "lacks_judge": _lacks_judge,
    "misshaped_judge": _misshaped_judge,
    "mended_judge_url": _mended_judge_url,
    "soft_fail_args": _soft_fail_args,
    "args_without_soft_fail": _args_without_soft_fail,
    "parses_reasoning": _parses_reasoning,
    "args_without_parsing": lambda view: f"{view.scope.value(_ARGS)} ++parse_reasoning=False",
}
