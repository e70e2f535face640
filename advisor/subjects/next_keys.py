"""What nel-next's models refuse, as subjects.

Source: nemo-evaluator 0.5 config/*.py.
"""

from __future__ import annotations

from advisor.document.nodes import dotted
from advisor.nel.next_schema import (
    BAD_TYPE,
    MISSING,
    UNKNOWN_KEY,
    UNKNOWN_TYPE,
    Mistake,
    mistakes,
    shown_section,
)
from advisor.nel.values import ABSENT
from advisor.subjects.structure import is_fragment, place_in
from advisor.subjects.subject import Attribute, Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.nel.context import Context

# Sections of the launcher that nobody could mean here.
LAUNCHER_KEYS = frozenset(
    {"execution", "deployment", "evaluation", "target", "env_vars", "export", "auxiliary_deployments"}
)
# Words by which a walltime is known, whatever its section.
_WALLTIMES = frozenset({"walltime", "max_walltime"})


def add_next_keys(world: World, document: Document, context: Context) -> None:
    """One `next_key` for each mistake; a file that others build on need not have every section."""
    config = world.singles["config"]
    tree = world.values.tree
    for one in mistakes(tree):
        if one.kind == MISSING and _may_be_elsewhere(world, document, one):
            continue
        place = _place(world, document, one)
        attributes: dict[str, Attribute] = {
            "mistake": _kind(one),
            "slug": _slug(one),
            "key": one.key,
            "path": dotted(one.path),
            "section": shown_section(one.section),
            "problem": one.problem,
            "wanted": list(one.wanted),
            "meant": one.meant or ABSENT,
            "meant_text": f"; did you mean {one.meant}" if one.meant else "",
            "is_quotable": _is_quotable(world, one),
            "words": _words(world, one),
        }
        subject = world.add(Subject("next_key", place, world, attributes, parent=config))
        subject.places["missing"] = Place(one.path, place.span)


def _may_be_elsewhere(world: World, document: Document, one: Mistake) -> bool:
    """Whether a config that is not here may set it, or another that names this one."""
    return world.values.composition.is_open(one.path) or (one.section == "" and is_fragment(document))


def _place(world: World, document: Document, one: Mistake) -> Place:
    node = world.values.tree.at(one.path)
    if node is None or node.origin.value is None or one.kind not in (BAD_TYPE, UNKNOWN_TYPE):
        return place_in(document, world.values, one.path)
    if not isinstance(node.data, dict | list) or node.origin.key is None:
        return Place(one.path, node.origin.value)
    return place_in(document, world.values, one.path)


def _kind(one: Mistake) -> str:
    if one.kind == MISSING and one.section == "":
        return "missing-section"
    return "launcher-key" if _is_launcher_key(one) else one.kind


def _is_launcher_key(one: Mistake) -> bool:
    return one.kind == UNKNOWN_KEY and one.section == "" and one.key in LAUNCHER_KEYS


def _slug(one: Mistake) -> str:
    """The finding's name, by the key where the catalogue has one for it."""
    parts = one.path
    if one.kind == MISSING:
        return "next-protocol-missing" if one.key == "protocol" else "next-key-missing"
    if one.kind == BAD_TYPE:
        if len(parts) > 1 and parts[-2] in ("extra_env", "container_env"):
            return "next-extra-env-type"
        if parts and parts[-1] == "extra_args":
            return "next-extra-args-str"
        return "walltime-unquoted" if parts and parts[-1] in _WALLTIMES else "next-bad-type"
    return "next-unknown-key"


def _is_quotable(world: World, one: Mistake) -> bool:
    """Whether quotes make the value legal: a number or a word of YAML's where text is wanted."""
    node = world.values.tree.at(one.path)
    return (
        one.kind == BAD_TYPE
        and one.field_type.startswith("str")
        and node is not None
        and isinstance(node.data, bool | int | float | str)
    )


def _words(world: World, one: Mistake) -> Attribute:
    """The words of a text where a list of them is wanted."""
    node = world.values.tree.at(one.path)
    if one.kind != BAD_TYPE or one.field_type != "list[str]" or node is None or not isinstance(node.data, str):
        return ABSENT
    if "${" in node.data:
        return ABSENT
    import shlex

    try:
        return list(shlex.split(node.data))
    except ValueError:
        return ABSENT
