"""The document, its problems, and the sections of which a config has one each."""

from __future__ import annotations

from advisor.document.document import Document
from advisor.document.nodes import Mapping, Path, Span
from advisor.nel.context import Context
from advisor.nel.values import Values
from advisor.subjects.subject import Attribute, Place, Subject, World

SECTIONS = ("execution", "deployment", "evaluation", "target")


def add_document(world: World, document: Document, context: Context) -> None:
    """`document` and one `problem` for each thing that is wrong with the text."""
    root = document.root
    name = document.path.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    whole = Place((), first_line(document))
    attributes: dict[str, Attribute] = {
        "name": name,
        "stem": stem if dot else name,
        "extension": f".{extension}" if dot else "",
        "top_level": "mapping" if isinstance(root, Mapping) else "nothing" if root is None else type(root).__name__.lower(),
        "is_fragment": is_fragment(document),
    }
    subject = world.add_single(Subject("document", whole, world, attributes))
    for problem in document.problems:
        first = document.position(problem.other.start).line if problem.other else None
        world.add(
            Subject(
                "problem",
                Place((), problem.span),
                world,
                {"kind": problem.kind, "message": problem.message, "hint": problem.hint, "first_line": first},
                parent=subject,
            )
        )


def is_fragment(document: Document) -> bool:
    """A file whose name says that other configs name it in their defaults (`_endpoints.yaml`)."""
    return document.path.rpartition("/")[2].startswith("_")


def first_line(document: Document) -> Span:
    """Where a finding on the whole file points: its first key, else its first character."""
    root = document.root
    if isinstance(root, Mapping) and root.entries:
        return next(iter(root.entries.values())).key.span
    return Span(0, min(1, len(document.text)))


def add_sections(world: World, document: Document, context: Context) -> None:
    """`config` and its sections. A section that is only composed stands at its entry in `defaults`."""
    values = world.values
    whole = Place((), first_line(document))
    attributes: dict[str, Attribute] = {
        "nel_version": context.nel_version,
        "check_environment": context.check_environment,
        "is_fragment": is_fragment(document),
    }
    config = world.add_single(Subject("config", whole, world, attributes, values.tree))
    for name in SECTIONS:
        world.add_single(
            Subject(name, place_in(document, values, (name,)), world, {}, values.tree.child(name), (name,), config)
        )


def place_in(document: Document, values: Values, path: Path) -> Place:
    """The key at a path, else the nearest one above it, else the `defaults` entry that brings it, else the first line."""
    for length in range(len(path), 0, -1):
        node = values.tree.at(path[:length])
        if node is not None and (node.origin.key or node.origin.value):
            return Place(path, node.origin.key or node.origin.value or first_line(document))
    for loaded in values.composition.loaded:
        if path and loaded.entry.package.partition(".")[0] == path[0]:
            return Place(path, loaded.entry.span)
    return Place(path, first_line(document))
