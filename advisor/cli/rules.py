"""`nel-advisor rules`: the list."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress

import click

from advisor.cli.failures import fail
from advisor.cli.loading import policy_or_fail
from advisor.cli.options import output_format
from advisor.engine.rule import Rule
from advisor.nel.context import Context
from advisor.policies import Asked
from advisor.report.rules import rule_json, rule_line
from advisor.report.style import style_for


@click.command("rules")
@click.argument("words", nargs=-1, metavar="[WORD]...")
@click.option("--family", multiple=True, metavar="FAMILY", help="Only this family.")
@click.option("--severity", type=click.Choice(["error", "warning", "info"]), help="Only this severity.")
@click.option("--fixable", is_flag=True, help="Only those that know a fix.")
@output_format
@click.option("--markdown", metavar="DIR", help="Write a page for each rule and an index to DIR instead.")
def command(
    words: tuple[str, ...],
    family: tuple[str, ...],
    severity: str | None,
    fixable: bool,
    output: str,
    markdown: str | None,
) -> None:
    """List the rules, those of the settings' own folders too; with words, those whose id, name, family or message has
    them all."""
    rules = policy_or_fail(Asked(Context()), os.curdir).base.rules
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
    if markdown is not None:
        _write_pages(chosen, markdown)
        return
    if output == "json":
        click.echo(json.dumps([rule_json(rule) for rule in chosen], ensure_ascii=False, indent=1))
        return
    style = style_for(sys.stdout, "auto")
    widths = (max((len(r.id) for r in chosen), default=0), max((len(r.name) for r in chosen), default=0))
    for rule in chosen:
        click.echo(rule_line(rule, widths, style), color=True)
    click.echo(f"{len(chosen)} of {len(rules)} rules; families: {', '.join(families)}")


def _write_pages(rules: list[Rule], folder: str) -> None:
    """Each page whole or not at all; one that is the same already is left alone."""
    from advisor.report.rule_pages import pages

    try:
        os.makedirs(folder, exist_ok=True)
        written = sum(_write(f"{folder}/{name}", text) for name, text in pages(rules))
    except OSError as error:
        fail(f"{folder}: {error.strerror}")
    click.echo(f"{len(rules)} rules, {written} pages written to {folder}")


def _write(path: str, text: str) -> bool:
    with suppress(OSError), open(path, encoding="utf-8") as file:
        if file.read() == text:
            return False
    temporary = f"{path}.nel-advisor-tmp"
    with open(temporary, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(temporary, path)
    return True


def _searched(rule: Rule) -> str:
    return " ".join((rule.id, rule.family, rule.message, *rule.names, rule.name)).lower()
