"""Hover: what stands under the cursor, what it comes to, and what there is to say of it."""

from __future__ import annotations

import os
from typing import Any

from advisor.advise import version_for
from advisor.document.nodes import Path, Scalar, Span
from advisor.lsp.about import (
    about_benchmark,
    about_block,
    about_checkpoint,
    about_engine_variable,
    about_flag,
    about_group,
    about_key,
    about_playbook,
    about_service,
    about_task,
    about_value,
    about_variable,
)
from advisor.lsp.checkpoints import checkpoints_named
from advisor.lsp.diagnostics import page_link, span_in
from advisor.lsp.expansions import expansion_at
from advisor.lsp.half_typed import offset_before
from advisor.lsp.legal import NAMES_SERVICE, section_in
from advisor.lsp.servers import engine_at, servers_in, shown_engine
from advisor.lsp.session import Analysis
from advisor.lsp.shown import short
from advisor.lsp.tree import Standing, standing_at
from advisor.nel.dialect import NEXT
from advisor.nel.redaction import redactor_for
from advisor.nel.tasks import lookup
from advisor.nel.values import Absent, Unknown
from advisor.subjects.command import NAMES
from advisor.subjects.subject import World


def hover(analysis: Analysis, offset: int, kind: str) -> dict[str, Any] | None:
    """LSP's Hover; None where there is nothing to say. In a text that does not parse it is that of the last one that
    did, where nothing has changed."""
    if analysis.last_good is not None:
        before = offset_before(analysis, offset)
        found = hover(analysis.last_good, before, kind) if before is not None else None
        return {"contents": found["contents"]} if found is not None else None
    world = analysis.world
    parts: list[str] = []
    span: Span | None = None
    if world is not None:
        standing = standing_at(analysis.document, offset)
        special = _expansion(analysis, world, standing, offset) or _flag(analysis, world, offset)
        if special is not None:
            text, span = special
            parts.append(text)
        elif standing is not None:
            span = standing.span
            parts.append(_about(analysis, world, standing))
    parts = [part for part in [*parts, *_findings(analysis, offset)] if part]
    if not parts:
        return None
    value = redactor_for(analysis.document).text("\n\n---\n\n".join(parts))
    answer: dict[str, Any] = {"contents": {"kind": kind, "value": value}}
    return answer | ({"range": analysis.positions.range(span.start, span.end)} if span else {})


def _about(analysis: Analysis, world: World, standing: Standing) -> str:
    """A name that means something, else the key."""
    path = standing.path
    said = "" if standing.on_key and path[-1:] != ("name",) else _name(analysis, world, standing)
    said = said or _entry(standing)
    if said:
        return said
    text = "\n\n".join(part for part in (_key(analysis, world, path), _variable(world, path)) if part)
    checkpoints = [_checkpoint(analysis, one.directory) for one in checkpoints_named(world) if one.path == path]
    return "\n\n".join(part for part in (text, *checkpoints) if part)


def _name(analysis: Analysis, world: World, standing: Standing) -> str:
    """What a name is that NEL or the config itself gives a meaning; '' for any other value."""
    path, value = standing.path, world.values.at(standing.path)
    if not isinstance(value, str) or not value:
        return ""
    if analysis.dialect == NEXT:
        return _next_name(world, path, value)
    if len(path) == 4 and path[:2] == ("evaluation", "tasks") and path[-1] == "name":
        container = world.values.at((*path[:-1], "container"))
        version = version_for(analysis.dialect, analysis.policy.context)
        return about_task(lookup(value, container if isinstance(container, str) else None, version))
    prefix, colon, name = value.partition(":")
    if len(path) > 1 and path[-2] == "env_vars" and colon and prefix in ("host", "runtime", "lit"):
        return about_variable(prefix, name, analysis.policy.context.env_names)
    return ""


def _next_name(world: World, path: Path, value: str) -> str:
    named = path[-1] if isinstance(path[-1], str) else path[-2]
    if path[:1] == ("benchmarks",) and len(path) == 3 and named in ("name", "playbook"):
        return about_benchmark(value) if named == "name" else about_playbook(value)
    if named == "node_pool":
        return about_block(world, ("cluster", "node_pools", value), "node pool")
    if path[:1] == ("benchmarks",) and len(path) == 3 and named == "sandbox":
        return about_block(world, ("sandboxes", value), "sandbox")
    return about_service(world, value) if named in NAMES_SERVICE and path[0] != "cluster" else ""


def _variable(world: World, path: Path) -> str:
    """Of a variable that a server is given: whether its engine reads it."""
    if len(path) < 2 or path[-2] not in ("env_vars", "extra_env"):
        return ""
    engine = engine_at(world, path)
    return about_engine_variable(engine, str(path[-1]), shown_engine(engine)) if engine is not None else ""


def _entry(standing: Standing) -> str:
    """A config of NEL's own that `defaults` names."""
    path, node = standing.path, standing.node
    if len(path) == 2 and path[0] == "defaults" and isinstance(node, Scalar) and node.text == "_self_":
        return "**_self_**\n\nThis config's own values. Keep it last: what comes later wins."
    if len(path) == 3 and path[0] == "defaults" and isinstance(path[2], str) and isinstance(node, Scalar):
        return about_group(path[2].split()[-1].split("@")[0].lstrip("/"), node.text)
    return ""


def _key(analysis: Analysis, world: World, path: Path) -> str:
    """The key, with its effective value and where that comes from."""
    section = section_in(analysis.dialect, path[:-1], world)
    text = about_key(analysis.dialect, path, section) if isinstance(path[-1], str) else ""
    node = world.values.tree.at(path)
    if node is None:
        return text
    value = world.values.resolve(node)
    if isinstance(value, Unknown):
        # Of a text that refers to another value the reason is that one's.
        reason = (
            value.reason if node.is_missing else value.reason.replace("it is ???", "something that it refers to is ???")
        )
        shown = f"not known here: {reason}"
    elif isinstance(value, Absent | dict | list):
        return text
    else:
        shown = f"`{short(value)}`"
    source = f", from {node.origin.source}" if node.origin.source else ""
    return f"{text}\n\nEffective value: {shown}{source}".strip()


def _expansion(analysis: Analysis, world: World, standing: Standing | None, offset: int) -> tuple[str, Span] | None:
    if standing is None or standing.on_key or not isinstance(standing.node, Scalar):
        return None
    return expansion_at(analysis, world, standing.path, standing.node, offset)


def _flag(analysis: Analysis, world: World, offset: int) -> tuple[str, Span] | None:
    """The serve flag that the cursor is on, or its value."""
    for server in servers_in(world):
        for flag in server.arguments.flags:
            if server.expanded.piece_at(flag.name_span[0]).node.origin.source:
                continue
            span = server.expanded.span(*flag.name_span, analysis.document.text)
            if span is not None and span.start <= offset <= span.end:
                engine = NAMES.get(server.engine.engine, server.engine.engine) or "the engine"
                return about_flag(flag.answer, engine, server.engine.version), span
            inner = server.expanded.span(*flag.value_span, analysis.document.text) if flag.value_span else None
            if inner is not None and inner.start <= offset <= inner.end and flag.answer.flag and flag.value:
                text = about_value(server.engine, flag.answer.flag, flag.value, shown_engine(server.engine))
                return (text, inner) if text else None
    return None


def _checkpoint(analysis: Analysis, path: str) -> str:
    if not analysis.policy.context.reads_checkpoints:
        return ""
    if not os.path.isdir(path):
        return "It is not on this machine."
    from advisor.checkpoint.read import read_checkpoint

    return about_checkpoint(read_checkpoint(path))


def _findings(analysis: Analysis, offset: int) -> list[str]:
    """Why each finding under the cursor is one."""
    found = []
    for finding in analysis.advice.findings:
        start, end = span_in(finding.place)
        if start <= offset <= end and finding.why:
            page = page_link(analysis, finding.rule) if analysis.client.markdown else ""
            rule = f"[{finding.rule}]({page})" if page else finding.rule
            message = "" if analysis.client.shows_findings else f": {finding.message}"
            found.append(f"{finding.severity} {rule} **{finding.name}**{message}\n\n{finding.why}")
    return found
