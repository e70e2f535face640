"""Each folder is a stage of the way of the data, and imports only stages before it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import advisor

ROOT = Path(advisor.__file__).parent
STAGES = [
    "records", "once", "patterns", "folders",
    "knowledge", "document", "nel", "checkpoint", "subjects", "engine", "suppression", "advise", "compare", "targets",
    "settings", "baseline", "policies", "fixing", "report", "starter", "watch", "lsp", "cli", "__main__",
]  # fmt: skip
MODULES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py" and "rules" not in path.parts)


def stage_of(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("advisor."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("advisor.")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_only_stages_before_it(path: Path) -> None:
    own = STAGES.index(stage_of(path))
    later = {stage for stage in imported(path) if STAGES.index(stage) > own}
    assert not later, f"{path.relative_to(ROOT)} imports later stages: {sorted(later)}"


HEAVY = {
    "pydantic",
    "structlog",
    "watchdog",
    "rich",
    "asyncio",
    "omegaconf",
    "jinja2",
    "packaging",
    "logging",
    "multiprocessing",
    "advisor.compare",
}


LAUNCHER = "defaults: [{execution: local}, {deployment: none}, _self_]\nevaluation: {tasks: [{name: ns_gpqa}]}\n"
NEXT = "services: {model: {type: vllm, model: a/b}}\nbenchmarks: [{name: gpqa, solver: {service: model}}]\n"


def imported_by(module: str, text: str, folder: Path, *options: str) -> set[str]:
    """What is imported when that module's `main` is called to advise on a config."""
    import subprocess
    import sys

    config = folder / "eval.yaml"
    config.write_text(text)
    code = (
        f"import sys\nfrom {module} import main\nsys.argv[0:1] = ['nel-advisor', 'advise']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('IMPORTED', *sorted(sys.modules), file=sys.stderr)"
    )
    for _ in range(2):  # the first run may compile the rules
        command = [sys.executable, "-c", code, *options, str(config)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "IMPORTED" in done.stderr, done.stderr
    return set(done.stderr.split("IMPORTED")[1].split())


def test_a_cold_advise_imports_nothing_heavy(tmp_path: Path) -> None:
    assert HEAVY & imported_by("advisor.cli.main", LAUNCHER, tmp_path) == set()


@pytest.mark.parametrize("text", [LAUNCHER, NEXT], ids=["launcher", "next"])
@pytest.mark.parametrize("options", [(), ("--format", "json", "--jobs=2")], ids=["text", "json"])
def test_a_call_that_says_little_more_than_targets_needs_neither_click_nor_typing(
    tmp_path: Path, text: str, options: tuple[str, ...]
) -> None:
    """Modules on that way say `TYPE_CHECKING = False`, which checkers take for typing's own."""
    found = imported_by("advisor.__main__", text, tmp_path, *options)
    assert ("advisor.subjects.next_world" in found) is (text is NEXT)
    assert {*HEAVY, "click", "typing", "contextlib", "inspect", "dataclasses", "tempfile"} & found == set()
