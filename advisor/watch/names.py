"""Which names matter to the daemon: what may be a config, what makes a directory a checkpoint, and what is its own."""

from __future__ import annotations

import os

ADVICE, ADVISED, STARTER = ".advice.md", ".advised.yaml", ".nel.yaml"
TEMPORARY = ".nel-advisor-tmp."
LEASE = ".nel-advisor.lease"
CONFIG, CHECKPOINT = "config", "checkpoint"

_YAML = (".yaml", ".yml")
_ADVISED = (".advised.yaml", ".advised.yml")
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})
# Any of these may make a directory a checkpoint, or change what one is.
_OF_CHECKPOINT = (".safetensors", ".json", ".jinja", ".model", ".tiktoken", "README.md")


def is_watched_folder(name: str) -> bool:
    """Hidden folders and those of installed code are left out."""
    return not name.startswith(".") and name not in _SKIPPED


def may_be_config(name: str) -> bool:
    """YAML, but neither an editor's or copier's scratch file (they are hidden, or end in ~ or .swp) nor a patched copy."""
    return name.endswith(_YAML) and not name.startswith(".") and not name.endswith(_ADVISED)


def is_output(name: str) -> bool:
    return name.endswith((ADVICE, ADVISED, STARTER))


def may_change_checkpoint(name: str) -> bool:
    """Whether a change of such a file may change what is known of the directory that it is in, if that is a checkpoint."""
    return name.endswith(_OF_CHECKPOINT) and not name.endswith(ADVICE) and not name.startswith(TEMPORARY)


def marks_checkpoint(files: set[str]) -> bool:
    """Whether a directory with such files is a checkpoint, whole or in the making: weights with something that says what
    they are, or the metadata alone that an exporter writes first or leaves behind."""
    if "hf_quant_config.json" in files or "model.safetensors.index.json" in files:
        return True
    weights = any(name.endswith(".safetensors") and not name.startswith("adapter_") for name in files)
    return weights and "adapter_config.json" not in files


def output_names(kind: str, path: str, *, taken: bool) -> dict[str, str]:
    """The files beside a target by their suffix. `taken` says that a config of the same stem has the short names."""
    folder, name = os.path.split(path)
    if kind == CHECKPOINT:
        stem = f"{name}.checkpoint" if taken else name
        return {ADVICE: f"{folder}/{stem}{ADVICE}", STARTER: f"{folder}/{name}{STARTER}"}
    stem = name if taken else name.rpartition(".")[0]
    return {ADVICE: f"{folder}/{stem}{ADVICE}", ADVISED: f"{folder}/{stem}{ADVISED}"}


def rivals(kind: str, path: str) -> tuple[str, ...]:
    """The configs whose presence takes the short names from this target."""
    if kind == CHECKPOINT:
        return tuple(path + suffix for suffix in _YAML)
    return (path.removesuffix(".yml") + ".yaml",) if path.endswith(".yml") else ()


def dependants(path: str) -> tuple[str, ...]:
    """The targets whose short names the presence of this config takes."""
    stem, _, suffix = path.rpartition(".")
    return (stem, stem + ".yml") if suffix == "yaml" else (stem,)
