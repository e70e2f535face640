"""Speed as ratios in one run: cold against yamllint and the launcher's dry run, and files per second over a corpus.

python benchmarks/speed.py [--corpus DIR] [--file FILE] [--runs N] [--launcher PYTHON]
"""

from __future__ import annotations

import argparse
import compileall
import gc
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("NEL_ADVISOR_SHARED", HERE.parent / "shared"))
EXAMPLE = "modelopt/plugins__modelopt__skills__evaluation__recipes__examples__example_eval.yaml"
ACCEPTED = "slurm-reasoning.yaml"
BIN = Path(sys.executable).parent
COPIES = 4


def compiled_as_an_installer_does() -> None:
    """Bytecode for an editable install where the environment keeps Python from writing it: yamllint has its own."""
    compileall.compile_dir(HERE / "advisor", quiet=1)


def wall(command: Sequence[str], env: dict[str, str] | None = None) -> float:
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=env)
    return time.perf_counter() - started


def paired(a: Sequence[str], b: Sequence[str], runs: int) -> tuple[list[float], list[float]]:
    """Both commands in turn, so that a machine that gets slower slows both."""
    wall(a), wall(b)
    pairs = [(wall(a), wall(b)) for _ in range(runs)]
    return [x for x, _ in pairs], [y for _, y in pairs]


def show(name: str, times: list[float]) -> None:
    print(f"  {name:<34} min {min(times) * 1e3:8.1f} ms   median {statistics.median(times) * 1e3:8.1f} ms")


def ratio(a: list[float], b: list[float]) -> float:
    return statistics.median(x / y for x, y in zip(a, b, strict=True))


def cold(file: Path, runs: int) -> None:
    print(f"cold, {file.name} ({len(file.read_text().splitlines())} lines), {runs} runs in turn")
    ours, lint = paired([str(BIN / "nel-advisor"), "advise", str(file)], [str(BIN / "yamllint"), str(file)], runs)
    show("nel-advisor advise", ours)
    show("yamllint", lint)
    print(f"  ratio ours / yamllint, median of pairs: {ratio(ours, lint):.2f}   (target: at most 1)")


def against_launcher(python: str, file: Path, runs: int) -> None:
    """On a config that the dry run accepts: of one that it rejects it reads no further than the first mistake."""
    print(f"cold, {file.name}, which the real dry run accepts")
    nel = Path(python).parent / "nemo-evaluator-launcher"
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "HOME": home, "USER": "tester", "NEMO_EVALUATOR_TELEMETRY_LEVEL": "off"}
        wall([str(nel), "run", "--config", str(file), "--dry-run"], env)
        ours, theirs = [], []
        for _ in range(3):
            theirs.append(wall([str(nel), "run", "--config", str(file), "--dry-run"], env))
            ours.append(statistics.median(wall([str(BIN / "nel-advisor"), "advise", str(file)]) for _ in range(runs)))
    show("nel-advisor advise", ours)
    show("nel run --dry-run", theirs)
    print(f"  ratio launcher / ours, median of pairs: {ratio(theirs, ours):.0f}   (target: at least 50)")


def throughput(folder: Path, runs: int) -> None:
    """Inside one process, warm; then the command as a whole, on one and on two processes: what each further copy of
    the corpus takes, and one walk over it, start-up and all. JSON has the proven edits of each fix."""
    from advisor.advise import advise
    from advisor.engine.base import RuleBase
    from advisor.engine.bundle import load_rules
    from advisor.engine.choice import why_not_durable
    from advisor.nel.context import Context

    # As the command has it.
    gc.set_threshold(200_000, 20, 50)
    files = sorted(map(str, folder.rglob("*.yaml")))
    base, context = RuleBase(load_rules()), Context()
    for path in files[:50]:
        advise(path, base, context)
    best = 0.0
    for _ in range(runs):
        started = time.perf_counter()
        for path in files:
            world = advise(path, base, context).world
            if world is not None:
                world.release()
        best = max(best, len(files) / (time.perf_counter() - started))
    print(f"throughput, {len(files)} files, {len(base.rules)} rules, {why_not_durable() or 'durable_rules'}")
    print(f"  in one process, advise() alone             {best:6.0f} files/s   (target: at least 400)")
    with tempfile.TemporaryDirectory() as copies:
        for copy in range(COPIES):
            shutil.copytree(folder, Path(copies) / str(copy))
        more = sorted(map(str, Path(copies).rglob("*.yaml")))
        for output, jobs, target in (("text", 1, 400), ("text", 2, 800), ("json", 1, 0), ("json", 2, 0)):
            command = [str(BIN / "nel-advisor"), "advise", "--format", output, "--jobs", str(jobs)]
            alone, together = paired([*command, *files], [*command, *files, *more], runs)
            once = min(alone)
            rate = len(more) / (min(together) - once)
            wanted = f"   (target: at least {target})" if target else ""
            print(f"  whole command, {output}, {jobs} process(es)        {rate:6.0f} files/s{wanted}")
            print(f"    one walk, start-up and all              {len(files) / once:6.0f} files/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, default=SHARED / "corpus")
    parser.add_argument("--file", type=Path, default=SHARED / "corpus" / EXAMPLE)
    parser.add_argument("--accepted", type=Path, default=HERE / "tests/oracle/right" / ACCEPTED)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--launcher", default=os.environ.get("NEL_ORACLE_PYTHON", str(HERE / ".oracle/bin/python")))
    given = parser.parse_args()
    if not given.file.is_file():
        sys.exit(f"{given.file} is not there: name a config with --file and a folder of them with --corpus")
    compiled_as_an_installer_does()
    cold(given.file, given.runs)
    if Path(given.launcher).exists():
        against_launcher(given.launcher, given.accepted, given.runs)
    else:
        print("  the real launcher is not installed (--launcher PYTHON): no comparison with its dry run")
    throughput(given.corpus, 3)


if __name__ == "__main__":
    main()
