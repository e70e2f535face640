"""Where an adapter's fields stand in the text, and what is computed from them."""

from __future__ import annotations

from advisor.nel.effective import children
from advisor.subjects.adapter_view import EFFORTS, MAX_NEW_TOKENS, REPEATS, TEMPERATURE, AdapterView
from advisor.subjects.family_model import model_of
from advisor.subjects.reasoning import interceptor
from advisor.subjects.scopes import ADAPTER, PARAMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from advisor.document.nodes import Path
    from advisor.subjects.subject import Place


def adapter_place(view: AdapterView, name: str) -> Place | None:
    """Where an attribute of an adapter stands."""
    computed = _COMPUTED.get(name)
    if computed is not None:
        return computed(view)
    return view.scope.place(view.toggle_paths[name]) if name in view.toggle_paths else _field(view, name)


def _field(view: AdapterView, name: str) -> Place | None:
    return view.scope.place((*ADAPTER, name)) if name in children(view.node) else None


def _first(view: AdapterView, name: str, paths: Iterable[Path]) -> Place | None:
    """Where a field stands, else the first of some paths that is there."""
    places = (view.scope.place(path) for path in paths)
    return _field(view, name) or next((place for place in places if place is not None), None)


def _toggle(view: AdapterView) -> Place | None:
    """The toggle that counts: the scope's own before a global one."""
    paths = list(view.toggle_paths.values())
    own = [path for path in paths if view.scope.own.at(path) is not None]
    return view.scope.place((own or paths)[0]) if paths else None


def _spare_toggle(view: AdapterView) -> Place | None:
    spare = view.spare_toggle()
    return view.scope.key_place(view.toggle_paths[spare]) if isinstance(spare, str) else None


def _prompt(view: AdapterView) -> Place | None:
    system, _ = interceptor(view.interceptors, "system_message")
    return view.scope.place((*system, "config", "system_message") if system else (*ADAPTER, "custom_system_prompt"))


def _legacy(view: AdapterView) -> Place | None:
    legacy = view.legacy_fields
    return view.scope.key_place((*ADAPTER, legacy[0])) if legacy else None


def _odd_sampling(view: AdapterView) -> Place | None:
    odd = model_of(view.scope).odd_sampling
    return view.scope.place((*PARAMS, next(iter(odd)))) if odd else None


_COMPUTED: dict[str, Callable[[AdapterView], Place | None]] = {
    "toggle": _toggle,
    "spare_toggle": _spare_toggle,
    "max_new_tokens": lambda view: view.scope.place(MAX_NEW_TOKENS),
    "temperature": lambda view: view.scope.place(TEMPERATURE),
    "repeats": lambda view: _first(view, "repeats", REPEATS),
    "reasoning_effort": lambda view: _first(view, "reasoning_effort", ((*view.added_params, *end) for end in EFFORTS)),
    "prompt": _prompt,
    "reasoning_switch": lambda view: _toggle(view) or _prompt(view),
    "legacy_fields": _legacy,
    "odd_sampling": _odd_sampling,
}
