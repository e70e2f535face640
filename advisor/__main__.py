"""`python -m advisor` and the `nel-advisor` script."""

import gc

# What is imported stays: the collector would walk it again and again while it grows.
gc.disable()

from advisor.cli.main import main as command  # noqa: E402


def main() -> None:
    gc.freeze()
    gc.enable()
    gc.set_threshold(200_000, 20, 50)
    command()


if __name__ == "__main__":
    main()
