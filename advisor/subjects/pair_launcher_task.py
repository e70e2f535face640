"""One task of a launcher config as a side of a comparison: what its container gets after the merge."""

from __future__ import annotations

from functools import partial

from advisor.nel.benchmarks import benchmark_of
from advisor.nel.image import parse_image
from advisor.nel.tasks import container_of, lookup
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.adapter_places import adapter_place
from advisor.subjects.adapter_view import view_of
from advisor.subjects.pair_extra import about_extra
from advisor.subjects.pair_side import (
    LEFT_OPEN,
    PARAMS,
    REASONING,
    REPEATS,
    TASKS,
    Setting,
    TaskSide,
    given,
    leaves_below,
    raw_text,
)
from advisor.subjects.reasoning import OFF, ON, TEMPLATE_KWARGS, THINKING
from advisor.subjects.scopes import ADAPTER, EXTRA, GLOBAL, PASS_THROUGH
from advisor.subjects.scopes import PARAMS as PARAMS_PATH
from advisor.subjects.subject import Place, is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.nodes import Data, Path
    from advisor.nel.context import Context
    from advisor.nel.tasks import Task
    from advisor.subjects.scopes import Scope
    from advisor.subjects.subject import Subject

# Fields of config.params that decide a score; the others say how fast, and for how long.
_PARAMS = {
    "temperature": PARAMS,
    "top_p": PARAMS,
    "max_new_tokens": PARAMS,
    "limit_samples": REPEATS,
    "task": TASKS,
}
_REQUESTS = ("params_to_remove", "params_to_rename")
_TRACES = ("start_reasoning_token", "end_reasoning_token", "include_if_reasoning_not_finished")
_PROMPT, _STRIPS = "the system prompt", "process_reasoning_traces"
_OWN_KEYS = {"container": TASKS, "endpoint_type": TASKS}


def task_side(scope: Scope, context: Context) -> TaskSide:
    """One task, of its merged `nemo_evaluator_config` and its own keys."""
    subject = scope.owner
    name = subject.get("name")
    label = str(name) if isinstance(name, str) else "a task"
    known = lookup(label, None, context.nel_version).task
    packaged = _is_of_harness(subject, known)
    settings = _own_keys(subject, known, context) | _params(scope, known) | _extra(scope, known) | _adapter(scope)
    found = benchmark_of(label)
    return TaskSide(
        label=label,
        match=known.query if known else label,
        place=subject.place,
        settings=settings,
        lacks=partial(_lacking, scope, known if packaged else None),
        homes=partial(_homes, subject.base),
        benchmark=found.name if found else "",
    )


def _is_of_harness(subject: Subject, known: Task | None) -> bool:
    """Whether a task runs in an image of the harness that the table describes, whatever its tag."""
    container = subject.get("container")
    if known is None or is_nothing(container):
        return known is not None
    if not isinstance(container, str):
        return False
    return parse_image(container).repository == parse_image(known.container).repository


def _homes(base: Path, tail: Path) -> tuple[Path, Path]:
    return (*base, *tail), (("evaluation", *tail) if tail and tail[0] == PASS_THROUGH else ())


def _own_keys(subject: Subject, known: Task | None, context: Context) -> dict[str, Setting]:
    """The container, which by default is the harness's own, and the endpoint type."""
    found: dict[str, Setting] = {}
    for name, about in _OWN_KEYS.items():
        one = given(about, subject.get(name) or None, subject.place_of(name), (name,), raw_text(subject.find(name)))
        if one is not None:
            found[name] = one
    if known is not None:
        defaults = {
            "container": container_of(known.harness, context.nel_version),
            "endpoint_type": known.endpoint_type,
        }
        for name, default in defaults.items():
            if name not in found and default:
                found[name] = Setting(_OWN_KEYS[name], default, None, (name,), is_default=True)
    return found


def _at(scope: Scope, about: str, path: Path) -> Setting | None:
    """The setting at a path of the merged `nemo_evaluator_config`."""
    value = scope.value(path)
    return given(about, value, scope.place(path), (PASS_THROUGH, *path), raw_text(scope.at(path)))


def _params(scope: Scope, known: Task | None) -> dict[str, Setting]:
    """Those that the task's command reads; of a task that is not in the table, all."""
    found = {
        name: _at(scope, about, (*PARAMS_PATH, name))
        for name, about in _PARAMS.items()
        if known is None or not known.params or name in known.params or name == "limit_samples"
    }
    return {name: one for name, one in found.items() if one is not None}


def _extra(scope: Scope, known: Task | None) -> dict[str, Setting]:
    found: dict[str, Setting] = {}
    for path, _ in leaves_below(scope.at(EXTRA)):
        about = about_extra(tuple(str(part) for part in path))
        if not path or not about:
            continue
        if known is not None and path[0] not in known.extra and path[0] not in known.extra_defaults:
            continue
        one = _at(scope, about, (*EXTRA, *path))
        if one is not None:
            found[f"extra.{'.'.join(map(str, path))}"] = one
    return found


def _adapter(scope: Scope) -> dict[str, Setting]:
    """What the adapter adds to requests, and what it takes out of the answers."""
    view = view_of(scope)
    base = view.added_params
    found: dict[str, Setting | None] = {}
    for path, _ in leaves_below(scope.at(base)):
        sent = path[1:] if path[:1] == ("extra_body",) else path
        about = REASONING if set(sent) & {TEMPLATE_KWARGS, *THINKING} else PARAMS
        found[f"params_to_add.{'.'.join(map(str, sent))}"] = _at(scope, about, (*base, *path))
    for name in _REQUESTS:
        found[name] = _at(scope, PARAMS, (*ADAPTER, name))
    place = adapter_place(view, "prompt")
    about = REASONING if view.prompt_switch in (ON, OFF) else PARAMS
    found[_PROMPT] = given(about, view.prompt, place, _tail(scope, place), _raw_at(scope, place))
    strips = view.strips_traces
    place = adapter_place(view, "use_reasoning" if view.field("use_reasoning") is True else _STRIPS)
    tail: Path = () if view.has_interceptors is True else (PASS_THROUGH, *ADAPTER, _STRIPS)
    found[_STRIPS] = Setting(REASONING, strips, place, tail, _raw_at(scope, place), is_default=place is None)
    if strips is True:
        for name in _TRACES:
            found[name] = _at(scope, REASONING, (*ADAPTER, name))
    return {name: one for name, one in found.items() if one is not None}


def _tail(scope: Scope, place: Place | None) -> Path:
    """The path below the task of what stands at a place of the task or of the global scope."""
    if place is None:
        return ()
    base = scope.path if place.path[: len(scope.path)] == scope.path else GLOBAL
    return (PASS_THROUGH, *place.path[len(base) :])


def _raw_at(scope: Scope, place: Place | None) -> str:
    return raw_text(scope.world.values.tree.at(place.path)) if place else ""


def _lacking(scope: Scope, known: Task | None, name: str, theirs: Setting) -> Setting:
    """What counts where nothing is set: the task's default where the table has it."""
    nothing = theirs._replace(value=ABSENT, place=None, raw="", is_default=False)
    if name == _PROMPT or "interceptors" in theirs.tail or scope.at((*ADAPTER, "interceptors")) is not None:
        # One key would not do.
        nothing = nothing._replace(tail=())
    if scope.is_open:
        return nothing._replace(value=Unknown("a config that is not here may set it"))
    if name in ("params_to_remove", "params_to_rename", _PROMPT) or name.startswith("params_to_add."):
        return nothing
    if name in ("limit_samples", *_TRACES):
        default = known.defaults.get(name, ABSENT) if known else ABSENT
        return nothing._replace(value=default, is_default=default is not ABSENT)
    if known is None:
        return nothing._replace(value=LEFT_OPEN)
    value = _default(known, name)
    return nothing._replace(value=value, is_default=not isinstance(value, Unknown))


def _default(known: Task, name: str) -> Value:
    head, _, rest = name.partition(".")
    if head != "extra":
        default: Value = known.defaults.get(head, LEFT_OPEN)
        return LEFT_OPEN if default is None else default
    if rest == known.repeats_field:
        return known.repeats
    node: Data = known.extra_defaults
    for part in rest.split("."):
        if not isinstance(node, dict) or part not in node:
            return LEFT_OPEN
        node = node[part]
    return ABSENT if node is None else node
