"""The page of a rule, written into the user's cache folder when a finding first needs it."""

from __future__ import annotations

import os
from contextlib import suppress
from zlib import crc32

from advisor.document.nodes import Mapping, Scalar, Sequence
from advisor.document.reading import read_document
from advisor.engine.rule import Rule
from advisor.report.rule_pages import Example, page

_written: dict[tuple[str, int], str] = {}


def page_file(rule: Rule) -> str:
    """The path of a rule's page as it is now; its own file where none can be written, '' for a rule without one."""
    try:
        stamp = os.stat(rule.file).st_mtime_ns
    except OSError:
        return ""
    key = (rule.file, stamp)
    if key not in _written:
        _written[key] = _write(rule) or rule.file
    return _written[key]


def _write(rule: Rule) -> str:
    """Two folders of rules may have the same id: each has a folder of its own."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = f"{home}/nel-advisor/pages-{crc32(os.path.dirname(rule.file).encode()):08x}"
    path = f"{folder}/{rule.id}.md"
    text = page(rule, _first_example(rule.file), "").encode()
    with suppress(OSError), open(path, "rb") as file:
        if file.read() == text:
            return path
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        return ""
    return path


def _first_example(file: str) -> Example | None:
    """The rule is valid: it was loaded. Its examples are no part of what is kept of it."""
    root = read_document(file).root
    entry = root.entries.get("examples") if isinstance(root, Mapping) else None
    items = entry.value.items if entry is not None and isinstance(entry.value, Sequence) else ()
    first = items[0].value if items else None
    if not isinstance(first, Mapping):
        return None
    texts = {name: one.value.text for name, one in first.entries.items() if isinstance(one.value, Scalar)}
    return Example(texts.get("bad", ""), texts.get("fixed") or texts.get("good", ""), texts.get("baseline", ""))
