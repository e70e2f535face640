"""Where the rules and their tables of facts live, and how a table is read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGED = Path(__file__).parent / "rules"
RULES = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parent.parent / "rules"


@cache
def table(name: str) -> Any:
    """One table of `rules/knowledge`, by its name without `.json`; read once a process."""
    return json.loads((RULES / "knowledge" / f"{name}.json").read_bytes())
