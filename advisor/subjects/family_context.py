"""--max-model-len beside the context that the served family has, where no config.json says it.

Source: vllm config/model.py _get_and_verify_max_len, which refuses more without VLLM_ALLOW_LONG_MAX_MODEL_LEN.
"""

from __future__ import annotations

from advisor.nel.values import ABSENT, Unknown, Value
from advisor.subjects.served_model import checkpoint_of, served_model
from advisor.subjects.topology import as_int

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.subjects.subject import Subject

_STRETCHES = ("--hf-overrides", "--rope-scaling", "--rope-theta")
_LONGER_ALLOWED = "VLLM_ALLOW_LONG_MAX_MODEL_LEN"


def describe_context(owner: Subject, command: Subject, flag: Subject) -> None:
    flag.attributes |= {
        "family_context": lambda: _context(owner),
        "longer_than_family": lambda: longer_than_family(owner, command),
        "context_family": lambda: served.family.name if (served := served_model(owner)) is not None else ABSENT,
    }


def _context(owner: Subject) -> Value:
    """The family's context, where it is sure and no checkpoint on disk says it itself."""
    served = served_model(owner)
    if served is None or not served.knows("context") or checkpoint_of(owner) is not None:
        return ABSENT
    return served.family.context or ABSENT


def longer_than_family(owner: Subject, command: Subject) -> Value:
    """Whether more is asked for than the family has, with nothing that would stretch it."""
    length, context = as_int(command.get("context_length")), as_int(_context(owner))
    if not length or not context:
        return False
    flags = [one.get("written") for one in command.world.of("flag") if one.parent is command]
    if any(str(name).replace("_", "-").startswith(_STRETCHES) for name in flags) or _is_allowed(owner):
        return False
    return length > context


def _is_allowed(owner: Subject) -> bool:
    """Whether the server is given the variable that lets it, or something that is not known."""
    tree = owner.world.values.tree
    blocks = [owner.find("env_vars"), owner.find("extra_env"), tree.child("env_vars")]
    script = owner.get("script") if owner.kind == "deployment" else ""
    if any(block is not None and block.child(_LONGER_ALLOWED) is not None for block in blocks):
        return True
    return isinstance(script, Unknown) or _LONGER_ALLOWED in str(script)
