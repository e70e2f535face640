"""The page beside a target that could not be advised. Imports nothing of the advice: the daemon's own process writes
it."""

from __future__ import annotations

import os.path

from advisor.patterns import pattern

_SPECIAL = pattern(r"([\\`*\[\]<|])")


def trouble_markdown(path: str, reason: str) -> str:
    """`reason` is a clause: why there is no advice."""
    return (
        f"# No advice on {escaped(os.path.basename(path))}\n\nIt could not be advised on: {escaped(reason)}.\n\n"
        "It is left alone until it changes, or until nel-advisor or its rules do. This is a fault of nel-advisor or\n"
        "of what it stands on, whatever the file holds: please report it.\n"
    )


def escaped(text: str) -> str:
    """Text of a user's own, in one line, with nothing in it that Markdown or a terminal reads."""
    text = " ".join(text.split())
    if not text.isprintable():
        text = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return _SPECIAL.sub(r"\\\1", text)
