"""Looks over one root: what is on the disk compared with what the ledger knows, and what differs found."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from advisor.watch import names, signature
from advisor.watch.ledger import UNWRITTEN, WAITING
from advisor.watch.roots import user_settings_path
from advisor.watch.walk import walk

if TYPE_CHECKING:
    from advisor.watch.ledger import Ledger, Target
    from advisor.watch.outputs import Outputs
    from advisor.watch.waiting import Waiting

_SETTINGS = "settings"
_STEPS = 20


class Looks:
    """Generators, run a few steps at a time between other work. `base` is the key of the rules that advice must be of,
    `folders` how many there are below the root, `reconciled` when a look over everything ended last."""

    def __init__(self, root: str, ledger: Ledger, outputs: Outputs, waiting: Waiting, base: str) -> None:
        self.base = base
        self.folders = 0
        self.reconciled = 0.0
        self._root = root
        self._ledger = ledger
        self._outputs = outputs
        self._waiting = waiting
        self._pending: list[Iterator[None]] = []
        self._is_reconciling = self._reconcile_again = False

    def __bool__(self) -> bool:
        """Whether one is under way."""
        return bool(self._pending)

    def step(self) -> None:
        """Goes on with the first one, for a moment."""
        for _ in range(_STEPS):
            if next(self._pending[0], self) is self:
                del self._pending[0]
                return

    def reconcile(self) -> None:
        """Starts a look over everything, or has it done once more where one is under way. Looks at parts are then of
        no use."""
        if self._is_reconciling:
            self._reconcile_again = True
        else:
            self._is_reconciling = True
            self._pending = [self._reconcile()]

    def look_at(self, folder: str) -> None:
        self._pending.append(self._look_at(folder))

    def _reconcile(self) -> Iterator[None]:
        yield from self._compare_all()
        while self._reconcile_again:
            self._reconcile_again = False
            yield from self._compare_all()
        self._is_reconciling = False
        self.reconciled = time.time()

    def _compare_all(self) -> Iterator[None]:
        yield from self._look_at(self._root)
        for output in self._ledger.outputs():
            if self._ledger.target(output.target) is None:
                self._outputs.remove_orphan(output.path)
            elif output.signature != signature.of_file(output.path):
                self._waiting.find(output.target)
            yield
        for link in self._ledger.links():
            if link.signature != signature.of_anything(link.needs):
                self._waiting.find(link.target)
            yield

    def _look_at(self, top: str) -> Iterator[None]:
        """Compares a folder and all below it with the ledger."""
        known = self._ledger.targets_in(top)
        seen: set[str] = set()
        outputs: list[str] = []
        settings: list[str] = []
        folders = 0
        for folder in walk(top):
            folders += 1
            for path, sign in folder.configs.items():
                if not self._outputs.is_ours(path, sign):
                    seen.add(path)
                    self._compare(known.get(path), path, sign)
            if folder.is_checkpoint and folder.path != self._root:
                seen.add(folder.path)
                self._compare(known.get(folder.path), folder.path, signature.of_folder(folder.path))
            for leftover in folder.leftovers:
                _remove_leftover(leftover)
            if folder.settings:
                settings.append(f"{folder.path}:{folder.settings}")
            if self._ledger.rebuilt:
                outputs += folder.outputs
            yield
        for path in known.keys() - seen if folders or top != self._root else ():
            self._waiting.find(path)
        if top == self._root:
            self.folders = folders
            self._compare_settings(settings, known)
            if self._ledger.rebuilt:
                yield from self._adopt(outputs, seen)

    def _compare(self, known: Target | None, path: str, sign: str) -> None:
        if known is None or known.signature != sign or known.base != self.base or known.state == UNWRITTEN:
            self._waiting.find(path)
        elif known.state == WAITING and path not in self._waiting:
            self._waiting.mark(path)

    def _compare_settings(self, inside: list[str], known: Iterable[str]) -> None:
        """Settings that came, went or changed while nobody looked: all may depend on them."""
        folder, outside = self._root, [f"user:{signature.of_file(user_settings_path())}"]
        while (above := os.path.dirname(folder)) != folder:
            folder = above
            outside.append(f"{folder}:{signature.of_file(f'{folder}/{names.SETTINGS}')}")
        now = "\n".join([*outside, *sorted(inside)])
        if now != self._ledger.fact(_SETTINGS):
            for path in known:
                self._waiting.find(path)
            self._ledger.set_fact(_SETTINGS, now)

    def _adopt(self, outputs: list[str], targets: set[str]) -> Iterator[None]:
        """After the loss of the ledger: what we wrote for targets that have gone meanwhile. Only sealed files are
        removed."""
        true: set[str] = set()
        for path in targets:
            kind = names.kind_of(path)
            for taken in (True, False):
                true.update(names.output_names(kind, path, taken=taken).values())
        for path in outputs:
            if path not in true:
                self._outputs.remove_orphan(path)
            yield
        self._ledger.rebuilt = False


def _remove_leftover(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
