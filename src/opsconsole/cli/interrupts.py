"""Ctrl-C and requests to terminate: noticed where it is safe to stop, instead of wherever the interpreter happens to be."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

NAMES = ("SIGINT", "SIGTERM", "SIGBREAK")
"""Signals that ask to stop, by name, since not every platform has all."""


class Interrupts:
    """Whether somebody asked to stop. The first request is only noted; a second one raises KeyboardInterrupt at once."""

    def __init__(self) -> None:
        self.is_asked = False

    def note(self, signum: int, frame: FrameType | None) -> None:
        """Take a signal in."""
        if self.is_asked:
            raise KeyboardInterrupt
        self.is_asked = True

    def check(self) -> None:
        """Raise KeyboardInterrupt if somebody asked to stop."""
        if self.is_asked:
            raise KeyboardInterrupt


@contextmanager
def heeding() -> Iterator[Interrupts]:
    """Note signals instead of being interrupted by them; off the main thread, where none arrive, nothing is changed.

    One that came too late to be heeded in here is handed on to whoever heeds them around it.
    """
    interrupts = Interrupts()
    with _handling(interrupts.note) as before:
        yield interrupts
    outer = before.get(signal.SIGINT)
    if interrupts.is_asked and callable(outer) and outer is not signal.default_int_handler:
        outer(signal.SIGINT, None)


@contextmanager
def terminating() -> Iterator[None]:
    """Let a request to terminate end the work like Ctrl-C does."""

    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handling(interrupt):
        yield


@contextmanager
def _handling(handler: signal._HANDLER) -> Iterator[dict[int, signal._HANDLER]]:
    before: dict[int, signal._HANDLER] = {}
    try:
        for name in NAMES:
            if (number := getattr(signal, name, None)) is not None:
                before[number] = signal.signal(number, handler)
    except ValueError:  # not the main thread
        before.clear()
    try:
        yield before
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
