"""What a config hands to the evaluation container: adapters, parameters, and what stands beside their places."""

from __future__ import annotations

from advisor.subjects.adapter import add_adapters
from advisor.subjects.misplaced import add_misplaced
from advisor.subjects.params import add_params
from advisor.subjects.reasoning import PLUGINS, plugin_is_provided
from advisor.subjects.scopes import scopes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context
    from advisor.subjects.subject import World


def add_pass_through(world: World, document: Document, context: Context) -> None:
    """The subjects below `nemo_evaluator_config`. The tasks' own must be there already."""
    found = scopes(world)
    add_adapters(world, found, document)
    add_params(world, found, document, context)
    add_misplaced(world, found)
    for flag in world.of("flag"):
        if flag.get("name") in PLUGINS:
            flag.attributes["file_is_provided"] = plugin_is_provided(world, flag.get("value"))
