"""The document, its problems, and the sections of which a config has one each."""

from __future__ import annotations

from advisor.document.document import Document
from advisor.document.nodes import Mapping, Path, Span
from advisor.nel.compose import SiblingReader, siblings_of
from advisor.nel.context import Context
from advisor.nel.values import ABSENT, Values
from advisor.subjects.subject import Attribute, Place, Subject, World

# What only nel-next reads at the top level.
NEXT_KEYS = ("services", "benchmarks")
# A file with more of one kind is none that a person wrote.
MOST = 500
SECTIONS = ("execution", "deployment", "evaluation", "target")


# The finding that each kind of problem is, and what it leads to.
_SYNTAX = "NEL's loader rejects the file before anything else is read, so nothing runs."
_PROBLEMS = {
    "syntax": ("yaml-syntax", _SYNTAX),
    "tag": ("yaml-syntax", _SYNTAX),
    "recursive-alias": ("yaml-syntax", "The config unfolds without end: NEL stops with a RecursionError."),
    "unprintable": ("yaml-syntax", _SYNTAX),
    "several-documents": ("yaml-syntax", "NEL reads one YAML document from a file and rejects a second one."),
    "duplicate-key": ("yaml-dup-key", "NEL's loader rejects a mapping with two equal keys, so nothing runs."),
    "encoding": ("file-not-text", "NEL reads configs as UTF-8 text and stops at the first byte that is none."),
    "binary": ("file-not-text", "NEL reads configs as UTF-8 text."),
    "too-deep": ("file-too-deep", "NEL composes a config recursively and stops with a RecursionError there."),
    "too-large": ("file-too-large", "It was not checked. NEL would read it for minutes, if it is a config at all."),
    "too-many-nodes": (
        "file-too-large",
        "It was not checked. NEL would copy every alias and run out of time or memory.",
    ),
    "unreadable": ("file-unreadable", "It was not checked, and NEL could not read it either."),
}


def add_document(world: World, document: Document, read_sibling: SiblingReader | None) -> None:
    """`document` and one `problem` for each thing that is wrong with the text."""
    name = document.path.rpartition("/")[2]
    stem, dot, extension = name.rpartition(".")
    whole = Place((), first_line(document))
    attributes: dict[str, Attribute] = {
        "name": name,
        "stem": stem if dot else name,
        "extension": f".{extension}" if dot else "",
        "is_fragment": is_fragment(document),
        "has_yaml_beside": lambda: _has_yaml_beside(document, stem, read_sibling),
    }
    subject = world.add_single(Subject("document", whole, world, attributes))
    add_problems(world, document, subject, {})


def add_problems(world: World, document: Document, parent: Subject, consequences: dict[str, str]) -> None:
    """One `problem` for each thing that is wrong with the text; `consequences` by kind, where they are not the
    launcher's."""
    for problem in document.problems:
        slug, consequence = _PROBLEMS[problem.kind]
        about: dict[str, Attribute] = {
            "kind": problem.kind,
            "slug": slug,
            "consequence": consequences.get(problem.kind, consequence),
            "message": problem.message + (f": {problem.hint}" if problem.hint else ""),
            "first_line": document.position(problem.other.start).line if problem.other else None,
        }
        world.add(Subject("problem", Place((), problem.span), world, about, parent=parent))


def _has_yaml_beside(document: Document, stem: str, read_sibling: SiblingReader | None) -> bool:
    """Whether `x.yaml` lies beside `x.yml`: NEL keeps only the stem and would run the other file."""
    return (read_sibling or siblings_of(document.path))(stem) is not None


def is_enough(world: World, before: int, what: str) -> bool:
    """Whether the most subjects that are looked at were added since there were `before`; says so."""
    if len(world.subjects) - before < MOST:
        return False
    world.note(f"further {what}", f"only the first {MOST} are looked at")
    return True


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
    next_keys, launcher_keys = _next_keys(document), _launcher_keys(document)
    attributes: dict[str, Attribute] = {
        "nel_version": context.nel_version,
        "check_environment": context.check_environment,
        "is_fragment": is_fragment(document),
        "next_keys": ", ".join(next_keys) or ABSENT,
        "looks_next": lambda: looks_next(world, document),
        "launcher_keys": ", ".join(launcher_keys) or ABSENT,
    }
    config = world.add_single(Subject("config", whole, world, attributes, values.tree))
    for name, keys in (("next_keys", next_keys), ("looks_next", launcher_keys)):
        if keys:
            config.places[name] = place_in(document, values, (keys[0],))
    for name in SECTIONS:
        node = values.tree.child(name)
        about: dict[str, Attribute] = {"has_type": node is not None and node.child("type") is not None}
        world.add_single(Subject(name, place_in(document, values, (name,)), world, about, node, (name,), config))


def looks_next(world: World, document: Document) -> bool:
    """Whether the file is nel-next's, with a key of the launcher in it."""
    if len(_next_keys(document)) < len(NEXT_KEYS):
        return False
    return all(world.values.tree.at((name, "type")) is None for name in ("execution", "deployment"))


def _launcher_keys(document: Document) -> list[str]:
    root = document.root
    return [name for name in root.entries if name in SECTIONS] if isinstance(root, Mapping) else []


def _next_keys(document: Document) -> list[str]:
    root = document.root
    return [name for name in root.entries if name in NEXT_KEYS] if isinstance(root, Mapping) else []


def place_in(document: Document, values: Values, path: Path) -> Place:
    """The key at a path, else the nearest above it, else the `defaults` entry that brings it, else the first line."""
    for length in range(len(path), 0, -1):
        node = values.tree.at(path[:length])
        if node is not None and (node.origin.key or node.origin.value):
            return Place(path, node.origin.key or node.origin.value or first_line(document))
    for loaded in values.composition.loaded:
        if path and loaded.entry.package.partition(".")[0] == path[0]:
            return Place(path, loaded.entry.span)
    return Place(path, first_line(document))
