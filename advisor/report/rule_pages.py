"""A page of Markdown for each rule, and an index by family: all from the rule files."""

from __future__ import annotations

from advisor.document.reading import read_document
from advisor.engine.conditions import read
from advisor.engine.templates import FIELD
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from advisor.engine.rule import Rule
    from advisor.engine.rulefile import ExampleFile

INDEX = "index.md"
_SAFETY = {"auto": "safe: it cannot change what was meant", "ask": "yours to decide: it changes what runs"}


class Example(NamedTuple):
    """A config that a rule fires on, and the config to have rather; of a rule on pairs both beside a baseline."""

    bad: str
    rather: str
    baseline: str = ""


def pages(rules: Iterable[Rule]) -> Iterator[tuple[str, str]]:
    """(file name, text) of the index and of each page."""
    from advisor.engine.rulefile import load_rule

    rules = tuple(rules)
    yield INDEX, _index(rules)
    for rule in rules:
        _, examples = load_rule(read_document(rule.file), rule.family)
        first = _first(examples[0]) if examples else None
        yield f"{rule.id}.md", page(rule, first, INDEX)


def _first(example: ExampleFile) -> Example:
    return Example(example.bad, example.fixed or example.good, example.baseline or "")


def page(rule: Rule, example: Example | None, index: str) -> str:
    """All that a rule says: what, why, when, an example, the fix, the versions, the evidence, how to be rid of it.
    `index` is the file with all rules, '' where there is none."""
    family = f"[{rule.family}]({index}#{rule.family})" if index else rule.family
    parts = [f"# {rule.id} {rule.name}", f"{rule.severity.capitalize()} · family {family}"]
    if rule.message:
        parts.append(f"> {_shown(rule.message)}")
    if rule.covers:
        parts.append("Its findings are named " + ", ".join(f"`{name}`" for name in rule.covers) + ".")
    if rule.concludes:
        parts.append(f"It concludes `{rule.concludes}`, which other rules ask for.")
    if rule.why:
        parts += ["## Why", rule.why]
    conditions = "\n".join(f"- {read(condition)}" for condition in rule.when)
    parts += ["## When", f"For each {' or '.join(rule.on)}, where all of this holds:\n\n{conditions}"]
    if example is not None and rule.message:
        parts.append("## Example")
        if example.baseline:
            parts += ["The baseline:", _code(example.baseline), "The candidate:"]
        parts += [_code(example.bad), "Rather:", _code(example.rather)]
    if rule.fix:
        parts += ["## Fix", f"{_shown(rule.fix.title)} ({_SAFETY[rule.fix.safety]})"]
    elif rule.message:
        parts += ["## Fix", "None that could be applied without knowing what is meant."]
    parts += ["## Versions", f"NEL {rule.nel}" if rule.nel else "All versions of NEL that are known here."]
    if rule.evidence:
        parts += ["## Evidence", "\n".join(f"- {one}" for one in rule.evidence)]
    if rule.message:
        parts += ["## To ignore it", _ignoring(rule)]
    return "\n\n".join(parts) + "\n"


def _shown(template: str) -> str:
    """A message with its fields as placeholders: {written} to *written*."""
    return FIELD.sub(lambda match: f"*{match[1]}*", template)


def _code(text: str) -> str:
    return f"```yaml\n{text.rstrip()}\n```"


def _ignoring(rule: Rule) -> str:
    name = rule.names[0]
    return (
        f"Behind the key that it points at: `# nel-advisor: ignore[{name}] your reason`. For a whole folder: "
        f"`ignore: [{name}]` in its settings file. For once: `--ignore {name}`."
    )


def _index(rules: tuple[Rule, ...]) -> str:
    families: dict[str, list[Rule]] = {}
    for rule in rules:
        families.setdefault(rule.family, []).append(rule)
    parts = ["# Rules", f"{len(rules)} rules in {len(families)} families."]
    for family, some in families.items():
        rows = [
            f"| [{r.id}]({r.id}.md) | {r.name} | {r.severity} | {r.fix.safety if r.fix else '–'} | {_cell(r)} |"
            for r in some
        ]
        table = "\n".join(["| id | name | severity | fix | says |", "|---|---|---|---|---|", *rows])
        parts += [f"## {family}", table]
    return "\n\n".join(parts) + "\n"


def _cell(rule: Rule) -> str:
    text = _shown(rule.message) if rule.message else f"concludes `{rule.concludes}`"
    return text.replace("|", "\\|")
