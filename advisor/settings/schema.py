"""What a settings file may hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["error", "warning", "info"]
Words = list[Annotated[str, Field(min_length=1)]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Gpus(_Strict):
    """The GPUs of a node: `kind` as a gres names it (h100), `count` of them."""

    kind: str | None = None
    count: Annotated[int, Field(ge=1)] | None = None


class Limits(_Strict):
    """What the site allows: the longest `walltime` (HH:MM:SS or D-HH:MM:SS) and the names of its `partitions`."""

    walltime: Annotated[str, Field(pattern=r"^(\d+-)?\d{1,3}:\d\d:\d\d$")] | None = None
    partitions: Words | None = None


class Overrides(_Strict):
    """What can be set for some files alone."""

    select: Words | None = None
    ignore: Words | None = None
    severity: dict[str, Severity] | None = None
    nel_version: Annotated[str, Field(pattern=r"^\d+\.\d+(\.\d+)?$")] | None = None
    gpus: Gpus | None = None
    limits: Limits | None = None


class SettingsFile(Overrides):
    """`rules` are folders of more rules, `paths` overrides by glob; both relative to the settings file's folder."""

    rules: Words | None = None
    paths: dict[str, Overrides] | None = None


def known_keys(above: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand at a place in a settings file."""
    schema: type[BaseModel] = Overrides if above and above[0] == "paths" else SettingsFile
    if above and above[-1] in ("gpus", "limits"):
        schema = Gpus if above[-1] == "gpus" else Limits
    return list(schema.model_fields)
