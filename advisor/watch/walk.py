"""Looking at a tree: every folder, what may be a config in it, and whether it is a checkpoint. No link is followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from advisor.checkpoint.problems import encodable
from advisor.checkpoint.recognise import looks_like_checkpoint
from advisor.folders import is_looked_into
from advisor.watch import names, signature


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder as it was listed: its subfolders' paths, the signatures of its YAML files by path, whether it is a
    checkpoint, the signature of its settings file, what is named like our outputs, and what a killed daemon left in
    it."""

    path: str
    mtime_ns: int
    folders: tuple[str, ...]
    configs: dict[str, str]
    is_checkpoint: bool
    settings: str
    outputs: tuple[str, ...]
    leftovers: tuple[str, ...]


# No other file is a config, an output or what tells a checkpoint: most files are passed over by their last letters.
_TOLD_APART = (".yaml", ".yml", ".md", ".json", ".bin", ".model")
_NO_CONFIGS: dict[str, str] = {}


def walk(top: str) -> Iterator[Folder]:
    """Every folder from the top down, to be taken in as small steps as the caller likes."""
    waiting = [top]
    while waiting:
        folder = list_folder(waiting.pop())
        if folder is not None:
            yield folder
            waiting += reversed(folder.folders)


def list_folder(path: str) -> Folder | None:
    """None for what is gone, cannot be read, or is no folder. Names that are not UTF-8 are left out."""
    folders: list[str] = []
    configs: dict[str, str] = {}
    settings, outputs, leftovers, of_models = "", [], [], []
    try:
        # Before the listing: a change during it then shows in the next look.
        mtime_ns = os.lstat(path).st_mtime_ns
        with os.scandir(path) as entries:
            for entry in entries:
                name = entry.name
                if entry.is_dir(follow_symlinks=False):
                    if is_looked_into(name) and encodable(name):
                        folders.append(entry.path)
                elif name.endswith(_TOLD_APART) or ".safetensors" in name:
                    of_models.append(name)
                    if names.is_output(name):
                        outputs.append(entry.path)
                    if name == names.SETTINGS:
                        settings = signature.of_file(entry.path)
                    elif names.may_be_config(name) and encodable(name) and (sign := signature.of_file(entry.path)):
                        configs[entry.path] = sign
                elif name.startswith(names.TEMPORARY):
                    leftovers.append(entry.path)
    except OSError:
        return None
    folders.sort()
    return Folder(
        path=path,
        mtime_ns=mtime_ns,
        folders=tuple(folders),
        configs=configs or _NO_CONFIGS,
        is_checkpoint=bool(of_models) and looks_like_checkpoint(of_models),
        settings=settings,
        outputs=tuple(outputs),
        leftovers=tuple(leftovers),
    )
