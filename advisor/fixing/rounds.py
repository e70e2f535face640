"""Applies fixes in rounds until nothing is left that can be: one that overlaps another waits for the next round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from advisor.advise import Advice
from advisor.document.document import Document
from advisor.document.edits import CannotEdit, TextEdit, apply_edits
from advisor.document.proof import data_of, prove, reparsed, same_data
from advisor.engine.findings import Finding
from advisor.engine.rule import AUTO
from advisor.fixing.meaning import changes_of
from advisor.fixing.offers import Offer, Refusal, offer
from advisor.records import NamedTuple

MAX_ROUNDS = 20


class Wanted(NamedTuple):
    """Which fixes to apply: `unsafe` ones too, and of these rules only (ids or names; none means all)."""

    unsafe: bool = False
    only: frozenset[str] = frozenset()

    def takes(self, finding: Finding) -> bool:
        return not self.only or finding.rule in self.only or finding.name in self.only

    def takes_safety(self, safety: str) -> bool:
        return self.unsafe or safety == AUTO


class Fixed(NamedTuple):
    """`before` is what there was to say, `advice` what is left to say of the fixed document; `applied` what was fixed,
    and `refused` why a wanted fix was not offered. `undoing` are rules whose fixes undo each other: then nothing was
    done."""

    document: Document
    before: Advice
    advice: Advice
    applied: tuple[Finding, ...]
    refused: tuple[tuple[Finding, str], ...]
    undoing: tuple[str, ...] = ()


Advising = Callable[[Document], Advice]


def fix_document(document: Document, advise: Advising, wanted: Wanted) -> Fixed:
    """Fix what is wanted. `advise` says what there is to fix: what it leaves out is left alone."""
    first = advice = advise(document)
    applied: list[Finding] = []
    without_effect: set[str] = set()
    seen = {document.text}
    for _ in range(MAX_ROUNDS):
        offers, refused = _offers(advice, wanted, without_effect)
        chosen = _apart(offers)
        if not chosen:
            return Fixed(advice.document, first, advice, tuple(applied), refused)
        after = _together(advice.document, chosen)
        if after is None:
            chosen = chosen[:1]
            after = _edited(advice.document, chosen)
        next_advice = advise(after)
        useless = {
            rule
            for rule in _useless(advice, next_advice, [finding for finding, _ in chosen])
            if _is_useless_alone(advice, chosen, rule, advise)
        }
        if useless:
            without_effect |= useless
            continue
        applied += [finding for finding, _ in chosen]
        advice = next_advice
        if after.text in seen:
            break
        seen.add(after.text)
    else:
        offers, refused = _offers(advice, wanted, without_effect)
        if not offers:
            return Fixed(advice.document, first, advice, tuple(applied), refused)
    names = tuple(dict.fromkeys(finding.name for finding in applied))
    return Fixed(document, first, first, (), (), names)


_Offers = Sequence[tuple[Finding, Offer]]
_Refused = tuple[tuple[Finding, str], ...]


def _offers(advice: Advice, wanted: Wanted, without_effect: set[str]) -> tuple[_Offers, _Refused]:
    offers: list[tuple[Finding, Offer]] = []
    refused: list[tuple[Finding, str]] = []
    for finding in advice.findings:
        if finding.fix is None or not wanted.takes(finding) or not wanted.takes_safety(finding.fix.safety):
            continue
        if finding.rule in without_effect:
            refused.append((finding, "the finding would stay"))
            continue
        found = offer(advice.document, finding)
        if isinstance(found, Refusal):
            refused.append((finding, found.reason))
        elif wanted.takes_safety(found.safety):
            offers.append((finding, found))
        else:
            refused.append((finding, f"the change would show at {', '.join(found.elsewhere)} too"))
    return offers, tuple(refused)


def _apart(offers: _Offers) -> _Offers:
    """Those that neither overlap nor touch one before them."""
    taken: list[TextEdit] = []
    chosen = []
    for finding, found in offers:
        if not any(_touch(edit, other) for edit in found.edits for other in taken):
            chosen.append((finding, found))
            taken += found.edits
    return chosen


def _touch(a: TextEdit, b: TextEdit) -> bool:
    return a.start <= b.end and b.start <= a.end


def _together(document: Document, chosen: _Offers) -> Document | None:
    """The document with all edits made at once; None where that is not what making them one by one comes to."""
    if len(chosen) == 1:
        return _edited(document, chosen)
    try:
        after = _edited(document, chosen)
        one_by_one = document
        for finding, _ in chosen:
            assert finding.fix is not None
            one_by_one = prove(one_by_one, changes_of(one_by_one, finding.fix)).document
    except CannotEdit:
        return None
    return after if same_data(data_of(after), data_of(one_by_one)) else None


def _edited(document: Document, chosen: _Offers) -> Document:
    return reparsed(document, apply_edits(document.text, [edit for _, found in chosen for edit in found.edits]))


def _is_useless_alone(advice: Advice, chosen: _Offers, rule: str, advise: Advising) -> bool:
    """Whether a rule that says as much as before does so for its own fixes, and not for what others have brought."""
    own = [(finding, found) for finding, found in chosen if finding.rule == rule]
    if len(own) == len(chosen):
        return True
    after = _together(advice.document, own)
    if after is None:
        own = own[:1]
        after = _edited(advice.document, own)
    return rule in _useless(advice, advise(after), [finding for finding, _ in own])


def _useless(before: Advice, after: Advice, fixed: Iterable[Finding]) -> set[str]:
    """The rules that say as much after their fixes as before."""
    earlier, later = (Counter(finding.rule for finding in advice.findings) for advice in (before, after))
    return {finding.rule for finding in fixed if later[finding.rule] >= earlier[finding.rule]}
