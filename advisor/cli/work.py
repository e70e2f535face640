"""Targets to rendered advice, in this process or in several."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator

from advisor.advise import Advice
from advisor.cli.failures import our_mistake
from advisor.document.document import Document
from advisor.document.reading import MAX_BYTES, decode_document, read_document
from advisor.policies import Policies, Policy
from advisor.records import NamedTuple
from advisor.report.style import Style
from advisor.report.summary import Summary, summary_of
from advisor.targets import config_in, targets_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from advisor.baseline import Known
else:
    Protocol = object

STANDARD_INPUT = "-"
_FILES_A_PROCESS = 100
_CHUNK = 16


class Target(NamedTuple):
    """A file or checkpoint directory to advise on: `named` by the caller, or found below a folder, where only NEL
    configs and checkpoints count."""

    path: str
    named: bool

    def called(self, stdin_name: str) -> str:
        return stdin_name if self.path == STANDARD_INPUT else self.path


class Rendered(NamedTuple):
    """What one target's advice comes to, ready to print: `text` for standard output, `complaints` for standard error,
    which are failures where it `failed`. `known` is what a baseline would hold of it, `fixed` how many were fixed."""

    text: str
    summary: Summary
    complaints: tuple[str, ...] = ()
    known: tuple[Known, ...] = ()
    fixed: int = 0
    failed: bool = False


class Treatment(Protocol):
    """What becomes of a target."""

    def config(self, document: Document, policy: Policy) -> Rendered:
        """Of a document."""

    def checkpoint(self, path: str, policy: Policy) -> Rendered:
        """Of a checkpoint directory."""


class Work(NamedTuple):
    """All that a worker needs; nothing in it changes."""

    policies: Policies
    then: Treatment
    stdin_name: str

    def run(self, target: Target) -> Rendered | None:
        """None for a found file that is no NEL config. A mistake of ours ends one target, not the call. Raises
        NotComparable."""
        try:
            return self._run(target)
        except Exception as error:
            from advisor.compare import NotComparable

            if isinstance(error, NotComparable):
                raise
            return Rendered("", Summary(), (f"{target.called(self.stdin_name)}: {our_mistake(error)}",), failed=True)

    def _run(self, target: Target) -> Rendered | None:
        if not target.named and os.path.isdir(target.path):
            return self.then.checkpoint(target.path, self.policies.of(target.path))
        document = self._document(target)
        return None if document is None else self.then.config(document, self.policies.of(document.path))

    def _document(self, target: Target) -> Document | None:
        if target.path == STANDARD_INPUT:
            return decode_document(self.stdin_name, sys.stdin.buffer.read(MAX_BYTES + 1))
        return read_document(target.path) if target.named else config_in(target.path)


class Report(NamedTuple):
    """Renders the advice; `style` is None for JSON."""

    style: Style | None
    baseline_path: str = ""

    def config(self, document: Document, policy: Policy) -> Rendered:
        return self._rendered(policy.advise(document))

    def checkpoint(self, path: str, policy: Policy) -> Rendered:
        return self._rendered(policy.advise_checkpoint(path))

    def _rendered(self, advice: Advice) -> Rendered:
        known: tuple[Known, ...] = ()
        if self.baseline_path:
            from advisor.baseline import known_by

            known = known_by(advice, self.baseline_path)
        rendered = Rendered(render(advice, self.style), summary_of(advice), known=known)
        if advice.world is not None:
            advice.world.release()
        return rendered


def render(advice: Advice, style: Style | None) -> str:
    """The advice as text in a style, or without one as JSON."""
    if style is None:
        from advisor.report.json import advice_json

        return json.dumps(advice_json(advice), ensure_ascii=False)
    from advisor.report.text import advice_text

    return advice_text(advice, style)


def paths_of(targets: Iterable[Target], stdin_name: str) -> Iterator[str]:
    """What the targets are called."""
    return (target.called(stdin_name) for target in targets)


def expand(paths: tuple[str, ...], complain: Callable[[str], None], note: Callable[[str], None]) -> list[Target]:
    """Files as named, folders as what is in them. A path that is not there or cannot be read is complained of and left
    out; a folder below one that cannot be read is only noted."""
    targets: dict[Target, None] = {}

    def unread(folder: str, error: OSError) -> None:
        (complain if folder in paths else note)(f"{folder}: cannot be read: {error.strerror}")

    for path in paths:
        if path != STANDARD_INPUT and os.path.isdir(path):
            targets.update((Target(found, named=False), None) for found in targets_below(path, unread))
        elif path == STANDARD_INPUT or os.path.lexists(path):
            targets[Target(path, named=True)] = None
        else:
            complain(f"{path}: there is no such file or folder")
    return list(targets)


def default_jobs(targets: int) -> int:
    """One process for few files, else as many as the cores allow."""
    return max(1, min(len(os.sched_getaffinity(0)), targets // _FILES_A_PROCESS))


def run_all(work: Work, targets: list[Target], jobs: int) -> Iterator[Rendered | None]:
    """The results in the order of the targets."""
    if jobs <= 1 or len(targets) < 2:
        yield from map(work.run, targets)
        return
    yield from _run_in_processes(work, targets, jobs)


_shared: list[Work] = []


def _run_chunk(chunk: list[Target]) -> list[Rendered | None]:
    return [_shared[0].run(target) for target in chunk]


def _run_in_processes(work: Work, targets: list[Target], jobs: int) -> Iterator[Rendered | None]:
    """Workers are forked, so that they have the compiled base at once."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    _shared[:] = [work]
    chunks = [targets[at : at + _CHUNK] for at in range(0, len(targets), _CHUNK)]
    with ProcessPoolExecutor(min(jobs, len(chunks)), mp_context=get_context("fork")) as pool:
        for results in pool.map(_run_chunk, chunks):
            yield from results


def with_progress(results: Iterator[Rendered | None], total: int) -> Iterator[Rendered | None]:
    """Shows a bar on a terminal once a second has passed."""
    if not sys.stderr.isatty():
        yield from results
        return
    started, bar = time.monotonic(), None
    try:
        for done, result in enumerate(results, 1):
            if bar is None and time.monotonic() - started > 1 and done < total:
                bar = _start_bar(total)
            if bar is not None:
                bar(done)
            yield result
    finally:
        if bar is not None:
            bar(None)


def _start_bar(total: int) -> Callable[[int | None], None]:
    from rich.console import Console
    from rich.progress import Progress

    progress = Progress(console=Console(stderr=True), transient=True)
    progress.start()
    task = progress.add_task("advising", total=total)

    def show(done: int | None) -> None:
        if done is None:
            progress.stop()
        else:
            progress.update(task, completed=done)

    return show
