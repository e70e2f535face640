"""Checkpoints below an editor's folders, looked for within bounds."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable

from advisor.checkpoint.recognise import looks_like_checkpoint
from advisor.folders import is_looked_into

_MOST_FOLDERS = 2000
_DEEPEST = 6


def checkpoints_in(folders: Iterable[str]) -> list[str]:
    """Paths of checkpoint directories, the nearest to the top first. No link is followed."""
    found: list[str] = []
    waiting = deque((folder, 0) for folder in folders)
    looked_at = 0
    while waiting and looked_at < _MOST_FOLDERS:
        folder, depth = waiting.popleft()
        looked_at += 1
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        if looks_like_checkpoint(entry.name for entry in listed):
            found.append(folder)
            continue
        if depth < _DEEPEST:
            below = [e for e in listed if is_looked_into(e.name)]
            waiting.extend((entry.path, depth + 1) for entry in below if entry.is_dir(follow_symlinks=False))
    return found
