"""Which names matter to the daemon: what may be a config, what makes a directory a checkpoint, and what is its own."""

from __future__ import annotations

import os
import re

from advisor.folders import is_looked_into

ADVICE, PATCHED, STARTER = ".advice.md", ".advised.yaml", ".nel.yaml"
TEMPORARY = ".nel-advisor-tmp."
LEASE = ".nel-advisor.lease"
# The same as in advisor.settings, which would bring the parser with it.
SETTINGS = ".nel-advisor.yaml"
CONFIG, CHECKPOINT = "config", "checkpoint"

_YAML = (".yaml", ".yml")
_ADVISED = (".advised.yaml", ".advised.yml")
# Any of these may make a directory a checkpoint, or change what one is; `.tmp` and the like are shards in the making.
_OF_CHECKPOINT = re.compile(r".+\.(?:safetensors|json|jinja|model|tiktoken|bin)(?:\.\w+)?|README\.md|[\w.-]+\.py")


def may_be_config(name: str) -> bool:
    """YAML, but neither an editor's or copier's scratch file (they are hidden, or end in ~ or .swp) nor a patched
    copy."""
    return name.endswith(_YAML) and not name.startswith(".") and not name.endswith(_ADVISED)


def kind_of(path: str) -> str:
    """What a target at this path is, by its name."""
    return CONFIG if may_be_config(os.path.basename(path)) else CHECKPOINT


def is_output(name: str) -> bool:
    return name.endswith((ADVICE, PATCHED, STARTER))


def may_change_checkpoint(name: str) -> bool:
    """Whether a change of such a file may change what is known of the directory that it is in, if that is a
    checkpoint."""
    return _OF_CHECKPOINT.fullmatch(name) is not None and not name.startswith(".")


def output_names(kind: str, path: str, *, taken: bool) -> dict[str, str]:
    """The files beside a target by their suffix. `taken` says that a config of the same stem has the short names."""
    folder, name = os.path.split(path)
    if kind == CHECKPOINT:
        stem = f"{name}.checkpoint" if taken else name
        return {ADVICE: f"{folder}/{stem}{ADVICE}", STARTER: f"{folder}/{name}{STARTER}"}
    stem = name if taken else name.rpartition(".")[0]
    return {ADVICE: f"{folder}/{stem}{ADVICE}", PATCHED: f"{folder}/{stem}{PATCHED}"}


def rivals(kind: str, path: str) -> tuple[str, ...]:
    """The configs whose presence takes the short names from this target."""
    if kind == CHECKPOINT:
        return tuple(path + suffix for suffix in _YAML)
    return (path.removesuffix(".yml") + ".yaml",) if path.endswith(".yml") else ()


def dependants(path: str) -> tuple[str, ...]:
    """The targets whose short names the presence of this config takes."""
    stem, _, suffix = path.rpartition(".")
    return (stem, stem + ".yml") if suffix == "yaml" else (stem,)


def is_hidden(path: str, root: str) -> bool:
    """Whether a path below the root is in a folder that is left out, or hidden itself."""
    *folders, name = path[len(root.rstrip("/")) + 1 :].split("/")
    return name.startswith(".") or not all(is_looked_into(folder) for folder in folders)
