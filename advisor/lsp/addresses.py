"""Paths and the URIs that editors name them by."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit


def path_of(uri: str) -> str:
    """The path of a file URI; another URI (an unsaved text) stands for itself."""
    parts = urlsplit(uri)
    if parts.scheme != "file":
        return uri
    return unquote(parts.path)


def uri_of(path: str) -> str:
    """The file URI of an absolute path."""
    return "file://" + quote(path, safe="/~!$&'()*+,;=:@-._") if path.startswith("/") else Path(path).as_uri()


def is_at_or_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
