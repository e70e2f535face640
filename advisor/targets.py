"""What to advise on: files as named, and the NEL configs and checkpoints found below folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from advisor.document.document import Document
from advisor.document.reading import decode_document, read_bytes
from advisor.folders import is_looked_into
from advisor.nel.dialect import is_nel_config
from advisor.patterns import pattern

_SUFFIXES = (".yaml", ".yml")
# A cheap look before parsing: no NEL config lacks all of these keys.
_MARKS = pattern(rb"\b(?:evaluation|deployment|execution|services|benchmarks)\b['\"]?[ \t]*:")


def targets_below(folder: str, unread: Callable[[str, OSError], None]) -> Iterator[str]:
    """YAML files and checkpoint directories below a folder and the folder itself, sorted. Hidden folders and symbolic
    links are left out: what was asked for is this tree, and a link may lead out of it or round in a circle. What
    cannot be read is told to `unread`, and passed over."""
    folders = [folder]
    while folders:
        current = folders.pop()
        try:
            with os.scandir(current) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:  # gone since its parent was read
            continue
        except OSError as error:
            unread(current, error)
            continue
        if _is_checkpoint(found):
            yield current
        below = []
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                if is_looked_into(entry.name):
                    below.append(entry.path)
            elif entry.name.endswith(_SUFFIXES) and entry.is_file(follow_symlinks=False):
                yield entry.path
        folders += reversed(below)


def _is_checkpoint(entries: list[os.DirEntry[str]]) -> bool:
    names = [entry.name for entry in entries]
    if not any(name.endswith((".safetensors", ".json", ".bin")) for name in names):
        return False
    from advisor.checkpoint.recognise import looks_like_checkpoint

    return looks_like_checkpoint(names)


def config_in(path: str) -> Document | None:
    """The document of a file found below a folder; None where its content is no NEL config, or it cannot be read."""
    try:
        return config_of(path, read_bytes(path))
    except OSError:
        return None


def config_of(path: str, data: bytes) -> Document | None:
    """The document of a file's content; None where it is no NEL config."""
    if not _MARKS.search(data):
        return None
    document = decode_document(path, data)
    return document if is_nel_config(document) else None
