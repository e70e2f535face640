"""The adapter of each scope, and each of its fields and interceptors as written."""

from __future__ import annotations

from functools import partial

from advisor.nel.adapter_schema import adapter_section, interceptors, internal_interceptors
from advisor.nel.effective import children, elements
from advisor.nel.field_types import type_problem
from advisor.nel.names import nearest
from advisor.nel.values import ABSENT, Absent, Unknown, Value
from advisor.subjects.adapter_places import adapter_place
from advisor.subjects.adapter_view import ADAPTER_ATTRIBUTES, AdapterView, view_of
from advisor.subjects.families import FAMILY_OF_ADAPTERS
from advisor.subjects.reasoning import is_instruct, server_parses
from advisor.subjects.request_params import destination_of
from advisor.subjects.scopes import ADAPTER, Scope
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject
from advisor.subjects.written import Written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.document.document import Document
    from advisor.nel.effective import Effective
    from advisor.subjects.subject import World


# Names of the same things in an interceptor's own config, and older ones.
_MEANT = {
    "max_requests": "max_logged_requests",
    "max_responses": "max_logged_responses",
    "use_reasoning": "process_reasoning_traces",
    "system_prompt": "custom_system_prompt",
    "system_message": "custom_system_prompt",
    "cache_dir": "caching_dir",
    "reuse_cached_responses": "use_caching",
}


def add_adapters(world: World, found: tuple[Scope, ...], document: Document) -> None:
    """`adapter` for each scope that sets something, and its `adapter_field` and `interceptor` subjects."""
    world.singles["deployment"].attributes.update(
        server_parses=partial(server_parses, world), is_instruct=partial(is_instruct, world)
    )
    for scope in found:
        if not scope.own.data:
            continue
        view = view_of(scope)
        node = scope.own.at(ADAPTER)
        base = (*scope.path, *ADAPTER)
        place = scope.key_place(ADAPTER) if node is not None else None
        adapter = view.subject = world.add(
            Subject(
                "adapter",
                place or place_in(document, world.values, scope.path),
                world,
                _attributes(view),
                view.node,
                base,
                scope.owner,
                view=view,
                locate=partial(adapter_place, view),
            )
        )
        _add_fields(view, adapter, node)
        _add_interceptors(view, adapter, node)


def _attributes(view: AdapterView) -> dict[str, Attribute]:
    """What is computed, and the fields that are not called as something of that."""
    return {**_COMPUTED, **{name: view.field(name) for name in view.fields if name not in _COMPUTED}}


_COMPUTED = {**ADAPTER_ATTRIBUTES, **FAMILY_OF_ADAPTERS}


def _add_fields(view: AdapterView, adapter: Subject, node: Effective | None) -> None:
    """One `adapter_field` for each key of the block as written; for a block that is no mapping, the block itself."""
    if node is None:
        return
    whole = view.world.values.resolve(node) if not isinstance(node.data, dict) else None
    if whole and not isinstance(whole, dict | Unknown | Absent):
        base, problem = adapter.base, type_problem(whole, "dict[str,any]")
        attributes: dict[str, Attribute] = {"name": base[-1], "is_known": True, "type_problem": problem}
        adapter.world.add(Subject("adapter_field", adapter.place, adapter.world, attributes, node, base, adapter))
        return
    for name, value in children(node).items():
        field = Field(view.scope, (*ADAPTER, name), value)
        field.add("adapter_field", {**_OF_FIELDS, "name": name}, adapter, lambda: adapter.place)


class Field(Written):
    """A key of the block as written."""

    __slots__ = ()

    def meant(self) -> Value:
        found, node = _MEANT.get(self.name) or nearest(self.name, adapter_section().keys), view_of(self.scope).node
        return found if found is not None and node is not None and found not in children(node) else ABSENT

    def type(self) -> str:
        return adapter_section().keys.get(self.name, "")


_OF_FIELDS: dict[str, Callable[[Field], Value]] = {
    "is_known": lambda field: field.name in adapter_section().keys,
    "type_problem": lambda field: field.type_problem(adapter_section()),
    "as_text": lambda field: _as_text(field.type(), field.value()),
    "as_list": lambda field: _as_list(field.type(), field.value()),
    "meant": Field.meant,
    "meant_text": Field.meant_text,
    "log_field": lambda field: _MEANT.get(field.name, ABSENT),
    "request_destination": lambda field: destination_of(field.scope, field.name)[0],
    "request_shown": lambda field: destination_of(field.scope, field.name)[1],
}


def _as_text(field_type: str, value: Value) -> bool:
    """Whether quotes make a value of the type: it is a number or a word such as true, where text belongs."""
    return field_type.removesuffix("?") == "str" and isinstance(value, bool | int | float)


def _as_list(field_type: str, value: Value) -> Value:
    """The list that a text with one name, or several with commas, stands for."""
    if not field_type.startswith("list[") or not isinstance(value, str):
        return ABSENT
    return [part.strip() for part in value.split(",") if part.strip()] or ABSENT


def _add_interceptors(view: AdapterView, adapter: Subject, node: Effective | None) -> None:
    block = node.child("interceptors") if node is not None else None
    for index, item in enumerate(elements(block)):
        base = (*adapter.base, "interceptors", index)
        named = item.child("name")
        at, path = (named, (*base, "name")) if named is not None else (item, base)
        span = at.origin.value
        place = Place(path, span) if span is not None else adapter.place
        name = view.world.values.resolve(at) if at is named or isinstance(at.data, str) else ABSENT
        close = nearest(name, interceptors()) if isinstance(name, str) else None
        attributes: dict[str, Attribute] = {
            "name": name,
            "is_known": name in interceptors() or name in internal_interceptors() if isinstance(name, str) else name,
            "nearest": close or ABSENT,
            "nearest_text": f"; did you mean {close}" if close else "",
            "is_discovered": _discovers(view),
            "has_message": item.at(("config", "system_message")) is not None,
        }
        places = {"name": place}
        adapter.world.add(Subject("interceptor", place, adapter.world, attributes, item, base, adapter, places))


def _discovers(view: AdapterView) -> Value:
    """Whether the adapter loads modules that may bring interceptors of their own."""
    value = view.field("discovery")
    return value if isinstance(value, Unknown) else isinstance(value, dict) and any(value.values())
