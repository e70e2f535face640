"""What the family of the served model says of a launcher config: its parsers, switches, sampling and context."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.adapter_view import view_of
from advisor.subjects.command import COMMAND, EXTRA_ARGS
from advisor.subjects.family_server import describe_server, template_toggles
from advisor.subjects.reasoning import OFF, ON, TOGGLES, UNSET
from advisor.subjects.scopes import ADAPTER, PARAMS, PASS_THROUGH, Scope, scopes
from advisor.subjects.subject import Place, is_nothing
from advisor.subjects.task_images import packaged_task

if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.subjects.served_model import Served
    from advisor.subjects.subject import Subject, World

_SAMPLING = ("temperature", "top_p")
_GREEDY = 1e-4
_TRACE_SETTINGS = frozenset({"process_reasoning_traces", "use_reasoning", "enable_thinking", "thinking"})
THINKING = "thinking"
# Flags by which the server itself may switch reasoning, or read another template.
_SWITCHES = ("--default-chat-template-kwargs", "--chat-template")


def describe_families(world: World, document: Document, context: Context) -> None:
    """Attributes of `deployment`, `command`, its `flag`s, each `adapter` and each `task`."""
    deployment, command = world.singles["deployment"], world.singles.get("command")
    deployed = Deployed(world)
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
    adapters = {one.base: one for one in world.of("adapter")}
    everywhere, *_ = scopes(world)
    general = ScopeModel(everywhere, deployed)
    for scope in scopes(world):
        adapter = adapters.get((*scope.path, *ADAPTER))
        if adapter is not None:
            _describe_adapter(adapter, ScopeModel(scope, deployed), general)
    for scope in everywhere.tasks:
        if scope.owner.kind == "task":
            _describe_task(scope.owner, ScopeModel(scope, deployed), context)


class Deployed:
    """The launcher's one deployment and what it serves, worked out when it is first asked for."""

    def __init__(self, world: World) -> None:
        self.world, self.deployment = world, world.singles["deployment"]

    @cached_property
    def served(self) -> Served | None:
        from advisor.subjects.served_model import served_model

        return served_model(self.deployment)

    @property
    def family(self) -> Value:
        return self.served.family.name if self.served is not None else ABSENT

    @property
    def greedy_warning(self) -> str:
        return self.served.family.greedy_warning if self.served is not None else ""

    @cached_property
    def switches(self) -> Value:
        """Whether the server itself may switch reasoning, or reads a template that is not the model's own."""
        command = self.world.singles.get("command")
        if command is None:
            return False
        texts = [self.deployment.get("script"), self.deployment.get("extra_args")]
        if any(isinstance(text, Unknown) for text in texts):
            return Unknown("the serve command is not known")
        return any(name in text.replace("_", "-") for text in texts if isinstance(text, str) for name in _SWITCHES)

    @cached_property
    def toggles(self) -> list[object] | None:
        return template_toggles(self.deployment)

    @cached_property
    def strays(self) -> frozenset[str]:
        """The last names of all that a person sets where NEL does not read it: that has findings of its own."""
        homes = ((PASS_THROUGH, *ADAPTER), (PASS_THROUGH, *PARAMS))
        paths = [path for path, _ in self.world.values.leaves() if not any(_ends(path[:-1], home) for home in homes)]
        return frozenset(str(path[-1]).rpartition(".")[2] for path in paths)


def _ends(path: Path, end: Path) -> bool:
    return path[-len(end) :] == end


class ScopeModel:
    """The served model as the tasks of one scope ask it."""

    def __init__(self, scope: Scope, deployed: Deployed) -> None:
        self.scope, self.deployed, self.view = scope, deployed, view_of(scope)

    @property
    def served(self) -> Served | None:
        return self.deployed.served

    @cached_property
    def reasoning(self) -> Value:
        return self.view.reasoning()

    def chats(self) -> bool:
        """Whether a task of the scope is known to chat: others never see the chat template."""
        owners = self.scope.tasks if self.scope.is_global else (self.scope,)
        return any(one.owner.get("endpoint") == "chat" for one in owners)

    @cached_property
    def mode(self) -> str:
        """thinking or plain; '' where that is not known."""
        served = self.served
        if served is None or not self.chats() or self.deployed.switches is not False:
            return ""
        from advisor.subjects.family_sampling import mode_of

        return mode_of(served, self.reasoning)

    @cached_property
    def reasons_by_itself(self) -> bool:
        """Whether the model reasons without a switch, for sure. The template on disk has the last word."""
        served, toggles = self.served, self.deployed.toggles
        if served is None or not served.knows("thinks") or self.reasoning != UNSET or self.mode != THINKING:
            return False
        if self.deployed.strays & _TRACE_SETTINGS:
            return False
        return toggles is None or served.family.toggle not in TOGGLES or served.family.toggle in toggles

    def waits_for_a_switch(self) -> bool:
        """Whether the model surely does not reason, since nothing in the template switches it on."""
        served = self.served
        if (
            served is None
            or not served.knows("thinks")
            or self.reasoning != UNSET
            or self.deployed.switches is not False
        ):
            return False
        return served.family.thinks == "never" or (
            served.family.thinks == "on request" and served.family.toggle in TOGGLES and served.knows("toggle")
        )

    @cached_property
    def odd_sampling(self) -> dict[str, str]:
        if self.served is None:
            return {}
        from advisor.subjects.family_sampling import odd_sampling

        given = {name: self.scope.value((*PARAMS, name)) for name in _SAMPLING}
        told = self.reasoning == ON or self.view.strips_traces() is True or self.reasons_by_itself
        told = told or self.deployed.deployment.get("server_parses") is True
        return odd_sampling(self.served, self.mode, given, greedy_is_told=told)

    def toggle_case(self) -> Value:
        """unread: the family's template reads another switch; ignored: it cannot be switched this way at all."""
        served, keys = self.served, self.view.toggle_paths()
        if served is None or len(keys) != 1 or self.deployed.toggles is not None:
            return ABSENT
        family, name = served.family, next(iter(keys))
        if family.thinks == "always" and self.view.template_reasoning() == OFF:
            return "cannot-stop"
        if family.thinks == "never" and self.view.template_reasoning() == ON:
            return "cannot-start"
        return "unread" if family.toggle in TOGGLES and family.toggle != name else ABSENT


def _describe_adapter(adapter: Subject, model: ScopeModel, everywhere: ScopeModel) -> None:
    scope = model.scope

    def sampling_text() -> Value:
        odd = model.odd_sampling
        if not odd or (not scope.is_global and odd == everywhere.odd_sampling):
            return ABSENT
        place = scope.place((*PARAMS, next(iter(odd))))
        if place is not None:
            adapter.places["odd_sampling"] = place
        return " and ".join(odd.values())

    def toggle_key() -> Value:
        return next(iter(model.view.toggle_paths()), ABSENT)

    adapter.attributes |= {
        "family": lambda: model.deployed.family,
        "waits_for_a_switch": model.waits_for_a_switch,
        "reasons_by_itself": lambda: model.reasons_by_itself,
        "reasoning_note": lambda: f" ({model.deployed.family} reasons by itself)" if model.reasons_by_itself else "",
        "greedy_warning": lambda: model.deployed.greedy_warning,
        "family_mode": lambda: {"thinking": "while it reasons", "plain": "without reasoning"}.get(model.mode, ""),
        "odd_sampling": sampling_text,
        "toggle_case": model.toggle_case,
        "toggle_is_sure": lambda: (
            (served := model.served) is not None
            and served.knows("thinks" if model.toggle_case() in ("cannot-stop", "cannot-start") else "toggle")
        ),
        "toggle_key": toggle_key,
        "family_toggle": lambda: served.family.toggle if (served := model.served) is not None else ABSENT,
        "hiding_parser": lambda: _hiding_parser(model),
        "parser_hint": lambda: _parser_hint(model.deployed.deployment),
    }


def _parser_hint(owner: Subject) -> str:
    from advisor.subjects.family_parsers import parser_hint

    return parser_hint(owner)


def _hiding_parser(model: ScopeModel) -> Value:
    """The server's parser that hides the answers of requests which switch reasoning off in the template."""
    served = model.served
    if served is None or model.view.template_reasoning() != OFF or not model.chats():
        return ABSENT
    if served.family.toggle not in model.view.toggle_paths() or not served.knows("toggle"):
        return ABSENT
    toggles = model.deployed.toggles
    if toggles is not None and served.family.toggle not in toggles:
        return ABSENT
    from advisor.subjects.family_parsers import hides_answers

    return hides_answers(model.deployed.deployment, list(model.deployed.world.of("flag")))


def _are_stripped(world: World) -> Value:
    """Whether the adapter takes the trace out for every task that chats."""
    answers = [view_of(scope).strips_traces() for scope in scopes(world)[0].tasks]
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
    if not ScopeModel(scopes(world)[0], deployed).reasons_by_itself:
        return False
    for name in ("checkpoint_path", "hf_model_handle"):
        node, place = deployed.deployment.find(name), deployed.deployment.place_of(name)
        if place is not None and node is not None and node.data is not None:
            world.singles["command"].places["model"] = place
    return True


def _describe_task(task: Subject, model: ScopeModel, context: Context) -> None:
    task.attributes |= {
        "greedy_by_default": partial(_greedy_by_default, task, model, context),
        "is_first_greedy": lambda: _greedy_tasks(task.world)[:1] == [task],
        "others_greedy": lambda: f" (and {more} more)" if (more := len(_greedy_tasks(task.world)) - 1) > 0 else "",
        "asked_temperature": lambda: _asked_temperature(model),
        "greedy_warning": lambda: model.deployed.greedy_warning,
        "served_family": lambda: model.deployed.family,
    }


def _greedy_tasks(world: World) -> list[Subject]:
    return [one for one in world.of("task") if one.get("greedy_by_default") is True]


def _greedy_by_default(task: Subject, model: ScopeModel, context: Context) -> Value:
    """Whether nobody sets a temperature, the task's own default is 0, and the model reasons."""
    packaged = packaged_task(task, context)
    default = packaged.defaults.get("temperature") if packaged is not None else None
    if (
        not isinstance(default, int | float)
        or default > 1e-4
        or "temperature" not in (packaged.params if packaged else ())
    ):
        return False
    if not is_nothing(model.scope.value((*PARAMS, "temperature"))) or "temperature" in model.deployed.strays:
        return False
    served = model.served
    if served is None:
        return False
    from advisor.subjects.family_sampling import needs_sampling

    return needs_sampling(served, model.mode)


def _asked_temperature(model: ScopeModel) -> Value:
    from advisor.subjects.family_sampling import asked_temperature

    served = model.served
    return asked_temperature(served, "thinking") if served is not None else ABSENT
