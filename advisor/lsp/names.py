"""Names that the front and the engine process both use."""

from __future__ import annotations

QUICK_FIX, FIX_ALL = "quickfix", "source.fixAll.nel-advisor"
EXPLAIN_COMMAND, FIX_ALL_COMMAND, OPEN_COMMAND = "nel-advisor.explain", "nel-advisor.fixAll", "nel-advisor.openAdvised"
