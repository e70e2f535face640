"""What is known of the world around a config."""

from __future__ import annotations

from dataclasses import dataclass, field

NEWEST_NEL = "0.2.6"


@dataclass(frozen=True, slots=True)
class Context:
    """`env_names` are names, never values. With `check_environment` a host: variable that is not among them
    is an error, since the config is meant to be submitted from here."""

    nel_version: str = NEWEST_NEL
    env_names: frozenset[str] = field(default_factory=frozenset)
    check_environment: bool = False
