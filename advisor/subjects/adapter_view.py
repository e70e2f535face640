"""What is known of the adapter of one scope: its effective fields, and what becomes of them.

Source: nemo-evaluator 0.2.8 adapters/adapter_config.py and adapters/pipeline.py; nemo-evaluator-launcher 0.2.6
common/helpers.py (get_eval_factory_config) for the merge.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from advisor.nel.adapter_schema import adapter_section, legacy_only
from advisor.nel.effective import children, elements
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.interceptor_list import left_out, missing_sender, out_of_order, sends
from advisor.subjects.reasoning import (
    OFF,
    ON,
    TEMPLATE_KWARGS,
    TOGGLES,
    UNSET,
    added_params,
    direction,
    interceptor,
    interceptor_name,
    model_name,
    prompt_switch,
    template_key,
    toggles,
)
from advisor.subjects.scopes import ADAPTER, EXTRA, PARAMS, Scope
from advisor.subjects.subject import Attribute, Place, is_nothing

if TYPE_CHECKING:
    from advisor.document.nodes import Path
    from advisor.nel.effective import Effective

_FALSE_WORDS, _TRUE_WORDS = ("0", "off", "f", "false", "n", "no"), ("1", "on", "t", "true", "y", "yes")


def view_of(scope: Scope) -> AdapterView:
    """What is known of a scope's adapter: one view, which keeps what it has worked out."""
    if scope.view is None:
        scope.view = AdapterView(scope, view_of(scope.general) if scope.general is not None else None)
    return scope.view


class AdapterView:
    """What is known of the adapter of one scope, computed when it is asked for."""

    __slots__ = ("_derived", "_toggles", "general", "node", "scope", "world")

    def __init__(self, scope: Scope, general: AdapterView | None) -> None:
        self.scope, self.general, self.world = scope, general, scope.world
        self.node = scope.merged.at(ADAPTER)
        self._derived: dict[str, Value] = {}
        self._toggles: dict[str, Path] | None = None

    def attributes(self) -> dict[str, Attribute]:
        return {
            **{name: self.field(name) for name in self.fields()},
            "scope": "global" if self.scope.is_global else "task",
            "tasks_set": self.tasks_set,
            "changes": self.changes,
            "has_interceptors": self.has_interceptors,
            "left_out": lambda: left_out(self.names(), self.field("post_eval_hooks")),
            "sends": lambda: sends(self.names()),
            "missing_sender": lambda: missing_sender(self.names()),
            "out_of_order": lambda: out_of_order(self.names()),
            **{name: partial(self._value, name) for name in _DERIVED},
            "toggles_differ": self.toggles_differ,
            "spare_toggle": self.spare_toggle,
            "unquoted_prompt": self.unquoted_prompt,
            "clash": self.clash,
            "server_parses": partial(self.world.singles["deployment"].get, "server_parses"),
            "is_instruct": partial(self.world.singles["deployment"].get, "is_instruct"),
            "model_name": lambda: model_name(self.world),
        }

    def fields(self) -> list[str]:
        """The simple fields that stand here, or that every task sets and that so are not known here."""
        tasks = [children(task.own.at(ADAPTER)) for task in self.scope.tasks]
        everywhere = set.intersection(*(set(fields) for fields in tasks)) if tasks else set()
        return list(dict.fromkeys([*children(self.node), *everywhere]))

    def tasks_set(self) -> Value:
        """The fields that any task sets for itself."""
        return list(dict.fromkeys(name for task in self.scope.tasks for name in children(task.own.at(ADAPTER))))

    def _own(self) -> dict[str, Effective]:
        return children(self.scope.own.at(ADAPTER))

    def places(self) -> dict[str, Place]:
        found = {name: self.scope.place((*ADAPTER, name)) for name in children(self.node)}
        paths = self.toggle_paths()
        for name, path in paths.items():
            found[name] = self.scope.place(path)
        own = [name for name, path in paths.items() if self.scope.own.at(path) is not None]
        if paths:
            found["toggle"] = self.scope.place(paths[own[0] if own else next(iter(paths))])
            spare = self.spare_toggle()
            if isinstance(spare, str):
                found["spare_toggle"] = self.scope.key_place(paths[spare])
        for name in ("max_new_tokens", "temperature"):
            found[name] = self.scope.place((*PARAMS, name))
        for name in ("num_repeats", "n_samples"):
            found["repeats"] = found.get("repeats") or self.scope.place((*EXTRA, name))
        base = added_params(self.scope)
        for path in ((*base, TEMPLATE_KWARGS, "reasoning_effort"), (*base, "reasoning_effort")):
            found["reasoning_effort"] = found.get("reasoning_effort") or self.scope.place(path)
        system, _ = interceptor(self.scope, "system_message")
        prompt = (*system, "config", "system_message") if system else (*ADAPTER, "custom_system_prompt")
        found["prompt"] = self.scope.place(prompt)
        found["reasoning_switch"] = found.get("toggle") or found["prompt"]
        legacy = self.legacy_fields()
        if isinstance(legacy, list) and legacy:
            found["legacy_fields"] = self.scope.key_place((*ADAPTER, str(legacy[0])))
        return {name: place for name, place in found.items() if place is not None}

    def field(self, name: str) -> Value:
        """A field's value; the words that pydantic takes for true and false are true and false."""
        value = self.scope.value((*ADAPTER, name))
        if adapter_section().keys.get(name) != "bool":
            return value
        if isinstance(value, str):
            return True if value.lower() in _TRUE_WORDS else False if value.lower() in _FALSE_WORDS else value
        return bool(value) if isinstance(value, int | float) and value in (0, 1) else value

    # What rules on reasoning and sampling compare between a task and the global scope.

    def changes(self) -> Value:
        """The fields and conclusions that differ from the global scope's; at the global scope itself, all."""
        names = [*self.fields(), *_DERIVED]
        if self.general is None:
            return list(names)
        return [name for name in names if self._value(name) != self.general._value(name)]

    def _value(self, name: str) -> Value:
        if name not in _DERIVED:
            return self.field(name)
        if name not in self._derived:
            self._derived[name] = getattr(self, name)()
        return self._derived[name]

    def prompt(self) -> Value:
        """The system prompt that is sent; ABSENT where none is."""
        if self.has_interceptors() is True:
            _, item = interceptor(self.scope, "system_message")
            node = item.at(("config", "system_message")) if item is not None else None
            return self.world.values.resolve(node) if node is not None else ABSENT
        used, text = self.field("use_system_prompt"), self.field("custom_system_prompt")
        if isinstance(used, Unknown):
            return used
        return text if used is True and text is not None else ABSENT

    def prompt_switch(self) -> Value:
        return prompt_switch(self.prompt())

    def toggle_paths(self) -> dict[str, Path]:
        if self._toggles is None:
            self._toggles = toggles(self.scope, added_params(self.scope))
        return self._toggles

    def toggle_keys(self) -> Value:
        return list(self.toggle_paths())

    def template_reasoning(self) -> Value:
        """on, off or unset, by chat_template_kwargs."""
        base = added_params(self.scope)
        for block in (base, (*base, TEMPLATE_KWARGS)):
            value, node = self.scope.value(block), self.scope.merged.at(block)
            if isinstance(value, Unknown):
                return value
            if isinstance(value, dict) and node is not None and not isinstance(node.data, dict):
                return Unknown("what is added to each request stands elsewhere")
        return direction([self.scope.value(path) for path in self.toggle_paths().values()])

    def reasoning(self) -> Value:
        """on, off or unset, by everything that is sent."""
        template, prompt = self.template_reasoning(), self.prompt_switch()
        if isinstance(template, Unknown) or (template != UNSET and prompt in (ON, OFF) and prompt != template):
            return template if isinstance(template, Unknown) else Unknown("its toggles disagree")
        if template != UNSET:
            return template
        return prompt if isinstance(prompt, str | Unknown) else UNSET

    def strips_traces(self) -> Value:
        """Whether the adapter takes the reasoning trace out of the answer."""
        if self.has_interceptors() is True:
            return interceptor(self.scope, "reasoning")[1] is not None
        values = [self.field("process_reasoning_traces"), self.field("use_reasoning")]
        if True in values:
            return True
        return next((value for value in values if isinstance(value, Unknown)), False)

    def reasoning_effort(self) -> Value:
        base = added_params(self.scope)
        for at in ((TEMPLATE_KWARGS, "reasoning_effort"), ("reasoning_effort",)):
            value = self.scope.value((*base, *at))
            if not is_nothing(value):
                return value
        return ABSENT

    def max_new_tokens(self) -> Value:
        return _number(self.scope.value((*PARAMS, "max_new_tokens")))

    def temperature(self) -> Value:
        return _number(self.scope.value((*PARAMS, "temperature")))

    def repeats(self) -> Value:
        """How often each sample is asked: as set, else the task's default."""
        for name in ("num_repeats", "n_samples"):
            value = _number(self.scope.value((*EXTRA, name)))
            if not is_nothing(value):
                return value
        return ABSENT

    def toggles_differ(self) -> bool:
        """Whether the prompt says on and the template off, or the other way round."""
        return {self.prompt_switch(), self.template_reasoning()} == {ON, OFF}

    def spare_toggle(self) -> Value:
        """Of two toggles, the one that the model's template does not read; ABSENT where that is not known."""
        key = template_key(self.world)
        if len(self.toggle_paths()) == 2 and key in TOGGLES:
            return next(name for name in TOGGLES if name != key)
        return ABSENT

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
        if self.general is None:
            return ABSENT
        own = [name for name, path in self.toggle_paths().items() if self.scope.own.at(path) is not None]
        theirs = self.general.toggle_paths()
        own_prompt = "custom_system_prompt" in self._own()
        if own and not own_prompt and self.prompt_switch() in (ON, OFF):
            return "prompt"
        if own_prompt and self.prompt_switch() in (ON, OFF) and theirs and not own:
            return "template"
        return "key" if own and theirs and not set(own) & set(theirs) else ABSENT

    # A list of interceptors of its own.

    def has_interceptors(self) -> Value:
        value, node = self.field("interceptors"), self.scope.merged.at((*ADAPTER, "interceptors"))
        if isinstance(value, list) and value and node is not None and not isinstance(node.data, list):
            return Unknown("the list stands elsewhere")
        return value if isinstance(value, Unknown) else isinstance(value, list) and bool(value)

    def legacy_fields(self) -> Value:
        return [name for name in children(self.node) if name in legacy_only()]

    def names(self) -> list[str | None]:
        """The names in the list, but for interceptors that are switched off; None for what has none."""
        node = self.node.child("interceptors") if self.node is not None else None
        items = elements(node)
        return [interceptor_name(item) for item in items if not _disabled(item)]


# Computed from several fields; each is a method of AdapterView.
_DERIVED = (
    "prompt", "prompt_switch", "toggle_keys", "template_reasoning", "reasoning", "strips_traces", "reasoning_effort",
    "max_new_tokens", "temperature", "repeats", "legacy_fields",
)  # fmt: skip


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
