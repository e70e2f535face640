"""`python -m advisor` and the `nel-advisor` script."""

from advisor.cli.main import main

if __name__ == "__main__":
    main()
