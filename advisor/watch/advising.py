"""The worker's work: a target to the texts of the files beside it. All that imports the rules is here."""

from __future__ import annotations

import os
from hashlib import sha256

from advisor import __version__
from advisor.advise import Advice, advise_document
from advisor.document.document import Document
from advisor.document.reading import read_bytes
from advisor.engine.base import RuleBase
from advisor.engine.bundle import load_rules
from advisor.knowledge import RULES
from advisor.nel.compose import SiblingReader, compose, siblings_of
from advisor.nel.context import Context
from advisor.nel.dialect import LAUNCHER
from advisor.nel.values import Values
from advisor.report.markdown import advice_markdown
from advisor.report.summary import summary_of
from advisor.targets import config_of
from advisor.watch import signature
from advisor.watch.ledger import ADVISED, OTHER
from advisor.watch.messages import Job, Result
from advisor.watch.names import ADVICE, CONFIG
from advisor.watch.roots import checkpoint_beside
from advisor.watch.seal import sealed_markdown


class Adviser:
    """The compiled rules, and what to do with a target."""

    def __init__(self) -> None:
        self.base = RuleBase(load_rules())
        self.base_key = base_key()
        self.context = Context()

    def advise(self, job: Job) -> Result:
        return self._config(job.path) if job.kind == CONFIG else self._checkpoint(job.path)

    def _config(self, path: str) -> Result:
        try:
            data = read_bytes(path)
        except OSError as error:
            return Result(OTHER, note=f"cannot be read: {error.strerror}")
        digest = sha256(data).hexdigest()
        document = config_of(path, data)
        if document is None:
            return Result(OTHER, digest)
        siblings: list[str] = []
        read_sibling = _noting(path, siblings)
        advice = advise_document(document, self.base, self.context, read_sibling)
        needed = [*siblings, *checkpoints_of(advice, read_sibling)]
        summary = summary_of(advice)
        return Result(
            ADVISED,
            digest,
            self._files(advice),
            summary.errors,
            summary.warnings,
            summary.infos,
            [(need, signature.of_anything(need)) for need in dict.fromkeys(needed)],
        )

    def _files(self, advice: Advice) -> dict[str, str]:
        page = advice_markdown(advice)
        return {ADVICE: sealed_markdown(page).decode()} if page else {}

    def _checkpoint(self, path: str) -> Result:
        return Result(OTHER)


def checkpoints_of(advice: Advice, read_sibling: SiblingReader) -> list[str]:
    """The checkpoint directories that a config's advice depends on, whether they are there or not."""
    beside = checkpoint_beside(advice.path)
    found = [beside] if beside else []
    if advice.kind == LAUNCHER:
        named = Values(compose(advice.document, read_sibling)).at(("deployment", "checkpoint_path"))
        if isinstance(named, str) and named.startswith("/") and "\0" not in named:
            found.append(os.path.normpath(named))
    return found


def _noting(path: str, read: list[str]) -> SiblingReader:
    """Reads siblings, and notes the path of each, also of those that are not there."""
    folder = os.path.dirname(os.path.abspath(path))
    inner = siblings_of(path)

    def reader(name: str) -> Document | None:
        read.append(os.path.normpath(f"{folder}/{name}.yaml"))
        return inner(name)

    return reader


def base_key() -> str:
    """Changes whenever a rule, a table of facts or the program's version does."""
    digest = sha256(__version__.encode())
    for folder, folders, files in os.walk(RULES):
        folders.sort()
        for name in sorted(files):
            if name.endswith((".yaml", ".json")):
                with open(f"{folder}/{name}", "rb") as file:
                    digest.update(f"{name}\0".encode() + file.read())
    return digest.hexdigest()[:16]
