"""All rules of the rule folders, from the files or from a cached bundle.

The cache is JSON, so that a cache that others can write to cannot run code. It holds the path, size and time of
every file that it was made from, and counts only while they are the same. Without a writable cache folder the files
are read each time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator

from advisor import __version__
from advisor.engine.rule import ConditionData, FixSpec, Rule
from advisor.knowledge import RULES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

_NOT_RULES = "knowledge"
_FORMAT = 4


def load_rules(extra: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The shipped rules and those of extra folders, sorted by id; equal conditions are one object. Raises RuleFileError
    for a file that is none."""
    folders = [RULES, *extra]
    files = [file for folder in folders for file in _rule_files(folder)]
    cache = _cache_path(folders)
    rules = _from_cache(cache, files)
    if rules is None:
        rules = _from_files(files)
        _to_cache(cache, files, rules)
    return rules


# (family, path, size, modification time in ns)
RuleFileStamp: TypeAlias = "tuple[str, str, int, int]"


def _rule_files(folder: str) -> Iterator[RuleFileStamp]:
    with os.scandir(folder) as families:
        names = sorted(entry.name for entry in families if entry.is_dir() and entry.name != _NOT_RULES)
    for family in names:
        with os.scandir(f"{folder}/{family}") as entries:
            files = sorted((entry for entry in entries if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
        for file in files:
            status = file.stat()
            yield family, file.path, status.st_size, status.st_mtime_ns


def _from_files(files: list[RuleFileStamp]) -> tuple[Rule, ...]:
    from advisor.document.reading import read_document
    from advisor.engine.rulefile import RuleFileError, load_rule

    rules: dict[str, Rule] = {}
    for family, path, _, _ in files:
        rule, _examples = load_rule(read_document(path), family)
        if rule.id in rules:
            raise RuleFileError(f"{path}: the id {rule.id} is taken by {rules[rule.id].file}")
        rules[rule.id] = rule
    _check_conclusions(rules.values())
    return _shared(sorted(rules.values(), key=lambda rule: (len(rule.id), rule.id)))


def _shared(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules, conditions that are equal made one."""
    one_of: dict[str, ConditionData] = {}
    return tuple(rule._replace(when=tuple(one_of.setdefault(repr(one), one) for one in rule.when)) for rule in rules)


def _check_conclusions(rules: Iterable[Rule]) -> None:
    from advisor.engine.rulefile import RuleFileError

    rules = tuple(rules)
    concluded = {rule.concludes for rule in rules if rule.concludes}
    for rule in rules:
        for condition in rule.when:
            if "concluded" in condition and condition["concluded"] not in concluded:
                raise RuleFileError(f"{rule.file}: when: no rule concludes {condition['concluded']!r}")


def _cache_path(folders: list[str]) -> str:
    from binascii import crc32

    where = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return f"{where}/nel-advisor/rules-{__version__}-{crc32(chr(0).join(folders).encode()):08x}.json"


def _from_cache(path: str, files: list[RuleFileStamp]) -> tuple[Rule, ...] | None:
    try:
        with open(path, "rb") as file:
            data = json.load(file)
        if data["version"] != _FORMAT or data["files"] != _stamps(files):
            return None
        return tuple(_rule(rule, data["conditions"]) for rule in data["rules"])
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def _to_cache(path: str, files: list[RuleFileStamp], rules: tuple[Rule, ...]) -> None:
    from tempfile import NamedTemporaryFile

    folder = os.path.dirname(path)
    conditions = {id(one): one for rule in rules for one in rule.when}
    number = {which: n for n, which in enumerate(conditions)}
    rows = [[*rule[:_WHEN], [number[id(one)] for one in rule.when], *rule[_WHEN + 1 :]] for rule in rules]
    data = {"version": _FORMAT, "files": _stamps(files), "conditions": [*conditions.values()], "rules": rows}
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with NamedTemporaryFile("w", dir=folder, prefix=".rules-", delete=False, encoding="utf-8") as file:
            json.dump(data, file)
        os.replace(file.name, path)
    except OSError:
        return


def _stamps(files: list[RuleFileStamp]) -> str:
    """As one text, which is read sooner than a list of lists."""
    return "\n".join(f"{family} {path} {size} {time}" for family, path, size, time in files)


_FIX, _WHEN = Rule._fields.index("fix"), Rule._fields.index("when")
_TUPLES = [Rule._fields.index(name) for name in ("on", "covers", "evidence", "tags")]


def _rule(values: list[Any], conditions: list[ConditionData]) -> Rule:
    """A rule from its fields in order, where JSON has made lists of all tuples; conditions go by their numbers."""
    values[_WHEN] = tuple([conditions[number] for number in values[_WHEN]])
    fix = values[_FIX]
    if fix is not None:
        values[_FIX] = FixSpec(fix[0], fix[1], tuple(tuple(edit) for edit in fix[2]))
    for index in _TUPLES:
        values[index] = tuple(values[index])
    return Rule._make(values)
