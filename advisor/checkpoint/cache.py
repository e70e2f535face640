"""Checkpoints read before in this process: one that has not changed is not read again, nor are its facts worked out."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from advisor.checkpoint.files import list_checkpoint
from advisor.checkpoint.read import read_checkpoint

if TYPE_CHECKING:
    from advisor.checkpoint.files import FileEntry
    from advisor.checkpoint.read import Checkpoint

# A large one takes 60 MB.
_KEPT = 2
_Listing = frozenset["FileEntry"]
_held: OrderedDict[str, tuple[_Listing, Checkpoint]] = OrderedDict()


def recall_checkpoint(path: str) -> Checkpoint:
    """As `read_checkpoint`. What is not whole is read each time, since time alone can make it another thing, and so is
    what had problems, which a listing may not show."""
    listing = frozenset(list_checkpoint(path).entries.values())
    held = _held.get(path)
    if held is not None and held[0] == listing:
        _held.move_to_end(path)
        return held[1]
    checkpoint = read_checkpoint(path)
    if checkpoint.completeness.complete and not checkpoint.problems:
        _held[path] = listing, checkpoint
        while len(_held) > _KEPT:
            _held.popitem(last=False)
    return checkpoint
