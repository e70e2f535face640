"""What README.md and docs/ say there is, there is; and what there is, they say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import advisor
from advisor.cli.main import COMMANDS, main
from advisor.engine.bundle import load_rules
from advisor.engine.operators import OPERATORS, REFERENCES
from advisor.engine.rulefile import EDITS, RuleFile
from advisor.settings.schema import known_keys
from tests.cli.run import nel_advisor

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
EDITORS = (ROOT / "editors" / "README.md").read_text(encoding="utf-8")
# What is shown in a shell, and what comes out there, has options of others too.
PROSE = re.sub(r"```(?:sh|console)\n.*?```", "", README, flags=re.DOTALL)


def commands(group: click.Command = main, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Each command with its words."""
    yield name, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for one in group.list_commands(context):
            found = group.get_command(context, one)
            assert found is not None
            yield from commands(found, f"{name} {one}".strip())


ALL = dict(commands())
OPTIONS = {name for one in ALL.values() for parameter in one.params for name in parameter.opts} | {"--help"}


def test_every_option_that_is_named_is_there() -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", re.sub(r"code --\S+", "", PROSE + EDITORS)))
    assert named
    assert named - OPTIONS == set()


def test_every_command_is_named_and_is_there() -> None:
    named = set(re.findall(r"(?:`|\$ |bin/)nel-advisor ([a-z]+)", README + EDITORS))
    assert named <= set(COMMANDS)
    assert {one for one in COMMANDS if not re.search(rf"`(?:nel-advisor )?{one}[ `]", README)} == set()


@pytest.mark.parametrize("name", ALL)
def test_every_help_is_worded_alike(name: str) -> None:
    """A sentence that says what is done; each option says what it is for, with a full stop."""
    command = ALL[name]
    lines = (command.help or "").split("\n\n")
    assert re.match(r"[A-Z][a-z]+(,| [^.:]*)", lines[0])
    assert lines[0].rstrip().endswith(".")
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, option.name
            assert re.match(r"[A-Z].*\.(  \[default: .*\])?\Z", option.help, re.DOTALL), option.help


def test_every_rule_that_is_named_is_there() -> None:
    rules = load_rules()
    pairs = {(rule.id, name) for rule in rules for name in (*rule.names, rule.name)}
    named = re.findall(r"(NEL\d+) ([a-z][a-z0-9-]+)", README) + re.findall(
        r'"rule": "(NEL\d+)", "name": "([\w-]+)"', README
    )
    assert named
    assert set(named) <= pairs
    hidden = set(re.findall(r"ignore\[([\w-]+)\]", README))
    assert hidden <= {name for _, name in pairs}


def shape(value: Any) -> Any:
    """The keys, without what they hold."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


def test_the_contract_is_as_it_is_shown(tmp_path: Path) -> None:
    (tmp_path / "eval.yaml").write_text(
        "defaults: [{execution: slurm/default}, {deployment: vllm}, _self_]\n"
        "execution: {hostname: h, account: a, output_dir: /o, walltime: 12:00:00}\n"
        "deployment: {checkpoint_path: /nowhere/m, served_model_name: m, image: 'vllm/vllm-openai:v0.16.0'}\n"
        "evaluation: {tasks: [{name: ifeval}]}\n"
    )
    ran = nel_advisor("advise", "eval.yaml", "--format", "json", "--select", "walltime-unquoted", cwd=tmp_path)
    (block,) = re.findall(r"```json\n(.*?)```", README, flags=re.DOTALL)
    assert shape(json.loads(block)) == shape(json.loads(ran.out))


def test_links_lead_somewhere() -> None:
    for page, text in (
        (ROOT / "README.md", README),
        (ROOT / "docs" / "x", ARCHITECTURE),
        (ROOT / "editors" / "x", EDITORS),
    ):
        for link in re.findall(r"\]\((?!http)([^)#]+)", text):
            assert (page.parent / link).exists(), link


def test_every_setting_is_named() -> None:
    (settings,) = re.findall(r"`\.nel-advisor\.yaml`, found upwards.*?\n\n", README, flags=re.DOTALL)
    for key in (*known_keys(()), *known_keys(("gpus",)), *known_keys(("limits",))):
        assert re.search(rf"\b{key}\b", settings), key


def test_the_architecture_names_every_stage() -> None:
    package = Path(advisor.__file__).parent
    stages = {path.name + "/" for path in package.iterdir() if (path / "__init__.py").is_file() or path.name == "cli"}
    stages |= {path.name for path in package.glob("*.py") if not path.name.startswith("_")}
    assert {one for one in stages if f"`{one}`" not in ARCHITECTURE and f"advisor/{one}" not in ARCHITECTURE} == set()
    named = set(re.findall(r"`(?:advisor/|cli/)?(\w+\.py)`", ARCHITECTURE))
    assert {one for one in named if not list(package.rglob(one))} - {"speed.py"} == set()


def test_the_architecture_tells_what_a_rule_file_may_hold() -> None:
    table = ARCHITECTURE[ARCHITECTURE.index("### A rule file") : ARCHITECTURE.index("Operators:")]
    assert set(RuleFile.model_fields) <= set(re.findall(r"`(\w+)`", table))
    operators = ARCHITECTURE[ARCHITECTURE.index("Operators: `") + 12 :].partition("`")[0].split()
    assert set(operators) == {*OPERATORS, *REFERENCES}
    edits = ARCHITECTURE[ARCHITECTURE.index("Edits: `") + 8 :].partition("`")[0].split()
    assert set(edits) == set(EDITS)
