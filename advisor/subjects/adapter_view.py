"""What is known of the adapter of one scope: its effective fields, and what becomes of them.

Source: nemo-evaluator 0.2.8 adapters/adapter_config.py and adapters/pipeline.py; nemo-evaluator-launcher 0.2.6
common/helpers.py (get_eval_factory_config) for the merge.
"""

from __future__ import annotations

from operator import attrgetter

from advisor.nel.adapter_schema import adapter_section, legacy_only
from advisor.nel.effective import children, elements
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.once import once
from advisor.subjects.interceptor_list import left_out, missing_sender, out_of_order, sends
from advisor.subjects.reasoning import (
    OFF,
    ON,
    TEMPLATE_KWARGS,
    TOGGLES,
    UNSET,
    direction,
    interceptor,
    interceptor_name,
    model_name,
    prompt_switch,
    template_key,
    toggles,
)
from advisor.subjects.scopes import ADAPTER, EXTRA, PARAMS, Scope
from advisor.subjects.subject import is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.nodes import Path
    from advisor.nel.effective import Effective
    from advisor.subjects.subject import Subject

MAX_NEW_TOKENS, TEMPERATURE = (*PARAMS, "max_new_tokens"), (*PARAMS, "temperature")
REPEATS = ((*EXTRA, "num_repeats"), (*EXTRA, "n_samples"))
EFFORTS = ((TEMPLATE_KWARGS, "reasoning_effort"), ("reasoning_effort",))
_FALSE_WORDS, _TRUE_WORDS = ("0", "off", "f", "false", "n", "no"), ("1", "on", "t", "true", "y", "yes")


def view_of(scope: Scope) -> AdapterView:
    """What is known of a scope's adapter: one view, which keeps what it has worked out."""
    if scope.view is None:
        scope.view = AdapterView(scope, view_of(scope.general) if scope.general is not None else None)
    return scope.view


class AdapterView:
    """What is known of the adapter of one scope, computed when it is asked for. `subject` is the scope's `adapter`."""

    subject: Subject

    def __init__(self, scope: Scope, general: AdapterView | None) -> None:
        self.scope, self.general, self.world = scope, general, scope.world
        self.node = scope.at(ADAPTER)
        self._fields: dict[str, Value] = {}

    @once
    def fields(self) -> dict[str, None]:
        """The simple fields that stand here, or that every task sets and that so are not known here."""
        tasks = [children(task.own.at(ADAPTER)) for task in self.scope.tasks]
        everywhere = set.intersection(*(set(fields) for fields in tasks)) if tasks else set()
        return dict.fromkeys([*children(self.node), *everywhere])

    def tasks_set(self) -> Value:
        """The fields that any task sets for itself."""
        return list(dict.fromkeys(name for task in self.scope.tasks for name in children(task.own.at(ADAPTER))))

    def field(self, name: str) -> Value:
        """A field's value; the words that pydantic takes for true and false are true and false."""
        fields = self._fields
        if name not in fields:
            fields[name] = self._field(name)
        return fields[name]

    def _field(self, name: str) -> Value:
        if name not in self.fields:
            return self.scope.nothing
        if self.scope.tasks:
            value = self.scope.value((*ADAPTER, name))
        else:
            value = self.world.values.resolve(children(self.node)[name])
        if isinstance(value, bool) or adapter_section().keys.get(name) != "bool":
            return value
        if isinstance(value, str):
            return True if value.lower() in _TRUE_WORDS else False if value.lower() in _FALSE_WORDS else value
        return bool(value) if isinstance(value, int | float) and value in (0, 1) else value

    # What rules on reasoning and sampling compare between a task and the global scope.

    def changes(self) -> Value:
        """The fields and conclusions that differ from the global scope's; at the global scope itself, all."""
        general = self.general
        if general is None:
            return [*self.fields, *_DERIVED]
        fields = [name for name in self.fields if self.field(name) != general.field(name)]
        derived = zip(_DERIVED, self.derived, general.derived, strict=True)
        return [*fields, *[name for name, own, other in derived if own != other]]

    @once
    def derived(self) -> tuple[Value, ...]:
        values: tuple[Value, ...] = attrgetter(*_DERIVED)(self)
        return values

    @once
    def prompt(self) -> Value:
        """The system prompt that is sent; ABSENT where none is."""
        if self.has_interceptors is True:
            _, item = interceptor(self.interceptors, "system_message")
            node = item.at(("config", "system_message")) if item is not None else None
            return self.world.values.resolve(node) if node is not None else ABSENT
        used = self.field("use_system_prompt")
        if used is not True:
            return used if isinstance(used, Unknown) else ABSENT
        text = self.field("custom_system_prompt")
        return ABSENT if text is None else text

    @once
    def prompt_switch(self) -> Value:
        return prompt_switch(self.prompt)

    @once
    def added_params(self) -> Path:
        """Where the parameters that are added to each request stand: the simple field, or the interceptor's config."""
        at, _ = interceptor(self.interceptors, "payload_modifier")
        return (*at, "config", "params_to_add") if at else (*ADAPTER, "params_to_add")

    @once
    def added(self) -> Effective | None:
        return self.scope.at(self.added_params)

    @once
    def toggle_paths(self) -> dict[str, Path]:
        return toggles(self.added, self.added_params)

    @once
    def toggle_keys(self) -> Value:
        return list(self.toggle_paths)

    @once
    def template_reasoning(self) -> Value:
        """on, off or unset, by chat_template_kwargs."""
        base, added = self.added_params, self.added
        for block, node in ((base, added), ((*base, TEMPLATE_KWARGS), added.child(TEMPLATE_KWARGS) if added else None)):
            if node is None or not isinstance(node.data, dict) or self.scope.tasks:
                value = self.scope.value(block)
                if isinstance(value, Unknown):
                    return value
                if isinstance(value, dict) and node is not None and not isinstance(node.data, dict):
                    return Unknown("what is added to each request stands elsewhere")
        return direction([self.scope.value(path) for path in self.toggle_paths.values()])

    @once
    def reasoning(self) -> Value:
        """on, off or unset, by everything that is sent."""
        template, prompt = self.template_reasoning, self.prompt_switch
        if isinstance(template, Unknown) or (template != UNSET and prompt in (ON, OFF) and prompt != template):
            return template if isinstance(template, Unknown) else Unknown("its toggles disagree")
        if template != UNSET:
            return template
        return prompt if isinstance(prompt, str | Unknown) else UNSET

    @once
    def strips_traces(self) -> Value:
        """Whether the adapter takes the reasoning trace out of the answer."""
        if self.has_interceptors is True:
            return interceptor(self.interceptors, "reasoning")[1] is not None
        values = [self.field("process_reasoning_traces"), self.field("use_reasoning")]
        if True in values:
            return True
        return next((value for value in values if isinstance(value, Unknown)), False)

    @once
    def reasoning_effort(self) -> Value:
        if self.added is None and not self.scope.tasks:
            return self.scope.nothing
        for end in EFFORTS:
            value = self.scope.value((*self.added_params, *end))
            if not is_nothing(value):
                return value
        return ABSENT

    @once
    def max_new_tokens(self) -> Value:
        return _number(self.scope.value(MAX_NEW_TOKENS))

    @once
    def temperature(self) -> Value:
        return _number(self.scope.value(TEMPERATURE))

    @once
    def repeats(self) -> Value:
        """How often each sample is asked: as set, else the task's default."""
        for path in REPEATS:
            value = _number(self.scope.value(path))
            if not is_nothing(value):
                return value
        return ABSENT

    def toggles_differ(self) -> bool:
        """Whether the prompt says on and the template off, or the other way round."""
        return self.prompt_switch in (ON, OFF) and {self.prompt_switch, self.template_reasoning} == {ON, OFF}

    def spare_toggle(self) -> Value:
        """Of two toggles, the one that the model's template does not read; ABSENT where that is not known."""
        if len(self.toggle_paths) != 2:
            return ABSENT
        key = template_key(self.world)
        return next(name for name in TOGGLES if name != key) if key in TOGGLES else ABSENT

    def unquoted_prompt(self) -> Value:
        """The prompt without quote marks that are part of its text; ABSENT where there are none."""
        text = self.field("custom_system_prompt")
        if not isinstance(text, str):
            return ABSENT
        inner = text.strip()
        if len(inner) < 3 or inner[0] not in "\"'" or inner[-1] != inner[0] or inner[0] in inner[1:-1]:
            return ABSENT
        return inner[1:-1]

    def clash(self) -> Value:
        """How a task's toggle meets another kind of toggle of the global scope: `prompt`, `key`, or ABSENT."""
        if self.general is None or not (self.toggle_paths or self.general.toggle_paths):
            return ABSENT
        own = [name for name, path in self.toggle_paths.items() if self.scope.own.at(path) is not None]
        theirs = self.general.toggle_paths
        own_prompt = "custom_system_prompt" in children(self.scope.own.at(ADAPTER))
        if own and not own_prompt and self.prompt_switch in (ON, OFF):
            return "prompt"
        if own_prompt and self.prompt_switch in (ON, OFF) and theirs and not own:
            return "template"
        return "key" if own and theirs and not set(own) & set(theirs) else ABSENT

    # A list of interceptors of its own.

    @once
    def interceptors(self) -> list[Effective]:
        return elements(self.node.child("interceptors")) if self.node is not None else []

    @once
    def has_interceptors(self) -> Value:
        value = self.field("interceptors")
        if not self.interceptors and isinstance(value, list) and value:
            return Unknown("the list stands elsewhere")
        return value if isinstance(value, Unknown) else isinstance(value, list) and bool(value)

    @once
    def legacy_fields(self) -> list[str]:
        return [name for name in children(self.node) if name in legacy_only()]

    def names(self) -> list[str | None]:
        """The names in the list, but for interceptors that are switched off; None for what has none."""
        return [interceptor_name(item) for item in self.interceptors if not _disabled(item)]


# Computed from several fields; each is an attribute of AdapterView.
_DERIVED = (
    "prompt", "prompt_switch", "toggle_keys", "template_reasoning", "reasoning", "strips_traces", "reasoning_effort",
    "max_new_tokens", "temperature", "repeats", "legacy_fields",
)  # fmt: skip
# What rules ask of an `adapter` beside its fields.
ADAPTER_ATTRIBUTES: dict[str, Callable[[AdapterView], Value]] = {
    "scope": attrgetter("scope.kind"),
    "tasks_set": AdapterView.tasks_set,
    "changes": AdapterView.changes,
    "has_interceptors": attrgetter("has_interceptors"),
    "left_out": lambda view: left_out(view.names(), view.field("post_eval_hooks")),
    "sends": lambda view: sends(view.names()),
    "missing_sender": lambda view: missing_sender(view.names()),
    "out_of_order": lambda view: out_of_order(view.names()),
    **{name: attrgetter(name) for name in _DERIVED},
    "toggles_differ": AdapterView.toggles_differ,
    "spare_toggle": AdapterView.spare_toggle,
    "unquoted_prompt": AdapterView.unquoted_prompt,
    "clash": AdapterView.clash,
    "server_parses": lambda view: view.world.singles["deployment"].get("server_parses"),
    "is_instruct": lambda view: view.world.singles["deployment"].get("is_instruct"),
    "model_name": lambda view: model_name(view.world),
}


def _disabled(item: Effective) -> bool:
    enabled = item.child("enabled")
    return enabled is not None and enabled.data is False


def _number(value: Value) -> Value:
    """A number, also where it is written as text."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return Unknown("it is no number")
    return value
