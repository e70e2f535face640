"""Secrets that stand in a nel-next config in clear."""

from __future__ import annotations

from advisor.nel.redaction import redactor_for
from advisor.nel.secrets import find_secrets, mask
from advisor.subjects.subject import Attribute, Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context


def add_next_secrets(world: World, document: Document, context: Context) -> None:
    """One `secret` for each value that holds one."""
    if not redactor_for(document).secrets:
        return
    for path, node in world.values.leaves():
        name = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
        if not isinstance(node.data, str) or node.origin.value is None:
            continue
        found = find_secrets(node.data, name)
        if not found:
            continue
        start, end = found[0]
        is_variable = len(path) > 1 and path[-2] in ("extra_env", "container_env", "env_vars")
        about: dict[str, Attribute] = {
            "where": "next",
            "key": name,
            "shown": mask(node.data[start:end]),
            "variable": f"${{{name}}}" if is_variable and name.isidentifier() and end - start == len(node.data) else "",
        }
        world.add(Subject("secret", Place(path, node.origin.value), world, about, parent=world.singles["config"]))
