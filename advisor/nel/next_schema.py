"""What nel-next's models refuse: keys they do not have, values of another type, kinds of things that do not exist.

Source: nemo-evaluator 0.5 config/*.py, every model of which forbids extra keys.
"""

from __future__ import annotations

from advisor.document.nodes import Scalar
from advisor.knowledge import table
from advisor.nel.field_types import type_problem
from advisor.nel.names import nearest
from advisor.nel.next_values import VARIABLE, expansions
from advisor.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from advisor.document.nodes import Path
    from advisor.nel.effective import Effective

UNKNOWN_KEY, MISSING, BAD_TYPE, NO_TYPE, UNKNOWN_TYPE, OUT_OF_RANGE = (
    "unknown-key", "missing", "bad-type", "no-type", "unknown-type", "out-of-range",
)  # fmt: skip
_KINDS = {"": "a config", "node_pool": "a node pool", "model_traffic": "model_traffic", "scoring": "scoring"}
_PLAYBOOK = "playbook"


class Mistake(NamedTuple):
    """Something that nel-next refuses. `section` is the model's name in the table, `key` the last part of the path (for
    MISSING the key that lacks), `wanted` what would be legal, `problem` what is wrong in a few words."""

    kind: str
    path: Path
    section: str
    key: str
    wanted: tuple[str, ...] = ()
    problem: str = ""
    meant: str | None = None
    field_type: str = ""


def mistakes(tree: Effective) -> Iterator[Mistake]:
    """Every mistake of a composed config, in the order of the text."""
    yield from _section(tree, (), "")


def keys_of(section: str) -> dict[str, str]:
    """The legal keys of a section, with their types."""
    found: dict[str, str] = table("next")["sections"][section]["keys"]
    return found


def section_at(tree: Effective, path: Path) -> str | None:
    """The name of the section at a path: '' for the whole config, that of the union alone (`service`) where no type
    decides; None where there is no section."""
    name, at = "", 0
    while at < len(path):
        record = table("next")["sections"].get(name)
        field = record["keys"].get(path[at], "") if record is not None else ""
        nested, taken = _nested_in(field)
        at += taken
        if not nested or at > len(path):
            return None
        name = nested
        if nested in table("next")["unions"]:
            chosen = tree.at((*path[:at], "type"))
            if chosen is not None and chosen.data in table("next")["unions"][nested]:
                name = f"{nested}.{chosen.data}"
    return name


def _nested_in(field_type: str) -> tuple[str, int]:
    """The section that a field holds, and how many parts of a path lead into it."""
    base = field_type.removesuffix("?")
    for opening in ("list[@", "dict[str,@"):
        if base.startswith(opening):
            return base[len(opening) : -1], 2
    return (base[1:], 1) if base.startswith("@") else ("", 1)


def shown_section(section: str) -> str:
    """A section as people name it: `a vllm service`."""
    kind, dot, of = section.partition(".")
    if dot:
        return f"{'an' if of[0] in 'aeio' else 'a'} {of} {kind}"
    return _KINDS.get(kind, f"{'an' if kind[:1] in 'aeio' else 'a'} {kind.replace('_', ' ')}")


def _section(node: Effective, path: Path, name: str) -> Iterator[Mistake]:
    if not isinstance(node.data, dict):
        yield _wrong(node, path, name, "takes a mapping", "dict[str,any]")
        return
    record = table("next")["sections"][name]
    keys: dict[str, str] = record["keys"]
    for key, child in node.data.items():
        if key in keys:
            yield from _value(child, (*path, key), name, keys[key])
            yield from _range(child, (*path, key), name, keys[key], record.get("bounds", {}).get(key))
        elif not _is_private(key, name):
            yield Mistake(UNKNOWN_KEY, (*path, key), name, key, tuple(keys), meant=_meant(key, name, keys))
    if name == "benchmark" and _PLAYBOOK in node.data:
        return
    for key in record.get("required", ()):
        if key not in node.data:
            yield Mistake(MISSING, (*path, key), name, key, field_type=keys[key])


def _is_private(key: str, section: str) -> bool:
    """Top-level keys that nel-next drops itself, and what it takes out of a benchmark."""
    return (section == "" and key.startswith("_")) or (section == "benchmark" and key == _PLAYBOOK)


def _meant(key: str, section: str, keys: dict[str, str]) -> str | None:
    known = table("next")["meant"].get(section.partition(".")[0], {}).get(key)
    return known if known in keys else nearest(key, keys)


def _value(node: Effective, path: Path, section: str, field_type: str) -> Iterator[Mistake]:
    optional = field_type.endswith("?")
    base = field_type.removesuffix("?")
    if node.data is None and optional:
        return
    if base.startswith("@"):
        yield from _nested(node, path, base[1:], section)
    elif base.startswith("list[@"):
        if not isinstance(node.data, list):
            yield _wrong(node, path, section, "takes a list", base)
            return
        for index, item in enumerate(node.data):
            yield from _nested(item, (*path, index), base[6:-1], section)
    elif base.startswith("dict[str,@"):
        if not isinstance(node.data, dict):
            yield _wrong(node, path, section, "takes a mapping", base)
            return
        for name, child in node.data.items():
            yield from _nested(child, (*path, name), base[10:-1], section)
    else:
        yield from _leaf(node, path, section, field_type)


def _nested(node: Effective, path: Path, name: str, owner: str) -> Iterator[Mistake]:
    types = table("next")["unions"].get(name)
    if types is None:
        yield from _section(node, path, name)
    elif owner == "benchmark" and name == "sandbox" and isinstance(node.data, str):
        return
    elif not isinstance(node.data, dict):
        yield _wrong(node, path, name, "takes a mapping", "dict[str,any]")
    else:
        chosen = node.child("type")
        if chosen is None or chosen.data is None:
            yield Mistake(NO_TYPE, (*path, "type"), name, "type", tuple(types), meant=_type_of(node, name))
        elif chosen.data in types:
            yield from _section(node, path, f"{name}.{chosen.data}")
        elif not _is_open(chosen.data):
            given = str(chosen.plain())
            yield Mistake(UNKNOWN_TYPE, (*path, "type"), name, given, tuple(types), meant=nearest(given, types))


def _type_of(node: Effective, union: str) -> str | None:
    """The one type that a thing without one can be, by its keys."""
    keys = set(node.data) if isinstance(node.data, dict) else set()
    fitting = [one for one in table("next")["unions"][union] if keys and keys <= set(keys_of(f"{union}.{one}"))]
    return fitting[0] if len(fitting) == 1 else None


def _leaf(node: Effective, path: Path, section: str, field_type: str) -> Iterator[Mistake]:
    """A value that nothing is nested in. A string with variables in it is a string, of which more is not known."""
    data: Any = _as_loaded(node, field_type)
    if _is_open(data):
        if field_type.startswith(("list", "dict")):
            yield _wrong(node, path, section, "takes a list" if field_type[0] == "l" else "takes a mapping", field_type)
        return
    if isinstance(data, list | dict) and field_type not in ("any", "any?"):
        yield from _items(node, path, section, field_type)
        return
    problem = type_problem(data, field_type)
    if problem:
        yield _wrong(node, path, section, problem, field_type)


def _items(node: Effective, path: Path, section: str, field_type: str) -> Iterator[Mistake]:
    """Each item of a list or mapping by itself, so that a mistake stands where it is made."""
    base = field_type.removesuffix("?")
    inner = base[5:-1] if base.startswith("list[") else base[9:-1] if base.startswith("dict[str,") else ""
    pairs = (
        node.data.items()
        if isinstance(node.data, dict)
        else enumerate(node.data)
        if isinstance(node.data, list)
        else ()
    )
    fits = isinstance(node.data, list) == base.startswith("list[")
    if not inner or not fits:
        problem = type_problem(node.plain(), field_type)
        if problem:
            yield _wrong(node, path, section, problem, field_type)
        return
    for part, child in pairs:
        data: Any = _as_loaded(child, inner)
        problem = None if _is_open(data) else type_problem(data, inner)
        if problem:
            yield _wrong(child, (*path, part), section, problem, inner)


def _as_loaded(node: Effective, field_type: str) -> Any:
    data = node.plain()
    scalar = node.origin.node
    is_date = isinstance(scalar, Scalar) and not scalar.style and _looks_like_date(scalar.text)
    return 0 if is_date and field_type.startswith("str") else data


def _looks_like_date(text: str) -> bool:
    """What PyYAML reads as a date, which no field of text takes."""
    return (
        len(text) >= 8
        and text[:4].isdigit()
        and text[4:5] == "-"
        and text[5:].replace("-", "").isdigit()
        and text.count("-") == 2
    )


def _is_open(data: object) -> bool:
    return isinstance(data, str) and any(one.kind == VARIABLE or one.kind == "reference" for one in expansions(data))


def _wrong(node: Effective, path: Path, section: str, problem: str, field_type: str) -> Mistake:
    return Mistake(BAD_TYPE, path, section, str(path[-1]) if path else "", problem=problem, field_type=field_type)


def _range(
    node: Effective, path: Path, section: str, field_type: str, bounds: dict[str, float] | None
) -> Iterator[Mistake]:
    if bounds is None:
        return
    data = node.data
    if "min_length" in bounds:
        if isinstance(data, dict if field_type.startswith("dict") else list) and len(data) < bounds["min_length"]:
            problem = "is empty" if bounds["min_length"] == 1 else f"needs {bounds['min_length']:g} items"
            yield Mistake(OUT_OF_RANGE, path, section, str(path[-1]), problem=problem)
        return
    if not isinstance(data, int | float) or isinstance(data, bool):
        return
    tests = {
        "ge": data >= bounds.get("ge", data),
        "gt": "gt" not in bounds or data > bounds["gt"],
        "le": data <= bounds.get("le", data),
    }
    words = {"ge": "must be at least", "gt": "must be more than", "le": "must be at most"}
    for name, holds in tests.items():
        if not holds:
            yield Mistake(OUT_OF_RANGE, path, section, str(path[-1]), problem=f"{words[name]} {bounds[name]:g}")
