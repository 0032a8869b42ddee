"""The program's entry: `opsconsole …` and `python -m opsconsole …`."""

from __future__ import annotations

import sys

EXIT_INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended: 128 and the signal's number."""


def main() -> int:
    """Run the command that stands on the command line and return its exit code."""
    try:
        from opsconsole.cli.app import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:  # while still loading: nothing was started yet
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
