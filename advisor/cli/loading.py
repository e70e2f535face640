"""The rule base and the context that every command starts from."""

from __future__ import annotations

import os
from collections.abc import Iterable

from advisor.cli.failures import fail
from advisor.document.reading import open_regular
from advisor.engine.selection import UnknownSelector
from advisor.nel.context import Context
from advisor.nel.installed import version_here
from advisor.policies import Asked, Policies, Policy
from advisor.settings.files import SettingsError


def policies_or_fail(asked: Asked, paths: Iterable[str]) -> Policies:
    """The policies of all paths, found and checked before anything is done."""
    try:
        policies = Policies(asked)
        for path in paths:
            policies.of(path)
    except (SettingsError, UnknownSelector) as error:
        fail(str(error))
    except OSError as error:
        fail(f"the rules cannot be loaded: {error.filename}: {error.strerror}")
    except ValueError as error:
        fail(f"the rules cannot be loaded: {error}")
    return policies


def policy_or_fail(asked: Asked, path: str) -> Policy:
    """That of one target; `.` is what lies in the current folder."""
    target = os.path.join(path, "-") if path == os.curdir else path
    return policies_or_fail(asked, [target]).of(target)


def context_here(*, check_environment: bool, nel_version: str) -> Context:
    """The names of this shell's variables and of those in ./.env, which `nel run` loads by itself. Without a version,
    that of the launcher that is installed here."""
    return Context(nel_version or version_here(), frozenset(os.environ) | _dotenv_names(".env"), check_environment)


def _dotenv_names(path: str) -> frozenset[str]:
    try:
        with open(open_regular(path), encoding="utf-8", errors="replace") as file:
            lines = [line.strip().removeprefix("export ") for line in file.read(1_000_000).splitlines()]
    except OSError:
        return frozenset()
    return frozenset(line.partition("=")[0].strip() for line in lines if "=" in line and not line.startswith("#"))
