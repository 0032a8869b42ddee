"""Reading the terminal's keys without looking for them: a console at rest is woken by keys alone.

Textual's own loop looks ten times a second, which is two fifths of what a console at rest may cost.
"""

from __future__ import annotations

import os
import signal
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ, SelectSelector
from threading import Event
from typing import Any
from weakref import finalize

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

CHUNK_BYTES = 4096

LAST_WORDS_S = 0.1
"""How long one last chunk is waited for at the end: a terminal's late answer must not show up in the shell."""

LOOKS_AFTER_INPUT = 2
"""An escape alone is a key once nothing followed it for the parser's delay: one look may come a moment before that is over."""


class RestingDriver(LinuxDriver):
    """Textual's driver for Linux and macOS, whose input thread sleeps until there is something to read or it is to end."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.exit_event: WakingEvent = WakingEvent()
        self._steps: list[Callable[[], None]] = []

    def run_input_thread(self) -> None:
        """Read keys and pass them on until the driver is told to end; a terminal that hung up has none any more."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        looks = 0
        with SelectSelector() as selector:
            selector.register(self.fileno, EVENT_READ)
            selector.register(self.exit_event, EVENT_READ)
            while True:
                is_last = self.exit_event.is_set()
                if is_last:
                    selector.unregister(self.exit_event)
                wait_s = LAST_WORDS_S if is_last else constants.ESCAPE_DELAY if looks else None
                ready = {key.fd for key, _ in selector.select(wait_s)}
                looks = max(0, looks - 1)
                if self.fileno in ready:
                    data = self._read()
                    if data == b"":
                        selector.unregister(self.fileno)  # hung up: it would be ready for ever
                    for message in parser.feed(text) if data and (text := decode(data)) else ():
                        self.process_message(message)
                    looks = LOOKS_AFTER_INPUT
                for message in parser.tick():
                    self.process_message(message)
                if is_last:
                    return

    def _read(self) -> bytes | None:
        try:
            return os.read(self.fileno, CHUNK_BYTES)
        except BlockingIOError:  # another program that shares the terminal made it so, and was faster
            return None
        except OSError:  # how a read that is under way learns of it on Linux
            return b""

    def _sigtstp_application(self, *args: Any) -> None:
        self._in_turn(partial(super()._sigtstp_application, *args))

    def _sigcont_application(self, *args: Any) -> None:
        self._in_turn(partial(self._go_on, *args))

    def _in_turn(self, step: Callable[[], None]) -> None:
        """Take one step after the other: a signal comes also while the one before is answered, half-way to a terminal."""
        self._steps.append(step)
        if len(self._steps) > 1:
            return  # who took the first takes this one too
        try:
            while self._steps:
                self._steps[0]()
                del self._steps[0]
        finally:
            self._steps.clear()

    def _go_on(self, *args: Any) -> None:
        if self._auto_restart and self._is_in_background():
            os.kill(os.getpid(), signal.SIGSTOP)  # what is written from there stops it half-way: it waits for `fg`
            return
        # A process that was stopped without having been asked (SIGSTOP) still reads: a second thread would take keys from
        # the first, and wait for them for ever when the console is left.
        if self._auto_restart and self._key_thread is not None and self._key_thread.is_alive():
            self.suspend_application_mode()
        super()._sigcont_application(*args)

    def _is_in_background(self) -> bool:
        try:
            return os.tcgetpgrp(self.fileno) != os.getpgrp()
        except OSError:  # not the terminal that controls this process
            return False


class WakingEvent(Event):
    """An event that a selector can wait for: it has something to read while it is set."""

    def __init__(self) -> None:
        super().__init__()
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        # A driver is closed and used again when the console is suspended: the descriptors live as long as the event.
        finalize(self, _close, self._reader, self._writer)

    def fileno(self) -> int:
        """Return what becomes readable."""
        return self._reader

    def set(self) -> None:
        """Set it, and wake who waits."""
        super().set()
        with suppress(BlockingIOError):  # full: there is enough to read
            os.write(self._writer, b"\0")

    def clear(self) -> None:
        """Take back that it was set."""
        super().clear()
        with suppress(BlockingIOError):
            while os.read(self._reader, CHUNK_BYTES):
                pass


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
