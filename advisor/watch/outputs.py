"""The files beside a target brought to what its advice says they are, with the ledger told before and after."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from advisor.watch import names, signature
from advisor.watch.beside import LEFT, WRITTEN, Beside, Permissions
from advisor.watch.ledger import Ledger, Output

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class Outputs:
    """Below one root. Raises OSError where the disk refuses; the ledger then still knows what may be there."""

    def __init__(self, root: str, ledger: Ledger, log: FilteringBoundLogger) -> None:
        self.ledger = ledger
        self._beside = Beside(root)
        self._log = log
        self._left: set[tuple[str, str, str]] = set()

    def bring(self, target: str, files: dict[str, bytes], permissions: Permissions) -> list[Output]:
        """Writes what differs and removes what is no longer true; gives what is there now, for the ledger."""
        self.clear(target, keep=files)
        return [self._write(path, target, data, permissions) for path, data in files.items()]

    def clear(self, target: str, keep: dict[str, bytes] | None = None) -> None:
        """Removes the files beside a target, but for those to keep."""
        for output in self.ledger.outputs(target):
            if keep is None or output.path not in keep:
                self.remove(output.path)

    def remove(self, path: str) -> None:
        """Removes one file of ours. Nobody's work is lost: what a person has changed stays."""
        what = self._beside.remove(path)
        if what == LEFT:
            self._tell(path, "no longer true, but changed by someone since: left alone")
        elif what == WRITTEN:
            self._log.debug("removed", path=path)
        self.ledger.drop_output(path)

    def remove_orphan(self, path: str) -> None:
        """Removes a file of ours whose target is gone, where the disk lets us."""
        try:
            self.remove(path)
        except OSError as error:
            self._log.debug("cannot be removed", path=path, error=error.strerror)

    def is_ours(self, path: str, sign: str) -> bool:
        """Whether a file that looks like a config is one that we wrote, as we wrote it."""
        output = self.ledger.output(path) if names.is_output(path) else None
        return output is not None and bool(output.hash) and output.signature == sign

    def _write(self, path: str, target: str, data: bytes, permissions: Permissions) -> Output:
        known = self.ledger.output(path)
        if known is None or known.target != target:
            self.ledger.intend(path, target)
        what = self._beside.write(path, data, permissions)
        sign = signature.of_file(path)
        if what == LEFT:
            self._tell(path, "changed by someone since it was written: left alone")
            return Output(path, target, sign, "")
        if what == WRITTEN:
            self._log.debug("written", path=path)
        return Output(path, target, sign, sha256(data).hexdigest())

    def _tell(self, path: str, event: str) -> None:
        """Says once of each state of a file that it is a person's now."""
        key = (event, path, signature.of_file(path))
        if key not in self._left:
            if len(self._left) > 10_000:
                self._left.clear()
            self._left.add(key)
            self._log.warning(event, path=path)
