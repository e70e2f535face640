"""Findings that were there when a baseline was written: they are hidden, and only new ones are reported.

A finding is known again by its file, its rule, its key and the text of its line, not by its number. The file holds
no text of a config, only hashes; its paths are relative to its own folder.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping

from advisor.advise import Advice
from advisor.document.reading import open_regular
from advisor.engine.findings import Finding
from advisor.records import NamedTuple

_VERSION = 1

# (path, rule, name, hash of the content)
Known = tuple[str, str, str, str]


class BaselineError(ValueError):
    """A file that is no baseline, or cannot be read or written."""


class Baseline(NamedTuple):
    """How often each finding was there. `folder` is what paths are relative to."""

    folder: str
    known: Mapping[Known, int]

    def new_in(self, advice: Advice) -> Advice:
        """The advice without what was there before."""
        left = Counter(self.known)
        kept = []
        for finding in advice.findings:
            one = known_as(finding, advice, self.folder)
            if left[one] > 0:
                left[one] -= 1
            else:
                kept.append(finding)
        return advice._replace(findings=tuple(kept))


def read_baseline(path: str) -> Baseline:
    """Raises BaselineError."""
    try:
        with open(open_regular(path), encoding="utf-8") as file:
            data = json.load(file)
        if data["version"] != _VERSION:
            raise BaselineError(f"{path}: a baseline of version {data['version']}, which is not known here")
        known = {(str(a), str(b), str(c), str(d)): int(count) for a, b, c, d, count in data["findings"]}
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror or error}") from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise error if isinstance(error, BaselineError) else BaselineError(f"{path}: no baseline of findings") from None
    return Baseline(_folder_of(path), known)


def write_baseline(path: str, known: Iterable[Known]) -> int:
    """Write a baseline, whole or not at all; returns how many findings it holds. Raises BaselineError."""
    counts = Counter(known)
    rows = [[*one, count] for one, count in sorted(counts.items())]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(f'{{"version": {_VERSION}, "findings": [\n{lines}\n]}}\n')
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise BaselineError(f"{path}: {error.strerror or error}") from None
    return counts.total()


def known_by(advice: Advice, baseline_path: str) -> tuple[Known, ...]:
    """What a baseline at a path would hold of an advice."""
    folder = _folder_of(baseline_path)
    return tuple(known_as(finding, advice, folder) for finding in advice.findings)


def known_as(finding: Finding, advice: Advice, folder: str) -> Known:
    """A finding's identity; elements of lists count without their place in the list, secrets do not count."""
    from hashlib import sha256

    document = finding.place.document or advice.document
    text = document.line(document.position(finding.place.span.start).line) if document.text else ""
    key = ".".join(part for part in finding.place.path if isinstance(part, str))
    content = "\0".join((key, " ".join(advice.redactor.text(text).split())))
    where = os.path.relpath(os.path.abspath(document.path), folder).replace(os.sep, "/")
    return where, finding.rule, finding.name, sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _folder_of(path: str) -> str:
    return os.path.dirname(os.path.abspath(path))
