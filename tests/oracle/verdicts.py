"""Two verdicts on the same files: the real launcher's dry run, and the advisor's own command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
MISTAKES = HERE / "mistakes"
RIGHT = HERE / "right"

# A variable whose name says so stays unset: that is the mistake of its file.
UNSET_MARK = "NOT_SET"
VARIABLE = re.compile(r"(?:host:|api_key_name: |oc\.env:)([A-Z][A-Z0-9_]*)\b")
HEADER = re.compile(r"# slug: (\S+); dry run: (rejects|passes)\n")

# The launcher refuses these for what is (not) in the submitting shell, which a file alone cannot tell.
DEPENDS_ON_THE_SHELL = frozenset({"env-host-unset", "oc-env-unset"})


@dataclass(frozen=True, slots=True)
class Mistake:
    """A config with one mistake: the rule that must name it, and what the real dry run was measured to say."""

    path: Path
    slug: str
    rejected: bool


@dataclass(frozen=True, slots=True)
class Advised:
    """What the advisor found in one file: names of all findings, and of those of severity error."""

    names: tuple[str, ...]
    errors: tuple[str, ...]


def mistakes() -> list[Mistake]:
    return [_mistake(path) for path in sorted(MISTAKES.iterdir())]


def right_configs() -> list[Path]:
    return sorted(RIGHT.iterdir())


def _mistake(path: Path) -> Mistake:
    header = HEADER.match(path.read_text(encoding="utf-8"))
    if header is None:
        raise ValueError(f"{path}: the first line must be '# slug: NAME; dry run: rejects|passes'")
    return Mistake(path, header[1], header[2] == "rejects")


def oracle_tool() -> Path:
    shared = os.environ.get("NEL_ADVISOR_SHARED", REPOSITORY.parent / "shared")
    return Path(shared).resolve() / "tools" / "nel_dryrun.py"


def oracle_python() -> Path:
    return Path(os.environ.get("NEL_ORACLE_PYTHON", REPOSITORY / ".oracle" / "bin" / "python")).absolute()


def dry_run(files: Iterable[Path], directory: Path) -> dict[Path, str]:
    """The real launcher's error per file, empty where it passes; run in `directory`, since it writes there."""
    paths = list(files)
    command = [str(oracle_python()), str(oracle_tool()), *map(str, paths)]
    done = subprocess.run(
        command, cwd=directory, env=_environment(paths, directory), capture_output=True, text=True, check=False
    )
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    errors = {Path(row["path"]): str(row["error"]) for row in rows}
    if errors.keys() != set(paths):
        raise RuntimeError(f"the real dry run answered {len(errors)} of {len(paths)} files: {done.stderr[-2000:]}")
    return errors


def _environment(paths: list[Path], directory: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEMO_EVALUATOR")}
    named = {name for path in paths for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    dummies = {name: "dummy-value" for name in named if UNSET_MARK not in name}
    unset = {name for name in named if UNSET_MARK in name}
    shell = {name: value for name, value in kept.items() if name not in unset}
    return {**shell, **dummies, "USER": "tester", "HOME": str(directory)}


def advise(folders: Iterable[Path]) -> dict[Path, Advised]:
    """Our findings per file, through the command line as a user calls it."""
    command = [sys.executable, "-m", "advisor", "advise", "--format", "json", *map(str, folders)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"advise failed with {done.returncode}: {done.stderr[-2000:]}")
    return {(REPOSITORY / target["path"]).resolve(): _advised(target) for target in json.loads(done.stdout)["targets"]}


def _advised(target: dict[str, list[dict[str, str]]]) -> Advised:
    findings = target["findings"]
    errors = [finding["name"] for finding in findings if finding["severity"] == "error"]
    return Advised(tuple(finding["name"] for finding in findings), tuple(errors))
