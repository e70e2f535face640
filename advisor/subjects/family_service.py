"""What the family of the served model says of a nel-next service: its parsers, switch, sampling and answers."""

from __future__ import annotations

from functools import cached_property, partial

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.family_server import describe_server, template_toggles
from advisor.subjects.reasoning import OFF, TEMPLATE_KWARGS, TOGGLES, direction
from advisor.subjects.subject import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.served_model import Served
    from advisor.subjects.subject import Subject, World

_SAMPLING = ("temperature", "top_p")
_SWITCHES = f"proxy.extra_body.{TEMPLATE_KWARGS}"
# Interceptors that may add a switch of their own.
_MAY_SWITCH = ("payload_modifier", "system_message")
_THINKING = "thinking"


def describe_next_families(world: World, document: Document, context: Context) -> None:
    """Attributes of each `service` that is a model, its `command` and `flag`s."""
    for service in list(world.of("service")):
        command = (service.own or {}).get("command")
        flags = [flag for flag in world.of("flag") if flag.parent is command] if command is not None else []
        if command is not None:
            describe_server(service, command, flags)
            for flag in flags:
                flag.attributes["tools_are_called"] = partial(_tools_are_called, service)
            service.places["tool_flags_home"] = Place((*service.base, "extra_args"), service.place.span)
            service.attributes["tool_flags"] = partial(command.get, "tool_flags")
        if service.get("is_model") is True:
            _describe(service, ServiceModel(service, flags))


def _tools_are_called(service: Subject) -> bool:
    """Whether an agent of a benchmark calls tools of this service's model."""
    return any(one.get("needs_tools") in ("yes", "mostly") for one in _benchmarks(service))


def _benchmarks(service: Subject) -> list[Subject]:
    return [one for one in service.world.of("benchmark") if one.parent is service]


class ServiceModel:
    """The model of a service as its benchmarks ask it."""

    def __init__(self, service: Subject, flags: list[Subject]) -> None:
        self.service, self.flags = service, flags

    @cached_property
    def served(self) -> Served | None:
        from advisor.subjects.served_model import served_model

        return served_model(self.service)

    @cached_property
    def toggle_keys(self) -> list[str]:
        return [name for name in TOGGLES if self.service.find(f"{_SWITCHES}.{name}") is not None]

    @cached_property
    def switch(self) -> Value:
        """on, off or unset, by what the proxy adds to each request."""
        items = self.service.find("proxy.interceptors")
        listed = items.data if items is not None and isinstance(items.data, list) else []
        names = [name.data for item in listed if (name := item.child("name")) is not None]
        if any(name in _MAY_SWITCH for name in names):
            return Unknown("an interceptor may switch reasoning")
        return direction([self.service.get(f"{_SWITCHES}.{name}") for name in self.toggle_keys])

    @cached_property
    def mode(self) -> str:
        """thinking or plain; '' where that is not known."""
        from advisor.subjects.family_sampling import mode_of

        arguments = self.service.find("extra_args")
        if self.served is None or self.service.get("protocol") != "chat_completions":
            return ""
        if arguments is not None and "chat-template" in str(arguments.plain()).replace("_", "-"):
            return ""
        if any(one.node is not None and "think" in str(one.node.plain()) for one in _benchmarks(self.service)):
            return ""
        return mode_of(self.served, self.switch)

    @cached_property
    def odd_sampling(self) -> dict[str, str]:
        from advisor.subjects.family_sampling import odd_sampling

        given = {name: self.service.get(f"generation.{name}") for name in _SAMPLING}
        if self.served is None:
            return {}
        return odd_sampling(self.served, self.mode, given, greedy_is_told=self.is_greedy)

    @cached_property
    def is_greedy(self) -> bool:
        """Whether every request decodes greedily, and the family must not while it reasons."""
        from advisor.subjects.family_sampling import GREEDY, needs_sampling

        temperature = self.service.get("generation.temperature")
        if self.served is None or isinstance(temperature, bool) or not isinstance(temperature, int | float):
            return False
        return temperature <= GREEDY and needs_sampling(self.served, self.mode)

    @property
    def family(self) -> Value:
        return self.served.family.name if self.served is not None else ABSENT

    def reasons(self) -> bool:
        """Whether the model reasons, for sure."""
        return self.served is not None and self.served.knows("thinks") and self.mode == _THINKING

    def hiding_parser(self) -> Value:
        """The server's parser that hides the answers of requests which switch reasoning off in the template."""
        served = self.served
        if served is None or not served.knows("toggle") or self.switch != OFF:
            return ABSENT
        toggles = template_toggles(self.service)
        if served.family.toggle not in self.toggle_keys or (
            toggles is not None and served.family.toggle not in toggles
        ):
            return ABSENT
        from advisor.subjects.family_parsers import hides_answers

        return hides_answers(self.service, self.flags)

    def unread_toggle(self) -> Value:
        """The switch that this family's template does not read; the one on disk has the last word."""
        served, keys = self.served, self.toggle_keys
        if served is None or len(keys) != 1 or not served.knows("toggle") or template_toggles(self.service) is not None:
            return ABSENT
        return keys[0] if served.family.toggle in TOGGLES and served.family.toggle != keys[0] else ABSENT

    def asked_temperature(self) -> Value:
        from advisor.subjects.family_sampling import asked_temperature

        return asked_temperature(self.served, _THINKING) if self.served is not None else ABSENT


def _describe(service: Subject, model: ServiceModel) -> None:
    def sampling_text() -> Value:
        odd = model.odd_sampling
        place = service.place_of(f"generation.{next(iter(odd))}") if odd else None
        if place is not None:
            service.places["odd_sampling"] = place
        return " and ".join(odd.values()) if odd else ABSENT

    service.attributes |= {
        "family": lambda: model.family,
        "family_toggle": lambda: model.served.family.toggle if model.served is not None else ABSENT,
        "family_mode": lambda: "while it reasons" if model.mode == _THINKING else "without reasoning",
        "odd_sampling": sampling_text,
        "is_greedy": lambda: model.is_greedy,
        "greedy_warning": lambda: model.served.family.greedy_warning if model.served is not None else "",
        "reasons": model.reasons,
        "asked_temperature": model.asked_temperature,
        "hiding_parser": model.hiding_parser,
        "unread_toggle": model.unread_toggle,
    }
    for name in model.toggle_keys:
        place = service.place_of(f"{_SWITCHES}.{name}")
        if place is not None:
            service.places["hiding_parser"] = service.places["unread_toggle"] = place
