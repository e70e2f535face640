"""Code actions: each proven fix, all safe fixes at once, a comment that hides a finding, and its explanation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from advisor.document.edits import TextEdit, edits_between
from advisor.engine.findings import Finding
from advisor.engine.rule import AUTO
from advisor.fixing.offers import Offer, offer
from advisor.fixing.rounds import Wanted, fix_document
from advisor.lsp.diagnostics import diagnostic, span_in
from advisor.lsp.half_typed import edits_now
from advisor.lsp.ignoring import ignoring_edit
from advisor.lsp.names import EXPLAIN_COMMAND, FIX_ALL, FIX_ALL_COMMAND, QUICK_FIX
from advisor.lsp.session import Analysis
from advisor.lsp.standing import standing


def code_actions(
    analysis: Analysis, start: int, end: int, only: Iterable[str], *, versioned: bool
) -> list[dict[str, Any]]:
    """The actions for what is marked in a range of offsets; `only` are the kinds wanted, none means quick fixes."""
    kinds = tuple(only)
    found: list[dict[str, Any]] = []
    if not kinds or any(_covers(kind, QUICK_FIX) for kind in kinds):
        touched = [finding for finding in analysis.advice.findings if _touches(finding, start, end)]
        found += [action for finding in touched for action in _for_finding(analysis, finding, versioned)]
        found += _for_standing(analysis, start, end, versioned)
        if touched and sum(1 for finding in analysis.advice.findings if finding.fix and finding.fix.safety == AUTO) > 1:
            found.append(_command("Fix all that is safe to fix", FIX_ALL_COMMAND, [analysis.uri]))
        found += _explanations(analysis, touched)
    if any(_covers(kind, FIX_ALL) for kind in kinds) and (edit := fix_all(analysis, versioned=versioned)):
        found.append({"title": "Fix all that is safe to fix", "kind": FIX_ALL, "edit": edit})
    return found


def fix_all(analysis: Analysis, *, versioned: bool) -> dict[str, Any] | None:
    """One edit that makes every safe fix, in rounds; None where there is nothing to make."""
    if analysis.broken or not analysis.is_ours:
        return None
    fixed = fix_document(
        analysis.document, lambda document: analysis.policy.advise(document, analysis.read_sibling), Wanted()
    )
    edits = edits_between(analysis.document.text, fixed.document.text)
    return workspace_edit(analysis, edits, versioned=versioned) if edits else None


def workspace_edit(analysis: Analysis, edits: Iterable[TextEdit], *, versioned: bool) -> dict[str, Any]:
    changes = [{"range": analysis.positions.range(one.start, one.end), "newText": one.text} for one in edits]
    if not versioned:
        return {"changes": {analysis.uri: changes}}
    return {"documentChanges": [{"textDocument": {"uri": analysis.uri, "version": analysis.version}, "edits": changes}]}


def _covers(kind: str, own: str) -> bool:
    return own == kind or own.startswith(f"{kind}.") or kind == ""


def _touches(finding: Finding, start: int, end: int) -> bool:
    first, last = span_in(finding.place)
    return first <= end and start <= last


def _for_standing(analysis: Analysis, start: int, end: int, versioned: bool) -> Iterator[dict[str, Any]]:
    """The fixes of what still stands in a text that does not parse: they are proven on the last one that did."""
    good = analysis.last_good
    for finding, moved in standing(analysis):
        first, last = (moved(offset) for offset in span_in(finding.place))
        offered = offer(good.document, finding) if good is not None and first <= end and start <= last else None
        edits = edits_now(analysis, offered.edits) if isinstance(offered, Offer) else None
        if finding.fix and isinstance(offered, Offer) and edits is not None:
            yield _fix(analysis, finding, offered, edits, [diagnostic(analysis, finding, moved)], versioned)


def _for_finding(analysis: Analysis, finding: Finding, versioned: bool) -> Iterator[dict[str, Any]]:
    about = [diagnostic(analysis, finding)]
    offered = offer(analysis.document, finding) if finding.fix else None
    if finding.fix and isinstance(offered, Offer):
        yield _fix(analysis, finding, offered, list(offered.edits), about, versioned)
    hide = ignoring_edit(analysis.document, finding)
    if hide is not None:
        yield {
            "title": f"Ignore {finding.name} here",
            "kind": QUICK_FIX,
            "diagnostics": about,
            "edit": workspace_edit(analysis, [hide], versioned=versioned),
        }


def _fix(
    analysis: Analysis,
    finding: Finding,
    offered: Offer,
    edits: list[TextEdit],
    about: list[dict[str, Any]],
    versioned: bool,
) -> dict[str, Any]:
    assert finding.fix is not None
    safe = offered.safety == AUTO
    title = finding.fix.title if safe else f"{finding.fix.title} (your choice)"
    if offered.elsewhere:
        title += f", which shows at {', '.join(offered.elsewhere)} too"
    return {
        "title": title[:1].upper() + title[1:],
        "kind": QUICK_FIX,
        "diagnostics": about,
        **({"isPreferred": True} if safe else {}),
        "edit": workspace_edit(analysis, edits, versioned=versioned),
    }


def _explanations(analysis: Analysis, findings: Iterable[Finding]) -> list[dict[str, Any]]:
    names = dict.fromkeys((finding.rule, finding.name) for finding in findings)
    return [_command(f"Explain {name} ({rule})", EXPLAIN_COMMAND, [analysis.uri, rule]) for rule, name in names]


def _command(title: str, command: str, arguments: list[str]) -> dict[str, Any]:
    return {"title": title, "kind": QUICK_FIX, "command": {"title": title, "command": command, "arguments": arguments}}
