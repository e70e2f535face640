"""Findings that a comment hides: `# nel-advisor: ignore[name, ...] reason`.

Behind a key it holds for that line and the key's block, on a line of its own for the key or list element below, and
before the first key for the whole file. A name is a rule's id, its name or its family.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from advisor.document.document import Document
from advisor.document.layout import line_end, line_start, value_end
from advisor.document.nodes import Item, Mapping, Node, Scalar, Span
from advisor.document.nodes import Sequence as List
from advisor.engine.base import RuleBase
from advisor.engine.findings import Finding, finding_of
from advisor.engine.selection import known_words
from advisor.nel.values import Values
from advisor.patterns import pattern
from advisor.records import NamedTuple
from advisor.subjects.subject import Attribute, Place, Subject, World

_COMMENT = pattern(r"(?<!\S)#[ \t]*nel-advisor:[ \t]*ignore(?:\[(?P<names>[^\]\r\n]*)\])?")
_NAME = pattern(r"[^\s,]+")


class Suppression(NamedTuple):
    """One name of a comment, and the range of the text that it holds for. '' where the comment names no rule."""

    name: str
    span: Span
    holds: Span


def sift(
    findings: Sequence[Finding], document: Document, base: RuleBase, version: str, values: Values
) -> list[Finding]:
    """The findings that no comment hides, and one for each name in a comment that hides nothing."""
    comments = suppressions(document)
    if not comments:
        return list(findings)
    families = {rule.id: rule.family for rule in base.rules}
    used: set[Suppression] = set()
    kept = []
    for finding in findings:
        hiding = [one for one in comments if _hides(one, finding, families)]
        used.update(hiding)
        if not hiding:
            kept.append(finding)
    elsewhere = _names_on_pairs(base)
    unused = [one for one in comments if one not in used and one.name not in elsewhere]
    return kept + _findings_on(unused, base, version, values)


def unhidden(findings: Sequence[Finding], document: Document, base: RuleBase) -> list[Finding]:
    """The findings that no comment hides."""
    comments = suppressions(document)
    families = {rule.id: rule.family for rule in base.rules}
    return [finding for finding in findings if not any(_hides(one, finding, families) for one in comments)]


def _hides(one: Suppression, finding: Finding, families: dict[str, str]) -> bool:
    if finding.place.document is not None or not one.holds.start <= finding.place.span.start <= one.holds.end:
        return False
    return one.name in (finding.rule, finding.name, families.get(finding.rule))


def _findings_on(unused: Iterable[Suppression], base: RuleBase, version: str, values: Values) -> list[Finding]:
    world = World(values)
    for one in unused:
        attributes: dict[str, Attribute] = {"hides_nothing": True, "name": one.name, "problem": _problem(one, base)}
        world.add(Subject("suppression", Place((), one.span), world, attributes))
    return [finding_of(firing) for firing in base.match(world, version)]


def _names_on_pairs(base: RuleBase) -> set[str]:
    """What names rules that speak only where two configs are compared."""
    return known_words(rule for rule in base.rules if rule.on == ("pair",))


def _problem(one: Suppression, base: RuleBase) -> str:
    if not one.name:
        return "it names no rule"
    known = known_words(base.rules)
    if one.name in known:
        return f"{one.name!r} finds nothing here"
    from difflib import get_close_matches

    near = get_close_matches(one.name, sorted(known), 1)
    return f"no rule is called {one.name!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def suppressions(document: Document) -> tuple[Suppression, ...]:
    """Every name in every such comment of a document."""
    return tuple(_read(document))


def _read(document: Document) -> Iterator[Suppression]:
    blocks = sorted(_blocks(document, document.root)) if document.root is not None else []
    scalars = list(_scalars(document.root)) if document.root is not None else []
    for match in _COMMENT.finditer(document.text):
        if any(_is_inside(document, scalar, match.start()) for scalar in scalars):
            continue
        holds = _holds(document, match.start(), blocks)
        names = list(_NAME.finditer(match["names"] or ""))
        for name in names:
            start = match.start("names") + name.start()
            yield Suppression(name[0], Span(start, start + len(name[0])), holds)
        if not names:
            yield Suppression("", Span(*match.span()), holds)


def _holds(document: Document, at: int, blocks: list[tuple[int, int]]) -> Span:
    """What a comment at an offset speaks of."""
    start, end = line_start(document, at), line_end(document, at)
    if not blocks or at < blocks[0][0]:
        return Span(0, len(document.text))
    if document.text[start:at].strip().partition("#")[0]:
        # The last key of the line is the one that the comment stands behind.
        own = [block_end for block_start, block_end in blocks if start <= block_start < at]
        return Span(start, max(end, own[-1] if own else end))
    below = next((block for block in blocks if block[0] > at), None)
    return Span(below[0], below[1]) if below else Span(at, at)


def _blocks(document: Document, node: Node | None) -> Iterator[tuple[int, int]]:
    """Where each key or element and what belongs to it begins and ends; an outer one before those on its line."""
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            if not entry.merged:
                yield entry.key.span.start, value_end(document, entry)
                if entry.alias is None:
                    yield from _blocks(document, entry.value)
    elif isinstance(node, List):
        for item in node.items:
            yield from _item_blocks(document, item)


def _item_blocks(document: Document, item: Item) -> Iterator[tuple[int, int]]:
    start = (item.alias or item.value.span).start
    dash = document.text.rfind("-", line_start(document, start), start)
    yield (dash if dash >= 0 else start), value_end(document, item)
    if item.alias is None:
        yield from _blocks(document, item.value)


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        if node.style:
            yield node
    elif isinstance(node, Mapping):
        for entry in node.entries.values():
            yield from _scalars(entry.value)
    else:
        for item in node.items:
            yield from _scalars(item.value)


def _is_inside(document: Document, scalar: Scalar, at: int) -> bool:
    """Whether an offset lies in a scalar's text; the line that begins a block scalar may end in a comment."""
    if not scalar.span.start <= at < scalar.span.end:
        return False
    return scalar.style not in ("|", ">") or at > line_end(document, scalar.span.start)
