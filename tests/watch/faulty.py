"""The daemon with a worker that crashes, hangs or fails on files that say so: `python -m tests.watch.faulty`."""

from __future__ import annotations

import os
import sys
import time

from advisor.watch import worker_main
from advisor.watch.messages import Job, Result


def main(descriptor: int, parent: int) -> None:
    """The worker's entry: the real one, but for what these words do."""
    from advisor.watch.advising import Adviser

    real = Adviser.advise

    def advise(self: Adviser, job: Job) -> Result:
        with open(job.path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        if "# CRASH" in text:
            os.abort()
        if "# ONCE" in text and not os.path.exists(job.path + ".crashed"):
            open(job.path + ".crashed", "w").close()
            os.abort()
        if "# HANG" in text:
            time.sleep(3600)
        if "# FAIL" in text:
            raise ZeroDivisionError("a bug")
        if "# HUNGRY" in text:
            bytearray(1 << 45)
        return real(self, job)

    Adviser.advise = advise  # type: ignore[method-assign]
    worker_main.main(descriptor, parent)


if __name__ == "__main__":
    from advisor.watch.daemon import Daemon, Plan
    from advisor.watch.log import LastErrors, make_log
    from advisor.watch.timing import Timing

    errors = LastErrors()
    plan = Plan((sys.argv[-1],), Timing(settle=0.1, limit=float(sys.argv[1])), worker_module="tests.watch.faulty")
    sys.exit(Daemon(plan, make_log(errors, verbose=True), errors).run())
