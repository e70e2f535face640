"""What the real launcher says of real configs before and after our fixes."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from advisor.advise import Advice, advise_document
from advisor.document.changes import Set
from advisor.document.document import Document
from advisor.document.edits import CannotEdit
from advisor.document.nodes import Data
from advisor.document.proof import prove
from advisor.document.reading import read_document
from advisor.engine.base import RuleBase
from advisor.engine.findings import Finding
from advisor.fixing.rounds import Wanted, fix_document
from advisor.nel.compose import compose
from advisor.nel.context import Context
from advisor.nel.dialect import LAUNCHER, dialect_of
from advisor.nel.effective import Effective
from tests.oracle.verdicts import dry_run, oracle_python, oracle_tool
from tests.shared import CORPUS, corpus_files, needs_corpus

_ENVIRONMENT_NAME = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b")
_FILLED: dict[str, Data] = {
    "url": "https://models.lab.net/v1/chat/completions",
    "output_dir": "/tmp/results",
    "walltime": "01:00:00",
    "checkpoint_path": "/checkpoints/some-model",
    "image": "registry.lab.net/some-server:1.0.0",
    "params_to_add": {"chat_template_kwargs": {"enable_thinking": True}},
}


@dataclass(frozen=True)
class Config:
    """A config of the corpus with its placeholders filled in, and what its fixes come to."""

    original: Path
    document: Document
    safe: str
    all: str
    fixes_error: bool
    fixes_error_safely: bool


def filled(document: Document) -> Document:
    """Every value that is still `???` after composition, given; no checkpoint beside a handle, which NEL serves."""
    tree = compose(document).tree
    for path in _missing(tree, ()):
        value = _FILLED.get(str(path[-1]), f"some-{path[-1]}")
        handle = tree.at((*path[:-1], "hf_model_handle"))
        if path[-1] == "checkpoint_path" and handle is not None and handle.data:
            value = None
        try:
            document = prove(document, [Set(path, value)]).document
        except CannotEdit:
            continue
    return document


def _missing(node: Effective, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    if node.is_missing:
        return [path]
    if isinstance(node.data, dict):
        return [found for name, child in node.data.items() for found in _missing(child, (*path, name))]
    if isinstance(node.data, list):
        return [found for index, child in enumerate(node.data) for found in _missing(child, (*path, index))]
    return []


def read_config(path: Path, base: RuleBase) -> Config | None:
    document = read_document(str(path))
    if dialect_of(document) != LAUNCHER:
        return None
    document = filled(document) if not document.problems else document
    context = Context(env_names=frozenset(_ENVIRONMENT_NAME.findall(document.text)))

    def advise(one: Document) -> Advice:
        return advise_document(one, base, context)

    safe, everything = (fix_document(document, advise, Wanted(unsafe=unsafe)) for unsafe in (False, True))
    assert safe.undoing == everything.undoing == ()
    return Config(
        path, document, safe.document.text, everything.document.text, _error(everything.applied), _error(safe.applied)
    )


def _error(applied: tuple[Finding, ...]) -> bool:
    return any(finding.severity == "error" for finding in applied)


def verdicts_of(texts: dict[str, tuple[Path, str]], folder: Path) -> dict[str, str]:
    """The launcher's error for each text, by its key; the same text is asked about once. Siblings lie beside it."""
    by_text: dict[tuple[Path, str], Path] = {}
    for number, (original, text) in enumerate(dict.fromkeys(texts.values())):
        place = folder / f"{number:04}"
        shutil.copytree(original.parent, place) if _has_siblings(original, text) else place.mkdir(parents=True)
        by_text[original, text] = place / original.name
        by_text[original, text].write_text(text, encoding="utf-8")
    files = list(by_text.values())
    with ThreadPoolExecutor(2) as pool:
        halves = list(pool.map(lambda half: dry_run(half, folder), [files[::2], files[1::2]]))
    errors = {**halves[0], **halves[1]}
    return {key: errors[by_text[one]] for key, one in texts.items()}


def _has_siblings(original: Path, text: str) -> bool:
    """Whether the defaults may name a file beside it."""
    return any(
        re.search(rf"^\s*-\s*{re.escape(other.stem)}\s*$", text, re.M) for other in original.parent.glob("*.yaml")
    )


@pytest.mark.slow
@needs_corpus
def test_what_passes_still_passes_after_the_fixes(
    base: RuleBase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for needed in (oracle_tool(), oracle_python()):
        if not needed.exists():
            pytest.skip(f"the real launcher is not asked: {needed} is absent")
    configs = [config for path in corpus_files() if (config := read_config(path, base)) is not None]
    texts = {}
    for config in configs:
        name = str(config.original.relative_to(CORPUS))
        texts[f"before {name}"] = config.original, config.document.text
        texts[f"safe {name}"] = config.original, config.safe
        texts[f"all {name}"] = config.original, config.all
    errors = verdicts_of(texts, tmp_path)
    broken, counts = list[str](), Counter[str]()
    for config in configs:
        name = str(config.original.relative_to(CORPUS))
        before, safe, everything = (errors[f"{kind} {name}"] for kind in ("before", "safe", "all"))
        counts["passed"] += not before
        counts["failed"] += bool(before)
        counts["passed, and --fix changed it"] += not before and config.safe != config.document.text
        broken += [
            f"{kind} {name}: {error}" for kind, error in (("safe", safe), ("all", everything)) if error and not before
        ]
        if before and config.fixes_error:
            counts["failed, with an error that a fix mends"] += 1
            counts["of these with one that --fix mends"] += config.fixes_error_safely
            counts["of these pass after --fix"] += not safe
            counts["of these pass after --fix --unsafe"] += not everything
    with capsys.disabled():
        print(f"\nreal dry run on {len(configs)} launcher configs of the corpus, filled in: {dict(counts)}")
        print(f"passed before and not after a fix: {len(broken)}")
    assert broken == []
