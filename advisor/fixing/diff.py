"""What a fix changes, as a unified diff."""

from __future__ import annotations

import os

_NO_END = "\\ No newline at end of file\n"


def unified_diff(path: str, old: str, new: str) -> str:
    """A diff that `patch` and `git apply` take; '' where nothing differs."""
    from difflib import unified_diff as lines_of

    path = os.path.normpath(path)

    out = []
    for line in lines_of(_lines(old), _lines(new), path, path):
        out.append(line if line.endswith("\n") else f"{line}\n{_NO_END}")
    return "".join(out)


def _lines(text: str) -> list[str]:
    """Lines with their ends; for a diff only a line feed ends one."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
