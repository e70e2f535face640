"""Findings as diagnostics, in LSP's own JSON."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from advisor.document.nodes import dotted
from advisor.engine.base import RuleBase
from advisor.engine.findings import Finding
from advisor.engine.rule import Rule
from advisor.lsp.addresses import uri_of
from advisor.lsp.checkpoints import checkpoints_named
from advisor.lsp.pages import page_file
from advisor.lsp.positions import Positions
from advisor.lsp.session import Analysis
from advisor.lsp.standing import Moved, standing
from advisor.subjects.subject import Place

SOURCE = "nel-advisor"
_SEVERITIES = {"error": 1, "warning": 2, "info": 3}
# What shows what a checkpoint is, the most telling first.
TELLING = ("hf_quant_config.json", "config.json", "README.md")
_OF_CHECKPOINT = frozenset({"checkpoint", "gap", "checkpoint_file", "tensor_group", "drift"})
_TAGS = {"unnecessary": 1, "deprecated": 2}


def diagnose(analysis: Analysis) -> dict[str, Any]:
    """`items`, whether the text is a NEL config at all, and the paths that the advice depends on."""
    if not analysis.is_ours:
        return {"ours": False, "items": [], "depends": []}
    items = [diagnostic(analysis, finding) for finding in analysis.advice.findings]
    items += [diagnostic(analysis, finding, moved) for finding, moved in standing(analysis)]
    return {"ours": True, "items": items, "depends": _depends(analysis)}


def diagnostic(analysis: Analysis, finding: Finding, moved: Moved | None = None) -> dict[str, Any]:
    """One finding; `moved` takes its offsets to where they are now."""
    page = page_link(analysis, finding.rule)
    return {
        "range": _range(analysis, finding.place, moved),
        "severity": _SEVERITIES[finding.severity],
        "code": finding.rule,
        **({"codeDescription": {"href": page}} if page else {}),
        "source": SOURCE,
        "message": finding.message,
        **({"tags": tags} if (tags := [_TAGS[tag] for tag in finding.tags if tag in _TAGS]) else {}),
        "relatedInformation": [
            *(_related(analysis, name, place, moved) for name, place in _others(finding)),
            *_in_checkpoint(analysis, finding),
        ],
        "data": {"name": finding.name},
    }


def span_in(place: Place) -> tuple[int, int]:
    """Where a place is marked in the config's own text: at its beginning, where it lies in another file."""
    return (place.span.start, place.span.end) if place.document is None else (0, 0)


def _range(analysis: Analysis, place: Place, moved: Moved | None) -> dict[str, Any]:
    start, end = span_in(place)
    return analysis.positions.range(moved(start), moved(end)) if moved else analysis.positions.range(start, end)


def _others(finding: Finding) -> list[tuple[str, Place]]:
    """The other places of a finding; its own, where it is in another file."""
    own = [(dotted(finding.place.path) or "the file", finding.place)] if finding.place.document is not None else []
    return [*own, *finding.related]


def _related(analysis: Analysis, name: str, place: Place, moved: Moved | None) -> dict[str, Any]:
    document = place.document
    if document is None:
        return {"location": {"uri": analysis.uri, "range": _range(analysis, place, moved)}, "message": name}
    positions = Positions(document.text, analysis.positions.encoding)
    span = positions.range(place.span.start, place.span.end)
    return {"location": {"uri": uri_of(document.path), "range": span}, "message": name}


def _in_checkpoint(analysis: Analysis, finding: Finding) -> list[dict[str, Any]]:
    """The checkpoint's file that a finding speaks of: one that its message names, else the one that tells most."""
    rule = _rules(analysis.policy.base).get(finding.rule)
    named = checkpoints_named(analysis.sound.world) if rule is not None and _asks_checkpoint(rule) else []
    checkpoint = next((one.directory for one in named), "")
    if not checkpoint or finding.place.document is not None:
        return []
    try:
        names = sorted(os.listdir(checkpoint))
    except OSError:
        return []
    said = [name for name in names if name in finding.message]
    telling = [name for name in TELLING if name in names]
    start = {"line": 0, "character": 0}
    return [
        {"location": {"uri": uri_of(f"{checkpoint}/{name}"), "range": {"start": start, "end": start}}, "message": name}
        for name in (said or telling)[:1]
    ]


def _asks_checkpoint(rule: Rule) -> bool:
    asked = [condition.get("name", "") for condition in rule.when]
    return bool(_OF_CHECKPOINT & set(rule.on)) or any(name.startswith("checkpoint.") for name in asked)


def page_link(analysis: Analysis, rule: str) -> str:
    """The URI of what is written on a rule; '' where nothing is."""
    found = _rules(analysis.policy.base).get(rule)
    page = page_file(found) if found is not None else ""
    return uri_of(page) if page else ""


@lru_cache(maxsize=4)
def _rules(base: RuleBase) -> dict[str, Rule]:
    return {rule.id: rule for rule in base.rules}


def _depends(analysis: Analysis) -> list[str]:
    """The checkpoints that the config names, and the files beside it that it asked for."""
    named = [one.directory for one in checkpoints_named(analysis.sound.world)]
    return [*dict.fromkeys([*analysis.siblings, *named])]
