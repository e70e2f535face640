"""The patched copy of a config: every safe fix, and of those that are the user's choice the ones that mend an error,
for as it is the config is wrong in any case."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from advisor.advise import Advice
from advisor.document.document import Document
from advisor.engine.findings import Finding
from advisor.engine.rule import AUTO
from advisor.fixing.rounds import Wanted, fix_document
from advisor.watch.names import ADVICE
from advisor.watch.seal import sealed_yaml


@dataclass(frozen=True, slots=True)
class Patched:
    """The copy's whole text, '' where there is none, and what the page says of it."""

    text: str
    notes: tuple[str, ...]


def patch(document: Document, advice: Advice, advise: Callable[[Document], Advice]) -> Patched:
    """A copy that `nel run` takes in the original's place, from the original's folder."""
    wanted = frozenset(finding.rule for finding in advice.findings if _is_wanted(finding))
    if not wanted:
        return Patched("", ())
    if advice.redactor.secrets:
        return Patched("", ("There is no patched copy: the file holds a secret, which is not written a second time.",))

    def again(one: Document) -> Advice:
        return advice if one is document else advise(one)

    fixed = fix_document(document, again, Wanted(unsafe=True, only=wanted))
    if not fixed.applied or fixed.document.text == document.text:
        return Patched("", ())
    name = os.path.basename(document.path)
    text = ("\ufeff" if document.bom else "") + fixed.document.text
    notes = (f"A patched copy is beside it, with {_names(fixed.applied)}.",)
    return Patched(sealed_yaml(_header(name, fixed.applied, fixed.advice), text).decode(), notes)


def _is_wanted(finding: Finding) -> bool:
    return finding.fix is not None and (finding.fix.safety == AUTO or finding.severity == "error")


def _header(name: str, applied: Iterable[Finding], left: Advice) -> list[str]:
    name = "".join(c if c.isprintable() else "\ufffd" for c in name)
    safe = [finding for finding in applied if finding.fix and finding.fix.safety == AUTO]
    asked = [finding for finding in applied if finding not in safe]
    lines = [f"nel-advisor: {name} with fixes. The original is as it was; this copy follows it."]
    lines += [f"  safe: {_names(safe)}"] if safe else []
    lines += [f"  your choice, please look: {_names(asked)}"] if asked else []
    errors = [finding for finding in left.findings if finding.severity == "error"]
    lines += [f"  still wrong, see {name.rpartition('.')[0]}{ADVICE}: {_names(errors)}"] if errors else []
    return lines


def _names(findings: Iterable[Finding]) -> str:
    return ", ".join(dict.fromkeys(f"{finding.rule} {finding.name}" for finding in findings))
