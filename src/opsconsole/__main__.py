"""The program's entry: `opsconsole …` and `python -m opsconsole …`."""

from __future__ import annotations

import gc
import os
import signal
import sys

EXIT_INTERRUPTED = 130
"""What shells expect of a program that Ctrl-C ended: 128 and the signal's number."""


GC_THRESHOLD = 50_000
"""New objects between two looks for garbage (Python's own number is 700): what loading makes stays, and looking through it
again and again took a quarter of the start."""


def main() -> int:
    """Run the command that stands on the command line and return its exit code."""
    gc.set_threshold(GC_THRESHOLD)
    try:
        from opsconsole.cli.app import run

        code = run(sys.argv[1:])
        # All is said: an interrupt that comes while the interpreter tidies up must not change the exit code.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:  # while still loading, or closing: nothing is left in hand
        code = EXIT_INTERRUPTED
    if code == EXIT_INTERRUPTED:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """End with ``code``: an interrupt inside ``exec`` makes CPython end itself by the signal, although it was caught."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            continue
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
