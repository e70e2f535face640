"""What the family of the served model says of a launcher config: its parsers, switches, sampling and context."""

from __future__ import annotations

from functools import partial

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.adapter_view import TEMPERATURE, view_of
from advisor.subjects.command import COMMAND, EXTRA_ARGS
from advisor.subjects.family_model import Deployed, ScopeModel, model_of
from advisor.subjects.family_server import describe_server
from advisor.subjects.reasoning import OFF
from advisor.subjects.scopes import scopes
from advisor.subjects.subject import Place, is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.adapter_view import AdapterView
    from advisor.subjects.subject import Subject, World
    from advisor.subjects.task_view import TaskView

_GREEDY = 1e-4
_MODES = {"thinking": "while it reasons", "plain": "without reasoning"}


def describe_families(world: World, document: Document, context: Context) -> None:
    """Attributes of `deployment`, `command` and its `flag`s."""
    deployment, command = world.singles["deployment"], world.singles.get("command")
    deployed = model_of(scopes(world)[0]).deployed
    flags = [flag for flag in world.of("flag") if flag.parent is command]
    if command is not None:
        describe_server(deployment, command, flags)
        home = EXTRA_ARGS if deployment.get("reads_extra_args") is True else COMMAND
        command.places["tool_flags_home"] = Place(home, deployment.place.span)
        command.attributes |= {
            "traces_are_scored": lambda: _traces_are_scored(deployed),
            "parses_traces": partial(deployment.get, "server_parses"),
        }
        for flag in flags:
            flag.attributes["traces_are_stripped"] = lambda: _are_stripped(world)
            flag.attributes["tools_are_called"] = partial(_tools_are_called, world)
    deployment.attributes |= {
        "family": lambda: deployed.family,
        "parser_hint": lambda: _parser_hint(deployment),
    }


def _sampling_text(view: AdapterView) -> Value:
    """What is odd in the sampling, where it is not the same for all tasks."""
    scope, odd = view.scope, model_of(view.scope).odd_sampling
    if not odd or (scope.general is not None and odd == model_of(scope.general).odd_sampling):
        return ABSENT
    return " and ".join(odd.values())


def _reasoning_note(model: ScopeModel) -> str:
    return f" ({model.deployed.family} reasons by itself)" if model.reasons_by_itself else ""


def _toggle_is_sure(model: ScopeModel) -> bool:
    field = "thinks" if model.toggle_case in ("cannot-stop", "cannot-start") else "toggle"
    return model.served is not None and model.served.knows(field)


def _parser_hint(owner: Subject) -> str:
    from advisor.subjects.family_parsers import parser_hint

    return parser_hint(owner)


def _hiding_parser(model: ScopeModel) -> Value:
    """The server's parser that hides the answers of requests which switch reasoning off in the template."""
    served = model.served
    if served is None or model.view.template_reasoning != OFF or not model.chats():
        return ABSENT
    if served.family.toggle not in model.view.toggle_paths or not served.knows("toggle"):
        return ABSENT
    toggles = model.deployed.toggles
    if toggles is not None and served.family.toggle not in toggles:
        return ABSENT
    from advisor.subjects.family_parsers import hides_answers

    return hides_answers(model.deployed.deployment, list(model.deployed.world.of("flag")))


def _are_stripped(world: World) -> Value:
    """Whether the adapter takes the trace out for every task that chats."""
    answers = [view_of(scope).strips_traces for scope in scopes(world)[0].tasks]
    if not answers:
        return Unknown("there are no tasks")
    return next((one for one in answers if isinstance(one, Unknown)), all(one is True for one in answers))


def _tools_are_called(world: World) -> bool:
    return any(one.get("calls_tools") is True for one in world.of("task"))


def _traces_are_scored(deployed: Deployed) -> bool:
    """Of a config that says nothing of the adapter at all: whether traces reach the benchmarks."""
    world = deployed.world
    if next(iter(world.of("adapter")), None) is not None:
        return False
    if not model_of(scopes(world)[0]).reasons_by_itself:
        return False
    for name in ("checkpoint_path", "hf_model_handle"):
        node, place = deployed.deployment.find(name), deployed.deployment.place_of(name)
        if place is not None and node is not None and node.data is not None:
            world.singles["command"].places["model"] = place
    return True


def _is_first_greedy(view: TaskView) -> bool:
    return view.tasks.is_first(view, "greedy_by_default")


def _others_greedy(view: TaskView) -> str:
    more = view.tasks.more("greedy_by_default")
    return f" (and {more} more)" if more else ""


def _greedy_by_default(view: TaskView) -> Value:
    """Whether nobody sets a temperature, the task's own default is 0, and the model reasons."""
    packaged = view.packaged
    if packaged is None or "temperature" not in packaged.params:
        return False
    default = packaged.defaults.get("temperature")
    if not isinstance(default, int | float) or default > _GREEDY:
        return False
    model = model_of(view.scope)
    if not is_nothing(view.scope.value(TEMPERATURE)) or model.served is None:
        return False
    if "temperature" in model.deployed.strays:
        return False
    from advisor.subjects.family_sampling import needs_sampling

    return needs_sampling(model.served, model.mode)


def _asked_temperature(model: ScopeModel) -> Value:
    from advisor.subjects.family_sampling import asked_temperature

    served = model.served
    return asked_temperature(served, "thinking") if served is not None else ABSENT


# What rules ask of an `adapter` and of a `task`.
FAMILY_OF_ADAPTERS: dict[str, Callable[[AdapterView], Value]] = {
    "family": lambda view: model_of(view.scope).deployed.family,
    "waits_for_a_switch": lambda view: model_of(view.scope).waits_for_a_switch,
    "reasons_by_itself": lambda view: model_of(view.scope).reasons_by_itself,
    "reasoning_note": lambda view: _reasoning_note(model_of(view.scope)),
    "greedy_warning": lambda view: model_of(view.scope).deployed.greedy_warning,
    "family_mode": lambda view: _MODES.get(model_of(view.scope).mode, ""),
    "odd_sampling": _sampling_text,
    "toggle_case": lambda view: model_of(view.scope).toggle_case,
    "toggle_is_sure": lambda view: _toggle_is_sure(model_of(view.scope)),
    "toggle_key": lambda view: next(iter(view.toggle_paths), ABSENT),
    "family_toggle": lambda view: (
        served.family.toggle if (served := model_of(view.scope).served) is not None else ABSENT
    ),
    "hiding_parser": lambda view: _hiding_parser(model_of(view.scope)),
    "parser_hint": lambda view: _parser_hint(view.world.singles["deployment"]),
}
FAMILY_OF_TASKS: dict[str, Callable[[TaskView], Value]] = {
    "greedy_by_default": _greedy_by_default,
    "is_first_greedy": _is_first_greedy,
    "others_greedy": _others_greedy,
    "asked_temperature": lambda view: _asked_temperature(model_of(view.scope)),
    "greedy_warning": lambda view: model_of(view.scope).deployed.greedy_warning,
    "served_family": lambda view: model_of(view.scope).deployed.family,
}
