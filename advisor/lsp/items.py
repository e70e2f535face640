"""What completion offers, as LSP's CompletionItems."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from advisor.lsp.positions import Positions
from advisor.lsp.session import Client

FIELD, MODULE, VALUE, ENUM, FILE, REFERENCE, CONSTANT, VARIABLE = 5, 9, 12, 13, 17, 18, 21, 6
_MOST = 500
_SNIPPET, _ADJUST_INDENTATION, _DEPRECATED = 2, 2, 1


@dataclass(frozen=True, slots=True)
class Item:
    """`text` replaces what was typed, the label where it is None; `is_snippet` says that it has stops. The least `rank`
    comes first."""

    label: str
    kind: int
    detail: str = ""
    about: str = ""
    text: str | None = None
    is_snippet: bool = False
    rank: int = 5
    is_deprecated: bool = False


def as_list(items: Iterable[Item], typed: str, start: int, end: int, positions: Positions, client: Client) -> Any:
    """LSP's CompletionList for what stands from `start` to `end`. Of too many those that fit what was typed."""
    found = sorted(dict.fromkeys(items), key=lambda item: item.rank)
    too_many = len(found) > _MOST
    if too_many:
        letters = typed.lower()
        found = [item for item in found if letters in item.label.lower()]
    span = positions.range(start, end)
    markup = "markdown" if client.markdown_items else "plaintext"
    made = [_as_item(item, span, order, markup) for order, item in enumerate(found[:_MOST])]
    return {"isIncomplete": too_many, "items": made}


def _as_item(item: Item, span: dict[str, Any], order: int, markup: str) -> dict[str, Any]:
    text = item.label if item.text is None else item.text
    return {
        "label": item.label,
        "kind": item.kind,
        **({"detail": item.detail} if item.detail else {}),
        **({"documentation": {"kind": markup, "value": item.about}} if item.about else {}),
        **({"tags": [_DEPRECATED]} if item.is_deprecated else {}),
        "sortText": f"{order:05}",
        "filterText": item.label,
        **({"insertTextFormat": _SNIPPET, "insertTextMode": _ADJUST_INDENTATION} if item.is_snippet else {}),
        "textEdit": {"range": span, "newText": text},
    }
