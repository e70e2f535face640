"""The legal name that someone meant, where the slip is small enough to be sure."""

from __future__ import annotations

from functools import lru_cache

from advisor.patterns import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_SEPARATORS = pattern(r"[-_.\s]+")
_DIGITS = pattern(r"\d+")


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The one candidate that `name` is a slip of, or None where there is none or more than one.

    In this order: the name itself; other case or separators; the same words in another order; one or two
    slips of the keyboard (by length). Names that differ only in their numbers are different things
    (aime_2024, aime_2025), never slips.
    """
    pool = dict.fromkeys(candidates)
    if name in pool:
        return name
    folded = _fold(name)
    if not folded:
        return None
    forms = {candidate: _fold(candidate) for candidate in pool}
    same = [candidate for candidate, form in forms.items() if form == folded]
    if same:
        return _only(same)
    words = _words(name)
    if len(words) > 1:
        same = [candidate for candidate in pool if _words(candidate) == words]
        if same:
            return _only(same)
    return _only(_closest(folded, forms))


def _closest(folded: str, forms: dict[str, str]) -> list[str]:
    best: list[str] = []
    least, letters = _slips(len(folded)), set(folded)
    for candidate, form in forms.items():
        limit = min(least, _slips(len(form)))
        # A slip mends one letter that only one of them has, or one of each.
        if abs(len(form) - len(folded)) > limit or len(letters.difference(form)) > limit:
            continue
        if len(set(form) - letters) > limit or _other_number(folded, form):
            continue
        found = distance(folded, form, limit)
        if found > limit:
            continue
        if found < least:
            best, least = [], found
        best.append(candidate)
    return best


def _slips(length: int) -> int:
    return 0 if length < 3 else 1 if length < 8 else 2


def _only(found: list[str]) -> str | None:
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=4096)
def _fold(name: str) -> str:
    return _SEPARATORS.sub("", name).lower()


@lru_cache(maxsize=4096)
def _words(name: str) -> list[str]:
    return sorted(word for word in _SEPARATORS.split(name.lower()) if word)


def _other_number(left: str, right: str) -> bool:
    return _DIGITS.sub("#", left) == _DIGITS.sub("#", right)


def distance(left: str, right: str, limit: int) -> int:
    """Damerau-Levenshtein distance (adjacent letters swapped count once); `limit + 1` where it is larger."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        above, before_above = row, before
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and b == left[i - 2]:
                cost = min(cost, before_above[j - 2] + 1)
            row.append(cost)
        if min(row) > limit and min(above) > limit:
            return limit + 1
        before = above
    return min(row[-1], limit + 1)
