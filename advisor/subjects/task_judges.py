"""The other models that a task calls, its judge first of all, and what its harness's args make of answers.

Source: nemo-evaluator-launcher 0.2.6 resources/all_tasks_irs.yaml (the commands); Model-Optimizer's recipes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.patterns import pattern
from advisor.subjects.scopes import EXTRA, Scope
from advisor.subjects.subject import Attribute, Subject, is_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.nel.tasks import Task

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


def judge_attributes(task: Subject, scope: Scope, packaged: Callable[[], Task | None]) -> dict[str, Attribute]:
    """Attributes of a `task`, and where its args stand."""
    place = scope.place(_ARGS)
    if place is not None:
        task.places["parses_reasoning"] = place
    return {
        "default_judge": lambda: _default_judge(packaged(), scope),
        "lacks_judge": lambda: _lacks_judge(task, scope),
        "misshaped_judge": lambda: _misshaped_judge(task, scope, packaged()),
        "mended_judge_url": lambda: _mended_judge_url(task, scope, packaged()),
        "soft_fail_args": lambda: _soft_fail_args(task, scope),
        "args_without_soft_fail": lambda: _args_without_soft_fail(task, scope),
        "parses_reasoning": lambda: _parses_reasoning(task, scope),
        "args_without_parsing": lambda: f"{scope.value(_ARGS)} ++parse_reasoning=False",
    }


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
            role = "user simulator" if service.name == "user" else service.name
            return f"{role}, {service.model} at {service.url}"
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


def _soft_fail_args(task: Subject, scope: Scope) -> Value:
    """The args with soft failing, where a server of one's own answers."""
    if not _is_ns(task) or task.world.values.at(("deployment", "type")) == "none":
        return ABSENT
    args = scope.value(_ARGS)
    if not isinstance(args, str) or _SOFT_FAIL.search(args) is None:
        return ABSENT
    place = scope.place(_ARGS)
    if place is not None:
        task.places["soft_fail_args"] = place
    return args


def _args_without_soft_fail(task: Subject, scope: Scope) -> Value:
    args = _soft_fail_args(task, scope)
    return _SOFT_FAIL.sub("", args).strip() if isinstance(args, str) else ABSENT


def _parses_reasoning(task: Subject, scope: Scope) -> Value:
    """Whether a config's own args drop the switch that this task's packaged ones have."""
    name, args = task.get("name"), scope.value(_ARGS)
    if not isinstance(name, str) or name.rpartition(".")[2] != "ns_omniscience" or not isinstance(args, str):
        return ABSENT
    return _NO_PARSE.search(args) is None
