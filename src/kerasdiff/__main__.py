"""``python -m kerasdiff``."""

from kerasdiff.cli import main

if __name__ == "__main__":
    main(prog_name="kerasdiff")
