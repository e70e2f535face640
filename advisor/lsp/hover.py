"""Hover: what stands under the cursor, what it comes to, and what there is to say of it."""

from __future__ import annotations

import os
from typing import Any

from advisor.document.nodes import Path, Scalar, Span
from advisor.lsp.about import about_checkpoint, about_flag, about_key, about_next_benchmark, about_task
from advisor.lsp.diagnostics import checkpoint_of, span_in
from advisor.lsp.session import Analysis
from advisor.lsp.tree import Standing, standing_at
from advisor.nel.dialect import NEXT, dialect_of
from advisor.nel.redaction import redactor_for
from advisor.nel.schema import section
from advisor.nel.tasks import lookup
from advisor.nel.values import Absent, Unknown
from advisor.subjects.command import NAMES, read_servers
from advisor.subjects.subject import World

_LONGEST = 300


def hover(analysis: Analysis, offset: int, kind: str) -> dict[str, Any] | None:
    """LSP's Hover; None where there is nothing to say, and in a text that does not parse."""
    world = analysis.world
    parts: list[str] = []
    span: Span | None = None
    standing = standing_at(analysis.document, offset)
    if world is None:
        parts += _about_next(analysis, standing)
    else:
        found = _flag(analysis, world, offset)
        if found is not None:
            text, span = found
            parts.append(text)
        elif standing is not None:
            span = standing.span
            parts += _about(analysis, world, standing)
    parts = [part for part in [*parts, *_findings(analysis, offset)] if part]
    if not parts:
        return None
    value = redactor_for(analysis.document).text("\n\n---\n\n".join(parts))
    answer: dict[str, Any] = {"contents": {"kind": kind, "value": value}}
    return answer | ({"range": analysis.positions.range(span.start, span.end)} if span else {})


def _about(analysis: Analysis, world: World, standing: Standing) -> list[str]:
    path = standing.path
    if len(path) > 1 and path[-2:] and path[:-2] == ("evaluation", "tasks") and path[-1] == "name":
        name = world.values.at(path)
        container = world.values.at((*path[:-1], "container"))
        if isinstance(name, str) and name:
            return [about_task(lookup(name, container if isinstance(container, str) else None, _version(analysis)))]
    if path == ("deployment", "checkpoint_path"):
        return [text for text in (_key(world, path), _checkpoint(analysis)) if text]
    return [_key(world, path)]


def _about_next(analysis: Analysis, standing: Standing | None) -> list[str]:
    """What there is to say of a benchmark of nel-next."""
    if standing is None or not analysis.is_ours or dialect_of(analysis.document) != NEXT:
        return []
    path, node = standing.path, standing.node
    named = len(path) == 3 and path[0] == "benchmarks" and path[2] in ("name", "playbook")
    return (
        [about_next_benchmark(node.value)] if named and isinstance(node, Scalar) and isinstance(node.value, str) else []
    )


def _version(analysis: Analysis) -> str:
    return analysis.policy.context.nel_version


def _key(world: World, path: Path) -> str:
    """The key, with its effective value where that is not just what stands in the text."""
    kinds = [world.values.at((name, "type")) for name in ("execution", "deployment")]
    execution, deployment = (kind if isinstance(kind, str) else None for kind in kinds)
    text = about_key(path, section(path[:-1], execution, deployment)) if isinstance(path[-1], str) else ""
    node = world.values.tree.at(path)
    if node is None:
        return text
    value = world.values.resolve(node)
    if isinstance(value, Unknown):
        shown = f"not known here: {value.reason}"
    elif isinstance(value, Absent | dict | list):
        return text
    else:
        shown = f"`{_short(value)}`"
    source = f", from {node.origin.source}" if node.origin.source else ""
    return f"{text}\n\nEffective value: {shown}{source}".strip()


def _short(value: object) -> str:
    text = (
        {True: "true", False: "false", None: "null"}.get(value)
        if value is None or isinstance(value, bool)
        else str(value)
    )
    flat = " ".join((text or "").replace("`", "'").split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}..."


def _flag(analysis: Analysis, world: World, offset: int) -> tuple[str, Span] | None:
    """The serve flag that the cursor is on."""
    if "deployment" not in world.singles or world.singles["deployment"].get("has_server") is not True:
        return None
    for server in read_servers(world):
        for flag in server.arguments.flags:
            if server.expanded.piece_at(flag.name_span[0]).node.origin.source:
                continue
            span = server.expanded.span(*flag.name_span, analysis.document.text)
            if span is not None and span.start <= offset <= span.end:
                engine = NAMES.get(server.engine.engine, server.engine.engine) or "the engine"
                return about_flag(flag.answer, engine, server.engine.version), span
    return None


def _checkpoint(analysis: Analysis) -> str:
    path = checkpoint_of(analysis)
    if not path or not analysis.policy.context.reads_checkpoints or not os.path.isdir(path):
        return "It is not on this machine." if path else ""
    from advisor.checkpoint.read import read_checkpoint

    return about_checkpoint(read_checkpoint(path))


def _findings(analysis: Analysis, offset: int) -> list[str]:
    """Why each finding under the cursor is one."""
    found = []
    for finding in analysis.advice.findings:
        start, end = span_in(finding.place)
        if start <= offset <= end and finding.why:
            found.append(f"{finding.severity} {finding.rule} **{finding.name}**: {finding.message}\n\n{finding.why}")
    return found
