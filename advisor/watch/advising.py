"""The worker's work: a target to the texts of the files beside it. All that imports the rules is here."""

from __future__ import annotations

import os
import time
from hashlib import sha256
from typing import TYPE_CHECKING

from advisor import __version__
from advisor.advise import Advice
from advisor.checkpoint.completeness import SETTLING_SECONDS
from advisor.document.document import Document
from advisor.document.reading import read_bytes
from advisor.knowledge import RULES
from advisor.nel.compose import SiblingReader, compose, siblings_of
from advisor.nel.context import Context
from advisor.nel.dialect import LAUNCHER
from advisor.nel.values import Values
from advisor.policies import Asked, Policies, Policy
from advisor.report.markdown import advice_markdown
from advisor.report.summary import summary_of
from advisor.settings.files import NAME, SettingsError, user_settings_path
from advisor.subjects.checkpoint import checkpoint_beside
from advisor.targets import config_of
from advisor.watch import signature
from advisor.watch.ledger import ADVISED, OTHER, WAITING
from advisor.watch.messages import Job, Result
from advisor.watch.names import ADVICE, CONFIG, PATCHED, STARTER
from advisor.watch.patched import patch
from advisor.watch.seal import sealed_markdown, sealed_yaml

if TYPE_CHECKING:
    from advisor.checkpoint.read import Checkpoint


class Adviser:
    """The compiled rules, and what to do with a target."""

    def __init__(self) -> None:
        self.base_key = base_key()
        self._settings: dict[str, str] = {}
        self._nearest: dict[str, str] = {}
        self._policies = Policies(Asked(Context()))
        self.rules = len(self._policies.of("/").base.rules)

    def advise(self, job: Job) -> Result:
        try:
            policy = self._policy(job.path)
        except SettingsError as error:
            page = sealed_markdown(f"# No advice: the settings are wrong\n\n    {error}\n").decode()
            return Result(ADVISED, files={ADVICE: page}, errors=1, note=f"the settings are wrong: {error}")
        return self._config(job.path, policy) if job.kind == CONFIG else self._checkpoint(job.path, policy)

    def _policy(self, path: str) -> Policy:
        """What the settings say now: they are read again when one of their files has changed, come or gone."""
        folder = os.path.dirname(path)
        nearest = nearest_settings(folder)
        signs = {file: signature.of_file(file) for file in (user_settings_path(), nearest) if file}
        changed = any(self._settings.setdefault(file, sign) != sign for file, sign in signs.items())
        if changed or self._nearest.setdefault(folder, nearest) != nearest:
            self._settings, self._nearest = signs, {folder: nearest}
            self._policies = Policies(Asked(Context()))
        return self._policies.of(path)

    def _config(self, path: str, policy: Policy) -> Result:
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

        def advise(document: Document) -> Advice:
            return policy.advise(document, read_sibling)

        advice = advise(document)
        patched = patch(document, advice, advise)
        page = advice_markdown(advice, patched.notes)
        texts = {ADVICE: page and sealed_markdown(page).decode(), PATCHED: patched.text}
        needed = [*siblings, *checkpoints_of(advice, read_sibling)]
        return Result(
            ADVISED,
            digest,
            {suffix: text for suffix, text in texts.items() if text},
            *_counts(advice),
            [(need, signature.of_anything(need)) for need in dict.fromkeys(needed)],
        )

    def _checkpoint(self, path: str, policy: Policy) -> Result:
        """Nothing is said of one that is still being written."""
        advice = policy.advise_checkpoint(path)
        checkpoint = advice.checkpoint
        if checkpoint is None:
            return Result(OTHER)
        starter, note = _starter(checkpoint, policy)
        page = advice_markdown(advice, (note,))
        digest = sha256(page.encode("utf-8", "replace")).hexdigest()
        if checkpoint.completeness.state == "writing":
            again = max(1.0, checkpoint.completeness.changed + SETTLING_SECONDS - time.time())
            return Result(WAITING, digest, again=min(again, SETTLING_SECONDS + 1.0))
        texts = {ADVICE: sealed_markdown(page).decode(), STARTER: starter}
        return Result(ADVISED, digest, {suffix: text for suffix, text in texts.items() if text}, *_counts(advice))


def _starter(checkpoint: Checkpoint, policy: Policy) -> tuple[str, str]:
    """A starter config, '' where there is none, and what the page says of it."""
    from advisor.starter.choices import CannotStart, Wanted, choose
    from advisor.starter.text import starter_text

    if not checkpoint.completeness.complete:
        return "", "There is no starter config: the checkpoint is not whole."
    wanted = Wanted(gpus=policy.context.gpu_count, gpu_memory=policy.context.gpu_memory)
    try:
        text = starter_text(choose(checkpoint, wanted))
    except CannotStart as error:
        return "", f"There is no starter config: {error}."
    head = ["nel-advisor: this file follows the checkpoint beside it until you change it; then it is yours."]
    return sealed_yaml(head, text).decode(), "A starter config is beside it."


def nearest_settings(folder: str) -> str:
    """The settings file that holds for a folder, looked for anew; '' for none."""
    while not os.path.isfile(file := f"{folder.rstrip('/')}/{NAME}"):
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above
    return file


def _counts(advice: Advice) -> tuple[int, int, int]:
    summary = summary_of(advice)
    return summary.errors, summary.warnings, summary.infos


def checkpoints_of(advice: Advice, read_sibling: SiblingReader) -> list[str]:
    """The checkpoint directories that a config's advice depends on, whether they are there or not."""
    beside = checkpoint_beside(advice.path)
    found = [beside] if beside else []
    if advice.kind == LAUNCHER:
        named = Values(compose(advice.document, read_sibling)).at(("deployment", "checkpoint_path"))
        if isinstance(named, str) and named.startswith(("/", "~")) and "\0" not in named:
            found.append(os.path.normpath(os.path.expanduser(named)))
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
