"""Settings files: where they are, and what they say, validated."""

from __future__ import annotations

import os

from advisor import __version__
from advisor.document.document import Document
from advisor.document.nodes import Mapping, Path, dotted, plain
from advisor.document.reading import read_document
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAME = ".nel-advisor.yaml"
# Keys that nest; all others are whole.
NESTED = ("gpus", "limits")


class SettingsError(ValueError):
    """A settings file that cannot be used: `file:line:column: what is wrong`."""


class SettingsFile(NamedTuple):
    """A validated file. `data` has only what it sets."""

    path: str
    data: dict[str, Any]

    @property
    def folder(self) -> str:
        return os.path.dirname(self.path)


def user_settings_path() -> str:
    where = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return f"{where}/nel-advisor/settings.yaml"


def read_settings(path: str) -> SettingsFile:
    """Raises SettingsError."""
    document = read_document(path)
    for problem in document.problems:
        raise _error(document, (), problem.message, problem.span.start)
    data = plain(document.root) if document.root is not None else {}
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise _error(document, (), "a settings file holds one mapping")
    marker = _marker(document.text)
    if not os.path.exists(marker):
        _validate(document, data)
        _mark(marker)
    return SettingsFile(path, data)


def _validate(document: Document, data: dict[str, Any]) -> None:
    from pydantic import ValidationError

    from advisor.settings.schema import SettingsFile as Schema

    try:
        Schema.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        path = tuple(part for part in first["loc"] if isinstance(part, str | int))
        if first["type"] == "extra_forbidden":
            raise _error(document, path, _unknown(path)) from None
        raise _error(document, path, f"{dotted(path)}: {first['msg']}") from None


def _unknown(path: Path) -> str:
    from difflib import get_close_matches

    from advisor.settings.schema import known_keys

    known = known_keys(path[:-1])
    near = get_close_matches(str(path[-1]), known, 1, 0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    return f"there is no setting {dotted(path)!r}; {hint}"


def _error(document: Document, path: Path, message: str, offset: int = 0) -> SettingsError:
    node, parts = document.root, list(path)
    while parts and isinstance(node, Mapping) and parts[0] in node.entries:
        entry = node.entries[str(parts.pop(0))]
        node, offset = entry.value, entry.key.span.start
    at = document.position(offset)
    return SettingsError(f"{document.path}:{at.line}:{at.column}: {message}")


def _marker(text: str) -> str:
    """A file whose being there says that exactly this text was found valid, so that pydantic is not needed again."""
    from hashlib import sha256

    where = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return f"{where}/nel-advisor/settings-{__version__}-{sha256(text.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _mark(marker: str) -> None:
    try:
        os.makedirs(os.path.dirname(marker), mode=0o700, exist_ok=True)
        with open(marker, "wb"):
            pass
    except OSError:
        return
