"""Each `${...}` of a nel-next config, and the values that were never filled in.

Source: nemo-evaluator 0.5 config/eval_config.py (_ENV_RE) and config/compose.py (_SELF_REF_RE).
"""

from __future__ import annotations

from advisor.document.nodes import Scalar, dotted
from advisor.document.offsets import offsets
from advisor.nel.next_values import LITERAL, REFERENCE, VARIABLE, Expansion, expansions
from advisor.nel.values import ABSENT, Value
from advisor.patterns import pattern
from advisor.subjects.settings import placeholder
from advisor.subjects.subject import Attribute, Place, Subject, World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from advisor.document.document import Document
    from advisor.document.nodes import Path
    from advisor.nel.context import Context
    from advisor.nel.effective import Effective

_RESOLVER = pattern(r"(?:oc\.env|env):\s*['\"]?(\w+)['\"]?\s*(?:,\s*(.*))?\Z")
# Keys in which a shell expands what nel-next leaves.
# What a cluster, an engine or a service is asked for by.
_LOAD_BEARING = frozenset(
    {
        "model", "url", "image", "eval_image", "hostname", "username", "account", "partition", "dir", "region",
        "ecr_repository", "tracking_uri", "tokenizer", "container_mounts", "extra_args", "service", "s3_bucket",
    }
)  # fmt: skip
_MISSING = "???"


def add_expansions(world: World, document: Document, context: Context) -> None:
    """One `expansion` for each `${...}` that nel-next, or nobody, replaces."""
    asked: set[str] = set()
    for path, node in world.values.leaves():
        if not isinstance(node.data, str) or "${" not in node.data or node.origin.value is None:
            continue
        for one in expansions(node.data):
            if one.kind in (VARIABLE, LITERAL, REFERENCE):
                _add(world, document, path, node, one, context, asked)


def _add(
    world: World, document: Document, path: Path, node: Effective, one: Expansion, context: Context, asked: set[str]
) -> None:
    is_first = one.name not in asked
    asked.add(one.name)
    resolver = _RESOLVER.match(one.name) if one.kind == LITERAL else None
    mended: Value = ABSENT
    if resolver is not None:
        default = f":-{resolver[2].strip()}" if resolver[2] else ""
        mended = f"${{{resolver[1]}{default}}}"
    elif one.kind == LITERAL and _is_path(world, one.name):
        mended = f"${{.{one.name}}}"
    attributes: dict[str, Attribute] = {
        "kind": one.kind,
        "text": one.text,
        "name": one.name,
        "path": dotted(path),
        "is_resolver": resolver is not None,
        "has_default": one.default is not None,
        "is_set": one.name in context.env_names,
        "is_first": is_first,
        "is_there": one.kind != REFERENCE or world.values.tree.at(tuple(one.name.split("."))) is not None,
        "mended": mended,
        "whole": node.data.replace(one.text, mended)
        if isinstance(mended, str) and isinstance(node.data, str)
        else ABSENT,
    }
    world.add(
        Subject("expansion", _place(document, path, node, one), world, attributes, parent=world.singles["config"])
    )


def _is_path(world: World, name: str) -> bool:
    """Whether a text between braces is the path of a value of this config."""
    return "." in name and world.values.tree.at(tuple(name.split("."))) is not None


def _place(document: Document, path: Path, node: Effective, one: Expansion) -> Place:
    whole, scalar = node.origin.value, node.origin.node
    assert whole is not None
    if isinstance(scalar, Scalar) and whole == scalar.span:
        return Place(path, offsets(document.text, scalar).span(one.start, one.end))
    return Place(path, whole)


def add_fillers(world: World, document: Document, context: Context) -> None:
    """One `setting` for each value that is not filled in: `???`, which means nothing here, and placeholders."""
    for path, node in world.values.leaves():
        if not isinstance(node.data, str) or node.origin.value is None:
            continue
        found = _MISSING if _MISSING in node.data else _placeholder(path, node.data)
        if found is None:
            continue
        about: dict[str, Attribute] = {
            "state": "next-missing" if found == _MISSING else "placeholder",
            "is_fatal": True,
            "found": found,
            "path": dotted(path),
        }
        world.add(Subject("setting", Place(path, node.origin.value), world, about, parent=world.singles["config"]))


def _placeholder(path: Path, text: str) -> str | None:
    """What a cluster or an engine would get as it stands; an example's host may be anybody's."""
    named = [part for part in path if isinstance(part, str)]
    if not named or named[-1] not in _LOAD_BEARING:
        return None
    found, is_fatal = placeholder(("image",), text)
    return found.group() if found is not None and is_fatal else None
