"""Host directories that a config mounts into containers: `execution.mounts`."""

from __future__ import annotations

from advisor.nel.effective import Effective, children
from advisor.nel.interpolation import find_interpolations
from advisor.nel.values import ABSENT
from advisor.patterns import pattern
from advisor.subjects.structure import place_in
from advisor.subjects.subject import Attribute, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context

MOUNTS: Path = ("execution", "mounts")
_SHELL_VARIABLE = pattern(r"\$\{[A-Za-z_]\w*\}\Z")
_FILE = pattern(r"\.(?:sqsh|json|jsonl|ya?ml|txt|py|sh|sif|toml|cfg|ini|parquet|csv|jinja|gz|zip)\Z")


def add_mounts(world: World, document: Document, context: Context) -> None:
    """One `mount` for each entry: key the path on the host, value the path in the container."""
    execution = world.singles["execution"]
    for section, path, node in _sections(world):
        if not isinstance(node.data, dict):
            continue
        for source, target in node.data.items():
            at: Path = (*path, source)
            attributes: dict[str, Attribute] = {
                "section": section,
                "source": source,
                "target": world.values.resolve(target),
                "kind_of_source": kind_of_source(source),
                "is_file": _FILE.search(source) is not None,
                "interpolation": _interpolation(world, source),
            }
            world.add(Subject("mount", place_in(document, world.values, at), world, attributes, None, at, execution))


def _sections(world: World) -> Iterator[tuple[str, Path, Effective]]:
    mounts = world.values.tree.at(MOUNTS)
    if mounts is None:
        return
    for section in ("deployment", "evaluation"):
        node = mounts.child(section)
        # Without a server nobody looks at its mounts.
        if node is not None and (section, world.values.at(("deployment", "type"))) != ("deployment", "none"):
            yield section, (*MOUNTS, section), node
    auxiliary = mounts.child("auxiliary")
    named = children(auxiliary)
    for name, node in named.items():
        if world.values.at(("auxiliary_deployments", name, "type")) not in (None, "none", ABSENT):
            yield "auxiliary", (*MOUNTS, "auxiliary", name), node


def kind_of_source(source: str) -> str:
    """absolute, home (`~`), shell (`$X`, known only there), placeholder (`<...>`), dotted (`./x`), or relative."""
    if "<" in source:
        return "placeholder"
    if source.startswith("/"):
        return "absolute"
    if source.startswith("."):
        return "dotted"
    if source.startswith("~"):
        return "home"
    return "shell" if source.startswith("$") else "relative"


def _interpolation(world: World, source: str) -> str:
    """The first `${...}` of a key that means nothing to a shell, or is a key of the config; '' where there is none."""
    for one in find_interpolations(source):
        if not _SHELL_VARIABLE.match(one.text) or world.values.node(one.key_path) is not None:
            return one.text
    return ""


def targets(world: World) -> list[str]:
    """Every path in a container at which something of the host is mounted."""
    found = [str(s.get("target")) for s in world.of("mount")]
    return [*found, "/checkpoint", "/cache", "/results", "/datasets"]
