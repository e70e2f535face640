"""What the family of the served model says of a server's flags, of a deployment or of a service alike.

Nothing of a family is looked up, or even imported, before a rule asks for it.
"""

from __future__ import annotations

from advisor.nel.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.subjects.subject import Subject

_PARSERS = ("--reasoning-parser", "--tool-call-parser")


def describe_server(owner: Subject, command: Subject, flags: list[Subject]) -> None:
    """Attributes of `command` and of its flags."""
    names = {flag.get("name") for flag in flags}
    if not names.isdisjoint(_PARSERS):
        from advisor.subjects.family_parsers import describe_parsers

        describe_parsers(owner, flags)
    for flag in flags:
        if flag.get("name") == "--max-model-len":
            from advisor.subjects.family_context import describe_context

            describe_context(owner, command, flag)
    command.attributes["tool_flags"] = lambda: _tool_flags(owner, names)


def template_toggles(owner: Subject) -> list[object] | None:
    """The switches that the chat template on disk reads; None where that is not known."""
    from advisor.subjects.served_model import checkpoint_of

    checkpoint = checkpoint_of(owner)
    toggles = checkpoint.get("template_toggles") if checkpoint is not None else None
    return list(toggles) if isinstance(toggles, list) else None


def _tool_flags(owner: Subject, given: set[Value]) -> Value:
    from advisor.subjects.family_parsers import tool_flags

    return tool_flags(owner, given)
