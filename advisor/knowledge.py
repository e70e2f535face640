"""Where the rules and their tables of facts live, and how a table is read."""

from __future__ import annotations

import json
import os.path
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_PACKAGED = os.path.join(_HERE, "rules")
RULES = _PACKAGED if os.path.isdir(_PACKAGED) else os.path.join(os.path.dirname(_HERE), "rules")


@cache
def table(name: str) -> Any:
    """One table of `rules/knowledge`, by its name without `.json`; read once a process."""
    with open(f"{RULES}/knowledge/{name}.json", "rb") as file:
        return json.load(file)
