"""`python -m advisor` and the `nel-advisor` script."""

from __future__ import annotations

import atexit
import gc
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What is imported stays: the collector would walk it again and again while it grows, and once more at the end.
gc.disable()
atexit.register(gc.freeze)


# The options that say nothing but one of a few words: each with its name in Options, and what the words stand for.
_PLAIN: dict[str, tuple[str, dict[str, Any]]] = {
    "--format": ("output", {"text": "text", "json": "json"}),
    "--jobs": ("jobs", {str(count): count for count in range(1, 65)}),
}


def main() -> None:
    """Runs the command line. A call that names what to advise on, and hardly more, needs no parser of options: that one
    takes a quarter of a cold start."""
    name, *words = sys.argv[1:] or [""]
    plain = _plain(words) if name == "advise" else None
    if plain is not None:
        sys.exit(_advise(*plain))
    from advisor.cli.main import main as command

    _collect_rarely()
    command()


def _plain(words: list[str]) -> tuple[tuple[str, ...], dict[str, Any]] | None:
    """Targets and options; None where there is more in it than that."""
    targets: list[str] = []
    options: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            targets.append(word)
            continue
        option, equals, value = word.partition("=")
        name, known = _PLAIN.get(option, ("", {}))
        value = value if equals else next(rest, "")
        if value not in known:
            return None
        options[name] = known[value]
    return tuple(targets), options


def _advise(targets: tuple[str, ...], options: dict[str, Any]) -> int:
    import os

    from advisor.cli.advising import Options, advise

    _collect_rarely()
    try:
        code = advise(Options(targets, **options))
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
