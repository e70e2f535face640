"""`python -m advisor` and the `nel-advisor` script."""

import atexit
import gc
import sys

# What is imported stays: the collector would walk it again and again while it grows, and once more at the end.
gc.disable()
atexit.register(gc.freeze)


def main() -> None:
    """Runs the command line. A call that only names what to advise on needs no parser of options."""
    name, *targets = sys.argv[1:] or [""]
    if name == "advise" and not any(target.startswith("-") and target != "-" for target in targets):
        sys.exit(_advise(tuple(targets)))
    from advisor.cli.main import main as command

    _collect_rarely()
    command()


def _advise(targets: tuple[str, ...]) -> int:
    import os

    from advisor.cli.advising import Options, advise

    _collect_rarely()
    try:
        code = advise(Options(targets))
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("Aborted!", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read has gone; nothing more can be written, at the end of the process neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _collect_rarely() -> None:
    gc.freeze()
    gc.enable()
    gc.set_threshold(200_000, 20, 50)


if __name__ == "__main__":
    main()
