"""Which folders below a folder are looked into."""

from __future__ import annotations

_OF_CODE = frozenset({"node_modules", "__pycache__", "site-packages"})


def is_looked_into(name: str) -> bool:
    """Hidden folders and those of installed code are left out."""
    return not name.startswith(".") and name not in _OF_CODE
