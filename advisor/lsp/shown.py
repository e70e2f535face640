"""Values and types in one line, for people."""

from __future__ import annotations

_LONGEST = 300
_WORDS = {True: "true", False: "false", None: "null"}


def short(value: object) -> str:
    """As YAML writes it, on one line and cut where it is too long."""
    text = _WORDS[value] if value is None or isinstance(value, bool) else str(value)
    flat = " ".join(text.replace("`", "'").split())
    return flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]}..."


def shown_type(kind: str) -> str:
    """A field's type as people say it; '' for any."""
    base = kind.removesuffix("?")
    if base.startswith("literal["):
        return " | ".join(base[8:-1].split(","))
    if base.startswith("list["):
        inner = shown_type(base[5:-1])
        return f"list of {inner}" if inner and not base[5:].startswith("@") else "list"
    if base.startswith(("dict[", "@")):
        return "mapping"
    return {"any": "", "str": "text", "int": "whole number", "float": "number", "bool": "true or false"}.get(
        base, base.replace("|", " or ")
    )
