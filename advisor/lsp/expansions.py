"""Hover on a `${...}`: what it becomes, and when."""

from __future__ import annotations

from advisor.document.nodes import Path, Scalar, Span
from advisor.document.offsets import offsets
from advisor.lsp.session import Analysis
from advisor.lsp.shown import short
from advisor.nel.dialect import NEXT
from advisor.nel.interpolation import BROKEN, ENV, KEY, Interpolation, find_interpolations
from advisor.nel.next_values import DEFERRED, LITERAL, VARIABLE, Expansion, NextValues, expansions
from advisor.nel.resolution import CIRCLE, NO_RESOLVER, NOTHING, Resolution
from advisor.nel.values import Absent, Unknown, Value
from advisor.subjects.subject import World

_FATES = {
    NOTHING: "It names nothing in this config.",
    CIRCLE: "It needs its own value.",
    NO_RESOLVER: "NEL has no such resolver.",
}


def expansion_at(analysis: Analysis, world: World, path: Path, scalar: Scalar, offset: int) -> tuple[str, Span] | None:
    """What is said of the innermost one at an offset, and where it stands."""
    if "${" not in scalar.text:
        return None
    places = offsets(analysis.document.text, scalar)
    found = expansions(scalar.text) if analysis.dialect == NEXT else find_interpolations(scalar.text)
    spans = [(places.span(one.start, one.end), one) for one in found]
    here = [(span, one) for span, one in spans if span.start <= offset <= span.end]
    if not here:
        return None
    span, one = min(here, key=lambda pair: pair[0].end - pair[0].start)
    names = analysis.policy.context.env_names
    said = _of_next(one, world, names) if isinstance(one, Expansion) else _of_launcher(one, world, path, names)
    return f"`{one.text}`\n\n{said}", span


def _of_launcher(one: Interpolation, world: World, path: Path, names: frozenset[str]) -> str:
    if one.kind == BROKEN:
        return "OmegaConf does not accept it."
    if one.kind == ENV:
        return _variable(one.name, one.default, names, "when the job is submitted")
    fate = Resolution(world.values.composition, names).fate(one, path)
    if fate.kind in _FATES:
        return _FATES[fate.kind]
    node = world.values.node(one.key_path) if one.kind == KEY and one.key_path else None
    source = f", from {node.origin.source}" if node is not None and node.origin.source else ""
    return _becomes(world.values.interpolated(one), source)


def _of_next(one: Expansion, world: World, names: frozenset[str]) -> str:
    if one.kind == VARIABLE:
        return _variable(one.name, one.default, names, "when the config is read")
    if one.kind == DEFERRED:
        return f"Left for the job: there it is the variable {one.name.partition(':')[0]}."
    if one.kind == LITERAL:
        return "Nobody replaces it: nel-next knows `${NAME}`, `${NAME:-default}`, `$${NAME}` and `${.path}`."
    assert isinstance(world.values, NextValues)
    return _becomes(world.values.reference(one.name), "")


def _variable(name: str, default: str | None, names: frozenset[str], when: str) -> str:
    is_set = "is set" if name in names else "is not set"
    otherwise = f"; `{default}` where it is not set" if default is not None else ""
    return f"The variable {name}, looked up {when}{otherwise}. It {is_set} in the shell of this server."


def _becomes(value: Value, source: str) -> str:
    if isinstance(value, Unknown):
        return f"Not known here: {value.reason}."
    if isinstance(value, Absent):
        return _FATES[NOTHING]
    if isinstance(value, dict | list):
        return f"It becomes the whole {'mapping' if isinstance(value, dict) else 'list'}{source}."
    return f"It becomes `{short(value)}`{source}."
