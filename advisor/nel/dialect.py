"""Which program a YAML file is for, told by its content."""

from __future__ import annotations

import re

from advisor.document.document import Document
from advisor.document.nodes import Mapping, Scalar, Sequence
from advisor.patterns import pattern

LAUNCHER, NEXT, CORE, OTHER = "launcher", "next", "core", "unknown"
_LAUNCHER_KEYS = frozenset({"evaluation", "deployment", "execution"})
_NEXT_KEYS = frozenset({"services", "benchmarks"})
_DEPLOYMENT_MARKS = frozenset(
    {"type", "image", "checkpoint_path", "hf_model_handle", "served_model_name", "extra_args", "multiple_instances"}
)
_EXECUTION_MARKS = frozenset(
    {"type", "output_dir", "walltime", "auto_export", "mounts", "num_instances", "hostname", "account"}
)
_SERVICE_MARKS = frozenset({"type", "protocol", "served_model_name", "extra_args"})
_BENCHMARK_MARKS = frozenset({"name", "solver", "playbook"})
_TEXT_MARKS = pattern(
    r"^(?:evaluation|deployment|execution|services|benchmarks)[ \t]*:|^[ \t]*-[ \t]+(?:execution|deployment)[ \t]*:",
    re.M,
)


def dialect_of(document: Document) -> str:
    """LAUNCHER (0.2.x), NEXT (0.4 and later), CORE (a run config of the core) or OTHER. A text that does not parse
    is told by its lines."""
    root = document.root
    if root is None and document.problems:
        marks = {mark.strip(" \t-:") for mark in _TEXT_MARKS.findall(document.text)}
        if len(_TEXT_MARKS.findall(document.text)) < 2:
            return OTHER
        return NEXT if marks <= _NEXT_KEYS else LAUNCHER
    if not isinstance(root, Mapping):
        return OTHER
    keys = root.entries.keys()
    if _has_launcher_defaults(root) or keys & _LAUNCHER_KEYS:
        return LAUNCHER
    if _is_next(root):
        return NEXT
    if "target" in keys and "config" in keys:
        return CORE
    return OTHER


def _is_next(root: Mapping) -> bool:
    """Services as nel-next has them (docker-compose has some too), a list of benchmarks (its policies have a mapping),
    or a config that another one is the base of."""
    benchmarks = root.entries.get("benchmarks")
    if benchmarks is not None and ("services" in root.entries or not isinstance(benchmarks.value, Mapping)):
        return True
    services = root.entries.get("services")
    some = services.value.entries.values() if services is not None and isinstance(services.value, Mapping) else ()
    if any(isinstance(one.value, Mapping) and one.value.entries.keys() & _SERVICE_MARKS for one in some):
        return True
    defaults = root.entries.get("defaults")
    items = defaults.value.items if defaults is not None and isinstance(defaults.value, Sequence) else ()
    return any(isinstance(item.value, Mapping) and "_base_" in item.value.entries for item in items)


def is_nel_config(document: Document) -> bool:
    """Whether a file found in a directory is one of NEL's, with marks that other programs' YAML does not have."""
    root = document.root
    if not isinstance(root, Mapping):
        return dialect_of(document) != OTHER
    keys = root.entries.keys()
    if _has_launcher_defaults(root) or keys >= _NEXT_KEYS:
        return True
    if "evaluation" in keys and (_child_keys(root, "evaluation") & {"tasks", "nemo_evaluator_config", "overrides"}):
        return True
    marked = _child_keys(root, "deployment") & _DEPLOYMENT_MARKS, _child_keys(root, "execution") & _EXECUTION_MARKS
    return all(marked) or any(len(some) >= 2 for some in marked) or _is_next_benchmarks(root)


def _has_launcher_defaults(root: Mapping) -> bool:
    entry = root.entries.get("defaults")
    if entry is None or not isinstance(entry.value, Sequence):
        return False
    for item in entry.value.items:
        if isinstance(item.value, Mapping) and any(
            name.split("@")[0].split()[-1:] in (["execution"], ["deployment"]) for name in item.value.entries
        ):
            return True
        if isinstance(item.value, Scalar) and re.match(r"/?(execution|deployment)/", item.value.text):
            return True
    return False


def _child_keys(root: Mapping, name: str) -> set[str]:
    entry = root.entries.get(name)
    return set(entry.value.entries) if entry is not None and isinstance(entry.value, Mapping) else set()


def _is_next_benchmarks(root: Mapping) -> bool:
    entry = root.entries.get("benchmarks")
    if entry is None or not isinstance(entry.value, Sequence):
        return False
    return all(isinstance(i.value, Mapping) and i.value.entries.keys() & _BENCHMARK_MARKS for i in entry.value.items)
