"""The proxy in front of a nel-next service: whether it is used, its timeout, its interceptors.

Source: nemo-evaluator 0.5 config/services.py, model_server.py and orchestrator.py.
"""

from __future__ import annotations

from functools import partial

from advisor.document.nodes import dotted
from advisor.knowledge import table
from advisor.nel.effective import elements
from advisor.nel.names import nearest
from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Place, Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path

# What a proxy's settings need beside them to be used at all.
_STARTERS = ("interceptors", "extra_body", "extra_headers", "verbose")
_SETTINGS = ("request_timeout", "max_retries", "retry_on_status", "max_concurrent_upstream")
_TIMEOUT = 120


def add_proxy(service: Subject, document: Document) -> None:
    """Attributes of `service`, and one `proxy_interceptor` for each that its proxy names."""
    place = partial(place_in, document, service.world.values)
    service.attributes |= {
        "proxy_timeout": lambda: _proxy_timeout(service),
        "uses_proxy": lambda: _uses_proxy(service),
        "inert_proxy_settings": lambda: _inert_proxy_settings(service),
    }
    service.places["proxy_interceptors"] = place((*service.base, "proxy", "interceptors"))
    service.places["proxy_timeout"] = place((*service.base, "proxy", "request_timeout"))
    _add_interceptors(service, document)


def _uses_proxy(service: Subject) -> bool:
    """Whether the proxy's settings are used: only where something is to be changed in requests."""
    return any(service.get(f"proxy.{name}") not in (ABSENT, None, False, [], {}) for name in _STARTERS)


def _proxy_timeout(service: Subject) -> Value:
    """Seconds after which a request is given up."""
    value = service.get("proxy.request_timeout")
    if isinstance(value, Unknown):
        return value
    return value if _uses_proxy(service) and isinstance(value, int | float) else _TIMEOUT


def _inert_proxy_settings(service: Subject) -> Value:
    """The proxy's settings that nobody reads, since nothing else asks for a proxy."""
    if _uses_proxy(service):
        return ABSENT
    found = [name for name in _SETTINGS if service.find(f"proxy.{name}") is not None]
    if found and (place := service.place_of(f"proxy.{found[0]}")) is not None:
        service.places["inert_proxy_settings"] = place
    return [*found] if found else ABSENT


def _add_interceptors(service: Subject, document: Document) -> None:
    world = service.world
    items = service.find("proxy.interceptors")
    known = table("next")["interceptors"]
    for index, item in enumerate(elements(items)):
        name = item.child("name")
        if name is None or not isinstance(name.data, str) or "${" in name.data:
            continue
        base: Path = (*service.base, "proxy", "interceptors", index)
        about: dict[str, Attribute] = {
            "is_known": name.data in known,
            "nearest": nearest(name.data, known) or ABSENT,
            "nearest_text": f"; did you mean {one}" if (one := nearest(name.data, known)) else "",
            "path": dotted(base),
        }
        place = Place(base, place_in(document, world.values, (*base, "name")).span)
        world.add(Subject("proxy_interceptor", place, world, about, item, base, service))
