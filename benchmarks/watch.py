"""The daemon: from a save to the advice, start-up on a large tree, memory and processor time at rest.

Run: python benchmarks/watch.py [--saves N] [--folders N] [--files N] [--idle SECONDS]
Prints each figure beside its target; the exit code is 0 whatever they are, for machines differ.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SETTLE = 0.3
CONFIG = """\
defaults: [{{execution: slurm/default}}, {{deployment: none}}, _self_]
execution: {{hostname: cluster, account: nlp, output_dir: /results, walltime: 12:{minute:02}:{second:02}}}
target: {{api_endpoint: {{url: https://api.site.net/v1/chat/completions, model_id: m}}}}
evaluation: {{tasks: [{{name: ns_gpqa}}]}}
"""


def config(number: int) -> str:
    return CONFIG.format(minute=number // 60 % 60, second=number % 60)


class Daemon:
    """A daemon on a root, with a state of its own."""

    def __init__(self, root: Path, work: Path) -> None:
        self.log = work / "log"
        environment = {**os.environ, "XDG_STATE_HOME": str(work / "state")}
        self.begun = time.monotonic()
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "advisor", "watch", "--settle", str(SETTLE), str(root)]
            self.process = subprocess.Popen(command, stderr=log, env=environment, cwd=ROOT)

    def wait_ready(self) -> float:
        """Seconds from the start of the process until all is watched and has been looked over."""
        while not any('"event": "ready"' in line for line in self.log.read_text().splitlines()):
            if self.process.poll() is not None:
                raise SystemExit(self.log.read_text())
            time.sleep(0.005)
        return time.monotonic() - self.begun

    def pids(self) -> list[int]:
        pid = self.process.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def memory(self) -> list[float]:
        """Resident megabytes of the daemon and of its worker."""
        return [resident(pid) for pid in self.pids()]

    def processor(self) -> float:
        """Seconds of processor time so far, of both."""
        ticks = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


def resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def save_to_advice(folder: Path, saves: int) -> list[float]:
    """Seconds beyond the settle time, sorted: from the return of the save to the advice on that version being there."""
    target, advice = folder / "eval.yaml", folder / "eval.advice.md"
    took = []
    for number in range(saves):
        mark = f"walltime 12:{number // 60 % 60:02}:{number % 60:02} "
        target.write_text(config(number))
        saved = time.monotonic()
        while not (advice.exists() and mark in advice.read_text()):
            time.sleep(0.001)
            if time.monotonic() > saved + 60:
                raise SystemExit(f"save {number} was lost")
        took.append(time.monotonic() - saved - SETTLE)
        time.sleep(0.02)
    return sorted(took)


def make_tree(root: Path, folders: int, files: int) -> None:
    """Runs of an evaluation: a few levels of folders, mostly logs and results, a config here and there."""
    each = max(files // folders, 1)
    for number in range(folders):
        folder = root / f"s{number % 20}" / f"m{number // 20 % 50}" / f"r{number}"
        folder.mkdir(parents=True)
        for file in range(each - 1):
            os.close(os.open(folder / f"result{file}.json.gz", os.O_CREAT | os.O_WRONLY))
        (folder / "params.yaml").write_text("lr: 1\n")
        if number % 200 == 0:
            (folder / "eval_config.yaml").write_text(config(number))


def show(name: str, value: float, unit: str, target: float) -> None:
    print(
        f"{name:<52} {value:8.2f} {unit:<3} target {target:g} {unit} {'' if value <= target else '  MISSED'}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--saves", type=int, default=200)
    parser.add_argument("--folders", type=int, default=20_000)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--idle", type=float, default=60.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nel-advisor-watch-") as name:
        work = Path(name)
        small = work / "small"
        small.mkdir()
        daemon = Daemon(small, work)
        show("start-up on an empty folder", daemon.wait_ready(), "s", 2.0)
        took = save_to_advice(small, asked.saves)
        show("save to advice beyond the settle time, p50", took[len(took) // 2] * 1000, "ms", 100)
        show("save to advice beyond the settle time, p95", took[int(len(took) * 0.95)] * 1000, "ms", 100)
        show("                                       most", took[-1] * 1000, "ms", 1000)
        daemon.stop()
        large = work / "large"
        make_tree(large, asked.folders, asked.files)
        first = Daemon(large, work)
        show(f"first start-up on {asked.folders} folders, {asked.files} files", first.wait_ready(), "s", 2.0)
        print(f"  processor time until then, the daemon's and its worker's: {first.processor():.2f} s")
        begun = time.monotonic()
        while json.loads(next(work.glob("state/nel-advisor/roots/large-*/status.json")).read_text())["backlog"]:
            time.sleep(0.05)
        took_all = time.monotonic() - begun
        print(f"  all {asked.folders} YAML files looked into, and the configs advised on, {took_all:.1f} s later")
        first.stop()
        again = Daemon(large, work)
        show("start-up again", again.wait_ready(), "s", 2.0)
        print(f"  processor time until then, the daemon's and its worker's: {again.processor():.2f} s")
        time.sleep(3)
        main_memory, worker_memory = again.memory()
        show("memory at rest, the daemon", main_memory, "MB", 60)
        show("memory at rest, with its worker", main_memory + worker_memory, "MB", 120)
        before = again.processor()
        time.sleep(asked.idle)
        show("processor time at rest, a minute", (again.processor() - before) * 60 / asked.idle, "s", 0.1)
        again.stop()


if __name__ == "__main__":
    main()
