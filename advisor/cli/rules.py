"""`nel-advisor rules`: the list."""

from __future__ import annotations

import json
import sys

import click

from advisor.cli.failures import fail
from advisor.cli.loading import rules_or_fail
from advisor.engine.rule import Rule
from advisor.report.rules import rule_json, rule_line
from advisor.report.style import style_for


@click.command("rules")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("--family", multiple=True, help="Only this family.")
@click.option("--severity", type=click.Choice(["error", "warning", "info"]), help="Only this severity.")
@click.option("--fixable", is_flag=True, help="Only those that know their mend.")
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(words: tuple[str, ...], family: tuple[str, ...], severity: str | None, fixable: bool, output: str) -> None:
    """List the rules; with words, those whose id, name, family or message has them all."""
    rules = rules_or_fail()
    families = sorted({rule.family for rule in rules})
    for one in family:
        if one not in families:
            fail(f"there is no family {one!r}; one of {', '.join(families)}")
    chosen = [
        rule
        for rule in rules
        if (not family or rule.family in family)
        and (not severity or rule.severity == severity)
        and (not fixable or rule.fix)
        and all(word.lower() in _searched(rule) for word in words)
    ]
    if output == "json":
        click.echo(json.dumps([rule_json(rule) for rule in chosen], ensure_ascii=False, indent=1))
        return
    style = style_for(sys.stdout, "auto")
    widths = (max((len(r.id) for r in chosen), default=0), max((len(r.name) for r in chosen), default=0))
    for rule in chosen:
        click.echo(rule_line(rule, widths, style), color=True)
    click.echo(f"{len(chosen)} of {len(rules)} rules; families: {', '.join(families)}")


def _searched(rule: Rule) -> str:
    return " ".join((rule.id, rule.family, rule.message, *rule.names, rule.name)).lower()
