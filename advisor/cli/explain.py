"""`nel-advisor explain`: a rule's text, and with a file why it fires there or does not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import click

from advisor.advise import version_for, world_for
from advisor.cli import options
from advisor.cli.failures import fail
from advisor.cli.loading import context_here, policy_or_fail
from advisor.document.document import Document
from advisor.document.nodes import Mapping, dotted
from advisor.document.reading import read_document
from advisor.engine.base import RuleBase
from advisor.engine.findings import finding_of
from advisor.engine.rule import AUTO, Rule
from advisor.engine.selection import UnknownSelector, find_rules
from advisor.engine.trace import trace
from advisor.fixing.offers import Refusal, offer
from advisor.nel.context import Context
from advisor.nel.dialect import LAUNCHER, NEXT, dialect_of
from advisor.nel.redaction import redactor_for
from advisor.policies import Asked
from advisor.report.rules import rule_text, trace_text
from advisor.report.style import safe, style_for
from advisor.subjects.subject import World


@click.command("explain")
@click.argument("rule")
@click.argument("file", required=False)
@click.argument("candidate", required=False)
@options.environment
@options.nel_version
def command(rule: str, file: str | None, candidate: str | None, environment: bool, nel_version: str | None) -> None:
    """Say what RULE (an id or a name) says. With FILE, a config or a checkpoint directory: each of its conditions, with
    its value there. With CANDIDATE too, where that is compared with FILE as its baseline."""
    asked = Asked(
        context_here(check_environment=environment, nel_version=nel_version or ""), nel_version=nel_version or ""
    )
    policy = policy_or_fail(asked, candidate or file or os.curdir)
    try:
        found = find_rules(policy.base.rules, rule)
    except UnknownSelector as error:
        fail(str(error))
    style = style_for(sys.stdout, "auto")
    for one in found:
        click.echo(rule_text(one, style) + "\n", color=True)
    if file is None:
        return
    if candidate is None and all(one.on == ("pair",) for one in found):
        fail(f"{rule} is about two configs: nel-advisor explain {rule} BASELINE CANDIDATE")
    context = policy.context
    document, world, version = _pair(file, candidate, context) if candidate else _target(file, context)
    if document.root is None and document.problems:
        first = document.problems[0]
        at = document.position(first.span.start)
        click.echo(f"{safe(document.path)}:{at.line}:{at.column}: {safe(first.message)}\n")
    for one in found:
        click.echo(
            trace_text(trace(policy.base, one, world, version), one, document, redactor_for(document), style),
            color=True,
        )
        for line in _fixes(policy.base, one, world, version, document):
            click.echo(line)


def _fixes(base: RuleBase, rule: Rule, world: World, version: str, document: Document) -> Iterator[str]:
    """Whether the fix of each finding can be proven here, and where not, why."""
    hide = redactor_for(document).text
    for finding in (finding_of(firing) for firing in base.match(world, version) if firing.rule is rule):
        if finding.fix is not None:
            found = offer(document, finding)
            where = safe(dotted(finding.place.path))
            if isinstance(found, Refusal):
                yield f"its fix at {where} is not offered: {safe(hide(found.reason))}"
            else:
                asks = "safe to apply" if found.safety == AUTO else "your choice"
                yield f"its fix at {where} is proven ({asks}): {safe(hide(finding.fix.title))}"


def _pair(baseline: str, candidate: str, context: Context) -> tuple[Document, World, str]:
    """Two configs that are compared, as the second one's."""
    from advisor.compare import NotComparable, compared

    for path in (baseline, candidate):
        if not os.path.isfile(path):
            fail(f"{path}: there is no such file")
    document = read_document(candidate)
    try:
        world, _, kind = compared(read_document(baseline), document, context)
    except NotComparable as error:
        fail(str(error))
    return document, world, version_for(kind, context)


def _target(path: str, context: Context) -> tuple[Document, World, str]:
    """A config or a checkpoint directory, its subjects, and the version of NEL that its rules go by."""
    if os.path.isdir(path):
        from advisor.subjects.checkpoint import checkpoint_world

        return Document(path, "", None), checkpoint_world(path, context)[0], context.nel_version
    if not os.path.lexists(path):
        fail(f"{path}: there is no such file or folder")
    document = read_document(path)
    kind = dialect_of(document)
    if isinstance(document.root, Mapping) and kind not in (LAUNCHER, NEXT):
        fail(f"{path}: not recognised as a NEL config")
    return document, world_for(kind, document, context), version_for(kind, context)
