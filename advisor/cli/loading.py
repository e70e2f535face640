"""The rule base and the context that every command starts from."""

from __future__ import annotations

import os

from advisor.cli.failures import fail
from advisor.engine.base import RuleBase
from advisor.engine.bundle import load_rules
from advisor.engine.rule import Rule
from advisor.nel.context import Context


def rules_or_fail() -> tuple[Rule, ...]:
    try:
        return load_rules()
    except (ValueError, OSError) as error:
        fail(f"the rules cannot be loaded: {error}")


def base_or_fail() -> RuleBase:
    return RuleBase(rules_or_fail())


def context_here(*, check_environment: bool, nel_version: str) -> Context:
    """The names of this shell's variables and of those in ./.env, which `nel run` loads by itself."""
    return Context(nel_version, frozenset(os.environ) | _dotenv_names(".env"), check_environment)


def _dotenv_names(path: str) -> frozenset[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.strip().removeprefix("export ") for line in file.read(1_000_000).splitlines()]
    except OSError:
        return frozenset()
    return frozenset(line.partition("=")[0].strip() for line in lines if "=" in line and not line.startswith("#"))
