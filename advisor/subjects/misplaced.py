"""Blocks and parameters that stand beside the place where NEL reads them.

Sources: nemo-evaluator 0.2.8 api/api_dataclasses.py (EvaluationConfig, EvaluationTarget forbid other keys);
nemo-evaluator-launcher 0.2.6 common/helpers.py (of the top-level target only url, model_id, api_key_name are copied).
"""

from __future__ import annotations

from functools import cache

from advisor.document.nodes import dotted
from advisor.nel.effective import children
from advisor.nel.names import nearest
from advisor.nel.schema import Section, Unknown, section
from advisor.nel.values import ABSENT, Value
from advisor.subjects.params import PARAM_MEANT, is_param, param_destination
from advisor.subjects.request_params import destination_of, is_free, is_request_param
from advisor.subjects.scopes import ADAPTER, PARAMS, PASS_THROUGH, Scope
from advisor.subjects.subject import Attribute, Place, Subject, is_nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.nodes import Path
    from advisor.nel.effective import Effective
    from advisor.subjects.subject import World

_TARGET, _ENDPOINT, _BLOCK = ADAPTER[:1], ADAPTER[:2], ADAPTER
_UNDER_CONFIG, _SHORT, _TOP, _PARAM, _REFUSED, _IGNORED = (
    "adapter-under-config-target",
    "adapter-one-level-short",
    "adapter-top-target",
    "param-misplaced",
    "container-key-unknown",
    "container-key-ignored",
)
# The one block that stands where any key may, and so is not found as an unknown one.
_NESTED: Path = (*PARAMS, "adapter_config")
# Where people put it, where it belongs, and the finding's name; all below nemo_evaluator_config.
_BLOCKS: tuple[tuple[Path, Path, str], ...] = (
    (("config", "target"), _TARGET, _UNDER_CONFIG),
    (("config", "api_endpoint"), _ENDPOINT, _UNDER_CONFIG),
    (("config", "adapter_config"), _BLOCK, _UNDER_CONFIG),
    (_NESTED, _BLOCK, _UNDER_CONFIG),
    (("adapter_config",), _BLOCK, _SHORT),
    (("api_endpoint",), _ENDPOINT, _SHORT),
    (("target", "adapter_config"), _BLOCK, _SHORT),
    (("params",), PARAMS, _PARAM),
)
# Blocks that are never read at the top of a config.
_TOP_BLOCKS: tuple[tuple[Path, Path], ...] = (
    (("target", "api_endpoint", "adapter_config"), ADAPTER),
    (("target", "adapter_config"), ADAPTER),
    (("adapter_config",), ADAPTER),
    ((PASS_THROUGH,), ()),
)
_SECTIONS: tuple[Path, ...] = ((), ("config",), _TARGET, _ENDPOINT)


def add_misplaced(world: World, found: tuple[Scope, ...]) -> None:
    """`misplaced` for each block, parameter or unknown key that stands where the core does not read it; `kind` is the
    finding's name."""
    for scope in found:
        if not scope.own.data:
            continue
        unknown = [
            (above, known, name)
            for above, known in _sections()
            for name in children(scope.own.at(above))
            if name not in known.keys
        ]
        if not unknown and _NESTED[-1] not in children(scope.own.at(PARAMS)):
            continue
        blocks = {at: (to, kind) for at, to, kind in _BLOCKS if (node := scope.own.at(at)) and node.data is not None}
        for at, (to, kind) in blocks.items():
            joins = _is_apart(scope.own.at(at), scope.own.at(to))
            place: Value = [*scope.path, *to] if joins else _free(scope, to)
            _add(scope, at, place, dotted((*scope.path, *to)), kind)
        for above, known, name in unknown:
            if (*above, name) not in blocks:
                _add_key(scope, above, known, name)
    for at, to in _TOP_BLOCKS:
        node = world.values.tree.at(at)
        if node is not None and node.data is not None and not _is_repeated(world, node, at):
            _add_top(found[0], node, at, to)


def _is_repeated(world: World, node: Effective, at: Path) -> bool:
    """Whether an alias or an interpolation may take a block to where it is read."""
    anchored = node.origin.node is not None and node.origin.node.anchor is not None
    evaluation = world.singles["evaluation"].node
    return anchored or (evaluation is not None and f"${{{at[0]}" in str(evaluation.plain()))


def _is_apart(block: Effective | None, there: Effective | None) -> bool:
    """Whether a block can join the one that is there: both are mappings, and nothing is in both."""
    if block is None or there is None or not isinstance(block.data, dict) or not isinstance(there.data, dict):
        return False
    return all(name not in there.data or _is_apart(child, there.data[name]) for name, child in block.data.items())


def _free(scope: Scope, path: Path) -> Value:
    return [*scope.path, *path] if is_free(scope, path) else ABSENT


@cache
def _sections() -> tuple[tuple[Path, Section], ...]:
    """The core's own sections that are looked into."""
    found = ((above, section(("evaluation", PASS_THROUGH, *above))) for above in _SECTIONS)
    return tuple((above, known) for above, known in found if known is not None)


def _add_key(scope: Scope, above: Path, known: Section, name: str) -> None:
    """A key of a section of the core's that it does not have there."""
    meant, close = PARAM_MEANT.get(name, name), nearest(name, known.keys)
    beside_params = above in ((), ("config",))
    if beside_params and is_param(meant):
        kind, (destination, right) = _PARAM, param_destination(scope, meant)
    elif beside_params and is_request_param(name):
        kind, (destination, right) = _PARAM, destination_of(scope, name)
    elif not above and (owner := section(scope.path[:-1])) is not None and name in owner.keys:
        outside = (*scope.path[:-1], name)
        there = scope.world.values.tree.at(outside)
        is_free_there = there is None or _is_apart(scope.own.at((name,)), there)
        kind, destination, right = _IGNORED, [*outside] if is_free_there else ABSENT, dotted(outside)
    else:
        kind = _REFUSED if known.unknown is Unknown.CONTAINER else _IGNORED
        destination = _free(scope, (*above, close)) if close is not None else ABSENT
        right = dotted((*above, close)) if close is not None else ABSENT
    _add(scope, (*above, name), destination, right, kind)


def _add_top(general: Scope, node: Effective, at: Path, to: Path) -> None:
    if to:
        return _add_subject(general, node, at, _free(general, to), dotted((*general.path, *to)), _TOP)
    free: Value = ABSENT if general.own.data else list(general.path)
    return _add_subject(general, node, at, free, dotted(general.path), _PARAM)


def _add(scope: Scope, at: Path, destination: Value, right: Value, kind: str) -> None:
    node = scope.own.at(at)
    if node is not None:
        _add_subject(scope, node, (*scope.path, *at), destination, right, kind)


def _add_subject(scope: Scope, node: Effective, path: Path, destination: Value, right: Value, kind: str) -> None:
    span = node.origin.key or node.origin.value
    if span is None:
        return
    attributes: dict[str, Attribute] = {
        "kind": kind,
        "name": path[-1],
        "where": dotted(path),
        "right": right,
        "right_text": "" if is_nothing(right) else f"; did you mean {right}",
        "destination": destination,
        "is_refused": path[-2:-1] in (("config",), ("params",)),
    }
    scope.world.add(Subject("misplaced", Place(path, span), scope.world, attributes, node, path, scope.owner))
