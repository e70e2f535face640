"""The settings that hold for a target: the user's, those of the nearest file above it, and its overrides by path."""

from __future__ import annotations

import os
from collections.abc import Iterator

from advisor.nel.context import Context
from advisor.records import NamedTuple
from advisor.settings.files import NAME, NESTED, SettingsFile, read_settings, user_settings_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

DEFAULT = "default"
# These add up; of all others the nearest to the target counts.
_ADDING = ("ignore", "severity", "rules")


class Settings(NamedTuple):
    """Effective settings by dotted key. `sources` says of each key where its value came from, the nearest last."""

    values: dict[str, Any]
    sources: dict[str, tuple[str, ...]]

    @property
    def select(self) -> tuple[str, ...]:
        return tuple(self.values["select"])

    @property
    def ignore(self) -> tuple[str, ...]:
        return tuple(self.values["ignore"])

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(self.values["rules"])

    @property
    def severity(self) -> dict[str, str]:
        return dict(self.values["severity"])

    def source(self, key: str) -> str:
        return ", ".join(self.sources[key])

    def context(self, base: Context) -> Context:
        """What is known of the world, with what the settings say of it."""
        return base._replace(
            nel_version=self.values["nel_version"] or base.nel_version,
            gpu=self.values["gpus.kind"] or base.gpu,
            gpu_count=self.values["gpus.count"],
            walltime_limit=self.values["limits.walltime"] or "",
            partitions=tuple(self.values["limits.partitions"]),
        )


_DEFAULTS: dict[str, Any] = {
    "select": [], "ignore": [], "severity": {}, "rules": [], "nel_version": None, "gpus.kind": None,
    "gpus.count": None, "limits.walltime": None, "limits.partitions": [],
}  # fmt: skip


class Lookup:
    """Finds the settings of targets; each file is read once. Raises SettingsError for a file that is wrong."""

    def __init__(self) -> None:
        self._nearest: dict[str, str | None] = {}
        self._files: dict[str, SettingsFile] = {}
        self._effective: dict[tuple[object, ...], Settings] = {}
        user = user_settings_path()
        self.user = self._read(user) if os.path.isfile(user) else None

    def for_target(self, path: str) -> Settings:
        path = os.path.abspath(path)
        nearest = self.nearest(os.path.dirname(path))
        files = [file for file in (self.user, self._read(nearest) if nearest else None) if file is not None]
        layers = [layer for file in files for layer in _layers(file, path)]
        key = tuple(source for source, _, _ in layers)
        if key not in self._effective:
            self._effective[key] = _merged(layers)
        return self._effective[key]

    def nearest(self, folder: str) -> str | None:
        """The settings file of a folder, or of the nearest one above it."""
        if folder not in self._nearest:
            own, above = os.path.join(folder, NAME), os.path.dirname(folder)
            if os.path.isfile(own):
                self._nearest[folder] = own
            else:
                self._nearest[folder] = self.nearest(above) if above != folder else None
        return self._nearest[folder]

    def _read(self, path: str) -> SettingsFile:
        if path not in self._files:
            self._files[path] = read_settings(path)
        return self._files[path]


_Layer: TypeAlias = "tuple[str, dict[str, Any], str]"


def _layers(file: SettingsFile, target: str) -> Iterator[_Layer]:
    """(where from, what it sets, its folder) of a file: its own settings, then its overrides for the target."""
    yield file.path, file.data, file.folder
    inside = os.path.relpath(target, file.folder).replace(os.sep, "/")
    for pattern, overrides in (file.data.get("paths") or {}).items():
        if overrides and _matches(inside, pattern):
            yield f"{file.path} (paths: {pattern})", overrides, file.folder


def _matches(path: str, pattern: str) -> bool:
    """A glob, where `*` takes slashes too, or the name of a folder."""
    from fnmatch import fnmatchcase

    folder = pattern.rstrip("/")
    return fnmatchcase(path, pattern) or path.startswith(f"{folder}/") or fnmatchcase(path, f"{folder}/*")


def _merged(layers: list[_Layer]) -> Settings:
    values = dict(_DEFAULTS)
    sources: dict[str, tuple[str, ...]] = dict.fromkeys(_DEFAULTS, (DEFAULT,))
    for source, data, folder in layers:
        for key, value in _flat(data):
            if key == "rules":
                value = [os.path.normpath(os.path.join(folder, os.path.expanduser(one))) for one in value]
            if key in _ADDING and sources[key] != (DEFAULT,):
                values[key] = {**values[key], **value} if isinstance(value, dict) else [*values[key], *value]
                sources[key] = (*sources[key], source)
            else:
                values[key], sources[key] = value, (source,)
    return Settings(values, sources)


def _flat(data: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if value is None or key == "paths":
            continue
        if key in NESTED:
            yield from ((f"{key}.{name}", inner) for name, inner in value.items() if inner is not None)
        else:
            yield key, value
