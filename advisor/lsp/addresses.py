"""Paths and the URIs that editors name them by."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit


def path_of(uri: str) -> str:
    """The path of a file URI; another URI (an unsaved text) stands for itself."""
    try:
        parts = urlsplit(uri)
    except ValueError:  # such as a bracket that is not closed
        return uri
    return unquote(parts.path) if parts.scheme == "file" else uri


def uri_of(path: str) -> str:
    """The file URI of an absolute path."""
    return "file://" + quote(path, safe="/~!$&'()*+,;=:@-._") if path.startswith("/") else Path(path).as_uri()


def concerns(path: str, other: str) -> bool:
    """Whether a change of one path can be one of the other: it is the same, lies in it, or holds it."""
    return path == other or path.startswith(f"{other}/") or other.startswith(f"{path}/")
