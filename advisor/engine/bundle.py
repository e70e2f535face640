"""All rules of the rule folders, from the files or from a cached bundle.

The cache is JSON, so that a cache that others can write to cannot run code, and named by the hash of every rule file's
bytes. Without a writable cache folder the files are read each time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from advisor import __version__
from advisor.engine.rule import FixSpec, Rule
from advisor.knowledge import RULES

_NOT_RULES = "knowledge"


def load_rules(extra: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The shipped rules and those of extra folders, sorted by id. Raises RuleFileError for a file that is none."""
    files = [file for folder in (str(RULES), *extra) for file in _rule_files(folder)]
    contents = [(family, path, _read(path)) for family, path in files]
    cache = _cache_path(contents)
    rules = _from_cache(cache)
    if rules is None:
        rules = _from_files(contents)
        _to_cache(cache, rules)
    return rules


def _rule_files(folder: str) -> Iterator[tuple[str, str]]:
    with os.scandir(folder) as families:
        names = sorted(entry.name for entry in families if entry.is_dir() and entry.name != _NOT_RULES)
    for family in names:
        with os.scandir(f"{folder}/{family}") as entries:
            files = sorted(entry.name for entry in entries if entry.name.endswith(".yaml"))
        for name in files:
            yield family, f"{folder}/{family}/{name}"


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _from_files(contents: list[tuple[str, str, bytes]]) -> tuple[Rule, ...]:
    from advisor.document.reading import decode_document
    from advisor.engine.rulefile import RuleFileError, load_rule

    rules: dict[str, Rule] = {}
    for family, path, data in contents:
        rule, _ = load_rule(decode_document(path, data), family)
        if rule.id in rules:
            raise RuleFileError(f"{path}: the id {rule.id} is taken by {rules[rule.id].file}")
        rules[rule.id] = rule
    _check_conclusions(rules.values())
    return tuple(sorted(rules.values(), key=lambda rule: (len(rule.id), rule.id)))


def _check_conclusions(rules: Iterable[Rule]) -> None:
    from advisor.engine.rulefile import RuleFileError

    rules = tuple(rules)
    concluded = {rule.concludes for rule in rules if rule.concludes}
    for rule in rules:
        for condition in rule.when:
            if "concluded" in condition and condition["concluded"] not in concluded:
                raise RuleFileError(f"{rule.file}: when: no rule concludes {condition['concluded']!r}")


def _cache_path(contents: list[tuple[str, str, bytes]]) -> str:
    from hashlib import blake2b

    digest = blake2b(__version__.encode(), digest_size=16)
    for _, path, data in contents:
        digest.update(f"\0{path}\0{len(data)}\0".encode())
        digest.update(data)
    folder = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    return f"{folder}/nel-advisor/rules-{digest.hexdigest()}.json"


def _from_cache(path: str) -> tuple[Rule, ...] | None:
    try:
        return tuple(_rule(data) for data in json.loads(_read(path)))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _to_cache(path: str, rules: tuple[Rule, ...]) -> None:
    from tempfile import NamedTemporaryFile

    folder = os.path.dirname(path)  # noqa: PTH120
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        with NamedTemporaryFile("w", dir=folder, prefix=".rules-", delete=False, encoding="utf-8") as file:
            json.dump([asdict(rule) for rule in rules], file)
        os.replace(file.name, path)  # noqa: PTH105
    except OSError:
        return


def _rule(data: dict[str, Any]) -> Rule:
    fix = data.pop("fix")
    for name in ("when", "covers", "evidence", "tags"):
        data[name] = tuple(data[name])
    spec = FixSpec(fix["title"], fix["safety"], tuple(tuple(edit) for edit in fix["edits"])) if fix else None
    return Rule(**data, fix=spec)
