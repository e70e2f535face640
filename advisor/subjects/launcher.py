"""All subjects of a launcher config, in the order in which findings are listed within one line."""

from __future__ import annotations

from advisor.document.document import Document
from advisor.document.nodes import Mapping
from advisor.nel.compose import SiblingReader, compose
from advisor.nel.context import Context
from advisor.nel.values import Values
from advisor.subjects.auxiliary import add_auxiliary
from advisor.subjects.benchmarks import describe_benchmarks
from advisor.subjects.checkpoint import add_checkpoint
from advisor.subjects.defaults import add_defaults
from advisor.subjects.deployment import add_deployment
from advisor.subjects.env import add_env_vars, add_secrets
from advisor.subjects.execution import describe_execution
from advisor.subjects.export import add_export
from advisor.subjects.families import describe_families
from advisor.subjects.hooks import add_hooks
from advisor.subjects.interpolations import add_interpolations
from advisor.subjects.keys import add_keys
from advisor.subjects.load import add_load
from advisor.subjects.mounts import add_mounts
from advisor.subjects.pass_through import add_pass_through
from advisor.subjects.serving import add_serving
from advisor.subjects.settings import add_settings
from advisor.subjects.shapes import add_shapes
from advisor.subjects.site import describe_site
from advisor.subjects.structure import add_document, add_sections
from advisor.subjects.subject import World
from advisor.subjects.target import describe_target
from advisor.subjects.task_needs import add_task_needs
from advisor.subjects.tasks import add_tasks
from advisor.subjects.topology import add_topology

# Each takes (world, document, context) and adds its subjects; later ones may look earlier ones up.
BUILDERS = (
    add_sections,
    add_defaults,
    add_shapes,
    add_keys,
    add_settings,
    add_interpolations,
    add_deployment,
    add_serving,
    add_topology,
    add_auxiliary,
    add_tasks,
    add_pass_through,
    add_hooks,
    add_mounts,
    add_env_vars,
    add_secrets,
    describe_execution,
    describe_site,
    describe_target,
    add_export,
    add_load,
    add_task_needs,
    add_checkpoint,
    describe_benchmarks,
    describe_families,
)


def launcher_world(document: Document, context: Context, read_sibling: SiblingReader | None = None) -> World:
    """The subjects of a config; of a text that does not parse, only the document and its problems."""
    world = World(Values(compose(document, read_sibling)))
    add_document(world, document, read_sibling)
    if isinstance(document.root, Mapping):
        for add in BUILDERS:
            add(world, document, context)
    return world
