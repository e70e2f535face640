"""Where the material beside the project is, for the tests that use it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("NEL_ADVISOR_SHARED", ROOT.parent / "shared"))
CORPUS = SHARED / "corpus"

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason=f"{CORPUS} is not there: no corpus of real configs to test on"
)


def corpus_files() -> list[Path]:
    return sorted(CORPUS.glob("*/*.yaml"))
