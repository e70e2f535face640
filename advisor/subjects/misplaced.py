"""Blocks and parameters that stand beside the place where NEL reads them.

Sources: nemo-evaluator 0.2.8 api/api_dataclasses.py (EvaluationConfig, EvaluationTarget forbid other keys);
nemo-evaluator-launcher 0.2.6 common/helpers.py (of the top-level target only url, model_id, api_key_name are copied).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.document.nodes import dotted
from advisor.nel.values import ABSENT, Value
from advisor.subjects.params import PARAM_MEANT, is_param, param_destination
from advisor.subjects.request_params import destination_of, is_free, is_request_param
from advisor.subjects.scopes import ADAPTER, PARAMS, Scope, children
from advisor.subjects.subject import Place, Subject

if TYPE_CHECKING:
    from advisor.document.nodes import Path
    from advisor.nel.effective import Effective
    from advisor.subjects.subject import World

_TARGET, _ENDPOINT, _BLOCK = ADAPTER[:1], ADAPTER[:2], ADAPTER
_UNDER_CONFIG, _SHORT, _TOP, _PARAM = (
    "adapter-under-config-target",
    "adapter-one-level-short",
    "adapter-top-target",
    "param-misplaced",
)
# Where people put it, where it belongs, and the finding's name; all below nemo_evaluator_config.
_BLOCKS: tuple[tuple[Path, Path, str], ...] = (
    (("config", "target"), _TARGET, _UNDER_CONFIG),
    (("config", "api_endpoint"), _ENDPOINT, _UNDER_CONFIG),
    (("config", "adapter_config"), _BLOCK, _UNDER_CONFIG),
    (("config", "params", "adapter_config"), _BLOCK, _UNDER_CONFIG),
    (("adapter_config",), _BLOCK, _SHORT),
    (("api_endpoint",), _ENDPOINT, _SHORT),
    (("target", "adapter_config"), _BLOCK, _SHORT),
    (("params",), PARAMS, _PARAM),
)
_TOP_BLOCKS: tuple[Path, ...] = (("target", "api_endpoint", "adapter_config"), ("target", "adapter_config"))


def add_misplaced(world: World, found: tuple[Scope, ...]) -> None:
    """`misplaced` for each block or parameter that stands in a wrong place; `kind` is the finding's name."""
    for scope in found:
        for at, to, kind in _BLOCKS:
            node = scope.own.at(at)
            if node is not None and node.data is not None:
                _add(scope, node, (*scope.path, *at), _free(scope, to), (*scope.path, *to), kind)
        for above in ((), ("config",)):
            _add_params(scope, above)
    for at in _TOP_BLOCKS:
        node = world.values.tree.at(at)
        if node is not None and node.data is not None:
            general = found[0]
            _add(general, node, at, _free(general, ADAPTER), (*general.path, *ADAPTER), _TOP)


def _free(scope: Scope, path: Path) -> Value:
    return [*scope.path, *path] if is_free(scope, path) else ABSENT


def _add_params(scope: Scope, above: Path) -> None:
    """Parameters at `nemo_evaluator_config` or its `config`, in place of `config.params`."""
    for name, node in children(scope.own.at(above)).items():
        if is_param(name) or name in PARAM_MEANT:
            destination, shown = param_destination(scope, PARAM_MEANT.get(name, name))
        elif is_request_param(name):
            destination, shown = destination_of(scope, name)
        else:
            continue
        _add(scope, node, (*scope.path, *above, name), destination, shown, _PARAM)


def _add(scope: Scope, node: Effective, path: Path, destination: Value, right: Path | Value, kind: str) -> None:
    world = scope.world
    span = node.origin.key or node.origin.value
    if span is None:
        return
    world.add(
        Subject(
            "misplaced",
            Place(path, span),
            world,
            {
                "kind": kind,
                "name": path[-1],
                "where": dotted(path),
                "right": dotted(right) if isinstance(right, tuple) else right,
                "destination": destination,
                "is_refused": path[-2] in ("config", "params", "target") and path[0] != "target",
            },
            node,
            path,
            scope.owner,
        )
    )
