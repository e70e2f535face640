"""The model that a launcher config serves, as the tasks of a scope ask it: whether it reasons, how it is sampled."""

from __future__ import annotations

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.once import once
from advisor.subjects.adapter_view import view_of
from advisor.subjects.family_server import template_toggles
from advisor.subjects.reasoning import OFF, ON, TOGGLES, UNSET
from advisor.subjects.scopes import ADAPTER, PARAMS, PASS_THROUGH, Scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.nodes import Path
    from advisor.subjects.adapter_view import AdapterView
    from advisor.subjects.served_model import Served
    from advisor.subjects.subject import World

_SAMPLING = ("temperature", "top_p")
_TRACE_SETTINGS = frozenset({"process_reasoning_traces", "use_reasoning", "enable_thinking", "thinking"})
_THINKING = "thinking"
# Flags by which the server itself may switch reasoning, or read another template.
_SWITCHES = ("--default-chat-template-kwargs", "--chat-template")


class Deployed:
    """The launcher's one deployment and what it serves, worked out when it is first asked for."""

    def __init__(self, world: World) -> None:
        self.world, self.deployment = world, world.singles["deployment"]

    @once
    def served(self) -> Served | None:
        from advisor.subjects.served_model import served_model

        return served_model(self.deployment)

    @property
    def family(self) -> Value:
        return self.served.family.name if self.served is not None else ABSENT

    @property
    def greedy_warning(self) -> str:
        return self.served.family.greedy_warning if self.served is not None else ""

    @once
    def switches(self) -> Value:
        """Whether the server itself may switch reasoning, or reads a template that is not the model's own."""
        command = self.world.singles.get("command")
        if command is None:
            return False
        texts = [self.deployment.get("script"), self.deployment.get("extra_args")]
        if any(isinstance(text, Unknown) for text in texts):
            return Unknown("the serve command is not known")
        return any(name in text.replace("_", "-") for text in texts if isinstance(text, str) for name in _SWITCHES)

    @once
    def toggles(self) -> list[object] | None:
        return template_toggles(self.deployment)

    @once
    def strays(self) -> frozenset[str]:
        """The last names of all that a person sets where NEL does not read it: that has findings of its own."""
        homes = ((PASS_THROUGH, *ADAPTER), (PASS_THROUGH, *PARAMS))
        paths = [path for path, _ in self.world.values.leaves() if not any(_ends(path[:-1], home) for home in homes)]
        return frozenset(str(path[-1]).rpartition(".")[2] for path in paths)


def _ends(path: Path, end: Path) -> bool:
    return path[-len(end) :] == end


def model_of(scope: Scope) -> ScopeModel:
    """How the tasks of a scope ask the served model: one, which keeps what it has worked out."""
    if scope.model is None:
        deployed = Deployed(scope.world) if scope.general is None else model_of(scope.general).deployed
        scope.model = ScopeModel(scope, deployed)
    return scope.model


class ScopeModel:
    """The served model as the tasks of one scope ask it."""

    def __init__(self, scope: Scope, deployed: Deployed) -> None:
        self.scope, self.deployed = scope, deployed

    @property
    def view(self) -> AdapterView:
        return view_of(self.scope)

    @property
    def served(self) -> Served | None:
        return self.deployed.served

    @property
    def reasoning(self) -> Value:
        return self.view.reasoning

    def chats(self) -> bool:
        """Whether a task of the scope is known to chat: others never see the chat template."""
        owners = self.scope.tasks if self.scope.is_global else (self.scope,)
        return any(one.owner.get("endpoint") == "chat" for one in owners)

    @once
    def mode(self) -> str:
        """thinking or plain; '' where that is not known."""
        served = self.served
        if served is None or not self.chats() or self.deployed.switches is not False:
            return ""
        from advisor.subjects.family_sampling import mode_of

        return mode_of(served, self.reasoning)

    @once
    def reasons_by_itself(self) -> bool:
        """Whether the model reasons without a switch, for sure. The template on disk has the last word."""
        served, toggles = self.served, self.deployed.toggles
        if served is None or not served.knows("thinks") or self.reasoning != UNSET or self.mode != _THINKING:
            return False
        if self.deployed.strays & _TRACE_SETTINGS:
            return False
        return toggles is None or served.family.toggle not in TOGGLES or served.family.toggle in toggles

    @once
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

    @once
    def odd_sampling(self) -> dict[str, str]:
        if self.served is None or not self.mode:
            return {}
        from advisor.subjects.family_sampling import odd_sampling

        given = {name: self.scope.value((*PARAMS, name)) for name in _SAMPLING}
        told = self.reasoning == ON or self.view.strips_traces is True or self.reasons_by_itself
        told = told or self.deployed.deployment.get("server_parses") is True
        return odd_sampling(self.served, self.mode, given, greedy_is_told=told)

    @once
    def toggle_case(self) -> Value:
        """unread: the family's template reads another switch; ignored: it cannot be switched this way at all."""
        served, keys = self.served, self.view.toggle_paths
        if served is None or len(keys) != 1 or self.deployed.toggles is not None:
            return ABSENT
        family, name = served.family, next(iter(keys))
        if family.thinks == "always" and self.view.template_reasoning == OFF:
            return "cannot-stop"
        if family.thinks == "never" and self.view.template_reasoning == ON:
            return "cannot-start"
        return "unread" if family.toggle in TOGGLES and family.toggle != name else ABSENT
