"""All subjects of a nel-next config."""

from __future__ import annotations

from advisor.document.nodes import Mapping
from advisor.nel.next_compose import compose_next
from advisor.nel.next_values import NextValues
from advisor.subjects.family_service import describe_next_families
from advisor.subjects.next_benchmarks import add_benchmarks
from advisor.subjects.next_checkpoint import add_next_checkpoints
from advisor.subjects.next_cluster import add_cluster
from advisor.subjects.next_expansions import add_expansions, add_fillers
from advisor.subjects.next_keys import add_next_keys
from advisor.subjects.next_output import add_output
from advisor.subjects.next_quantized import describe_next_benchmarks
from advisor.subjects.next_references import add_references
from advisor.subjects.next_secrets import add_next_secrets
from advisor.subjects.next_services import add_services
from advisor.subjects.site import describe_site
from advisor.subjects.structure import add_problems, first_line
from advisor.subjects.subject import Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.compose import SiblingReader
    from advisor.nel.context import Context
    from advisor.nel.next_compose import DefaultsProblem

# Each takes (world, document, context) and adds its subjects; later ones may look earlier ones up.
BUILDERS = (
    add_next_keys,
    add_cluster,
    describe_site,
    add_services,
    add_benchmarks,
    add_output,
    add_references,
    add_expansions,
    add_fillers,
    add_next_secrets,
    add_next_checkpoints,
    describe_next_families,
    describe_next_benchmarks,
)
_LAST_WINS = {"duplicate-key": "The first one has no effect:"}


def next_world(document: Document, context: Context, read_sibling: SiblingReader | None = None) -> World:
    """The subjects of a config; of a text that does not parse, only its problems."""
    composition, problems = compose_next(document, read_sibling)
    world = World(NextValues(composition))
    whole = Place((), first_line(document))
    config = world.add_single(
        Subject("config", whole, world, {"check_environment": context.check_environment, "dialect": "next"})
    )
    config.node = composition.tree
    add_problems(world, document, config, _LAST_WINS)
    if isinstance(document.root, Mapping):
        for problem in problems:
            _add_defaults_problem(world, problem)
        for add in BUILDERS:
            add(world, document, context)
    return world


def _add_defaults_problem(world: World, problem: DefaultsProblem) -> None:
    """An entry that is none, or whose file is not here: then what it sets is not known."""
    if problem.is_legal:
        world.note(f"what {problem.shown} sets", "no such file lies below the config's folder")
        return
    path = ("defaults",) if problem.number < 0 else ("defaults", problem.number)
    world.add(
        Subject(
            "next_key", Place(path, problem.span), world, {"mistake": "bad-default"}, parent=world.singles["config"]
        )
    )
