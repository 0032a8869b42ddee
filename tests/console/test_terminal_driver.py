"""The input thread: every key comes through, and a console at rest is woken by nothing else."""

from __future__ import annotations

import asyncio
import gc
import os
import pty
import signal
import sys
import tty
from collections.abc import Callable, Iterator
from functools import partial
from queue import Queue
from selectors import SelectorKey, SelectSelector
from threading import Thread
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("a pseudo-terminal is needed", allow_module_level=True)

from textual import constants, events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from opsconsole.console import terminal_driver
from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.terminal_driver import RestingDriver

from .memory_desk import MemoryDesk

LIMIT_S = 10.0
READY = "ready"
"""What the recording selector notes when a wait ended because there was something to read."""


class Recorder(RestingDriver):
    """Keeps what came instead of giving it to an app."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.came: Queue[Message] = Queue()

    def process_message(self, message: Message) -> None:
        self.came.put(message)

    def key(self) -> str:
        """Return the next key that came."""
        message = self.came.get(timeout=LIMIT_S)
        assert isinstance(message, events.Key)
        return message.key


class Reading:
    """A driver whose thread reads from a descriptor."""

    def __init__(self, driver: Recorder, writer: int, waits: Queue[float | None]) -> None:
        self.driver = driver
        self.write: Callable[[bytes], int] = lambda data: os.write(writer, data)
        self.writer = writer
        self.waits = waits
        self.start()

    def start(self) -> None:
        """Start the thread as the driver does."""
        self.driver._key_thread = Thread(target=self.driver.run_input_thread, daemon=True)
        self.driver._key_thread.start()

    def end(self) -> None:
        """End the thread in the way of ``disable_input``, which waits for it without a limit."""
        thread = self.driver._key_thread
        assert thread is not None
        self.driver.exit_event.set()
        thread.join(LIMIT_S)
        assert not thread.is_alive(), "the input thread was told to end, and waits on"
        self.driver.exit_event.clear()

    @property
    def is_at_work(self) -> bool:
        """Tell whether the thread lives."""
        thread = self.driver._key_thread
        return thread is not None and thread.is_alive()

    def wait(self) -> float | None:
        """Return how long the thread's next wait may last."""
        return self.waits.get(timeout=LIMIT_S)


@pytest.fixture
def signals() -> Iterator[None]:
    """A driver takes signals: give them back."""
    taken = (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)
    before = [signal.getsignal(one) for one in taken]
    yield
    for one, handler in zip(taken, before, strict=True):
        signal.signal(one, handler)


@pytest.fixture
def read(signals: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, int], Reading]]:
    """Make a driver read from a descriptor; all that is open is closed at the end."""
    waits: Queue[float | None] = Queue()
    made: list[tuple[Reading, int]] = []

    class NotedSelector(SelectSelector):
        def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
            waits.put(timeout)
            return super().select(timeout)

    def begin(reader: int, writer: int) -> Reading:
        async def driver() -> Recorder:
            return Recorder(App(), mouse=False)

        with os.fdopen(os.dup(reader)) as terminal:
            monkeypatch.setattr(sys, "__stdin__", terminal)
            recorder = asyncio.run(driver())
        recorder.fileno = reader
        made.append((Reading(recorder, writer, waits), reader))
        return made[-1][0]

    monkeypatch.setattr(terminal_driver, "SelectSelector", NotedSelector)
    yield begin
    for reading, reader in made:
        reading.end()
        os.close(reader)


@pytest.fixture
def at_terminal(read: Callable[[int, int], Reading]) -> Iterator[Reading]:
    """Read from a pseudo-terminal."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield read(slave, master)
    os.close(master)


def test_every_key_comes_through_as_it_was_struck(at_terminal: Reading) -> None:
    at_terminal.write("jé\x1b[A".encode())
    assert [at_terminal.driver.key() for _ in range(3)] == ["j", "é", "up"]


def test_a_letter_and_a_sequence_that_come_in_pieces_are_one_key_each(
    at_terminal: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ESCAPE_DELAY", LIMIT_S)  # however long a busy machine takes between two pieces
    assert at_terminal.wait() is None
    for piece in (b"\xc3", b"\xa9\x1b", b"[", b"A"):
        at_terminal.write(piece)
        at_terminal.wait()
    assert [at_terminal.driver.key() for _ in range(2)] == ["é", "up"]


def test_an_escape_alone_is_a_key_though_nothing_follows(at_terminal: Reading) -> None:
    at_terminal.write(b"\x1b")
    assert at_terminal.driver.key() == "escape"


def test_at_rest_the_thread_waits_for_keys_alone(at_terminal: Reading) -> None:
    assert at_terminal.wait() is None
    at_terminal.write(b"j")
    after = [at_terminal.wait() for _ in range(3)]
    assert after == [constants.ESCAPE_DELAY, constants.ESCAPE_DELAY, None], "looks for an escape's end, then rests"
    assert at_terminal.waits.empty()


def test_it_ends_at_once_when_told_and_can_begin_again(at_terminal: Reading) -> None:
    for _ in range(3):
        assert at_terminal.wait() is None
        at_terminal.end()
        assert not at_terminal.is_at_work
        assert at_terminal.wait() == terminal_driver.LAST_WORDS_S
        at_terminal.start()
    at_terminal.write(b"k")
    assert at_terminal.driver.key() == "k"


def test_what_came_before_the_end_is_passed_on(at_terminal: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of the terminal that is under way when the console is left is read, and never reaches the shell."""
    monkeypatch.setattr(terminal_driver, "LAST_WORDS_S", LIMIT_S)
    assert at_terminal.wait() is None
    at_terminal.driver.exit_event.set()
    assert at_terminal.wait() == LIMIT_S
    at_terminal.write(b"k")
    assert at_terminal.driver.key() == "k"
    at_terminal.end()


@pytest.mark.parametrize(("was_asked", "expected"), [(True, ["resume"]), (False, ["suspend", "resume"])])
def test_a_process_that_goes_on_has_one_thread_that_reads(
    at_terminal: Reading, monkeypatch: pytest.MonkeyPatch, was_asked: bool, expected: list[str]
) -> None:
    """SIGTSTP asks, and the thread ends before the process stops; SIGSTOP does not."""
    called: list[str] = []
    for name, effect in (("suspend", at_terminal.end), ("resume", at_terminal.start)):
        act = partial(_note, called, name, effect)
        monkeypatch.setattr(at_terminal.driver, f"{name}_application_mode", act)
    if was_asked:
        at_terminal.end()
    at_terminal.driver._sigcont_application(signal.SIGCONT, None)
    assert called == expected
    assert at_terminal.is_at_work


def _note(called: list[str], name: str, effect: Callable[[], None]) -> None:
    called.append(name)
    effect()


def test_a_signal_that_comes_while_another_is_answered_has_its_turn_after_it(
    at_terminal: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A console that is stopped again while it takes its terminal back first has all of it."""
    driver, called = at_terminal.driver, list[str]()

    def resume() -> None:
        called.append("resume")
        if len(called) == 1:
            driver._sigtstp_application(signal.SIGTSTP, None)
            driver._sigcont_application(signal.SIGCONT, None)
        called.append("resumed")
        at_terminal.start()

    monkeypatch.setattr(driver, "suspend_application_mode", partial(_note, called, "suspend", at_terminal.end))
    monkeypatch.setattr(driver, "resume_application_mode", resume)
    monkeypatch.setattr(os, "kill", lambda *_: called.append("stop"))
    at_terminal.end()
    driver._sigcont_application(signal.SIGCONT, None)
    assert called == ["resume", "resumed", "suspend", "stop", "resume", "resumed"]


def test_a_byte_that_is_no_letter_is_no_end(at_terminal: Reading) -> None:
    at_terminal.write(b"\xffk")
    assert at_terminal.driver.came.get(timeout=LIMIT_S)
    assert at_terminal.driver.key() == "k"


def test_what_wakes_it_is_given_back_with_it() -> None:
    event = terminal_driver.WakingEvent()
    reader = event.fileno()
    os.fstat(reader)
    del event
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reader)


@pytest.mark.parametrize("is_terminal", [False, True])
def test_what_hung_up_does_not_keep_it_busy(read: Callable[[int, int], Reading], is_terminal: bool) -> None:
    reader, writer = os.pipe()
    if is_terminal:
        os.close(reader), os.close(writer)
        writer, reader = pty.openpty()
        tty.setraw(reader)
    reading = read(reader, writer)
    assert reading.wait() is None
    os.close(writer)
    after = [reading.wait() for _ in range(3)]
    assert after == [constants.ESCAPE_DELAY, constants.ESCAPE_DELAY, None], "it rests, and does not read on and on"
    assert reading.waits.empty()
    assert reading.is_at_work


def test_a_read_that_fails_is_a_terminal_that_hung_up(read: Callable[[int, int], Reading]) -> None:
    reading = read(*os.pipe())
    reading.driver.fileno = reading.writer  # which cannot be read from
    assert reading.driver._read() == b""


def test_a_read_that_came_too_late_is_no_hang_up(at_terminal: Reading) -> None:
    """Another program that shares the terminal can make reads come back empty-handed."""
    os.set_blocking(at_terminal.driver.fileno, False)
    assert at_terminal.driver._read() is None


def test_a_process_that_goes_on_in_the_background_waits_for_the_terminal(
    at_terminal: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After ``bg`` nothing is touched until ``fg``: what is written from the background would stop it half-way."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)
    monkeypatch.setattr(os, "kill", lambda pid, what: sent.append((pid, what)))
    for name in ("suspend", "resume"):
        monkeypatch.setattr(at_terminal.driver, f"{name}_application_mode", lambda: pytest.fail("it was touched"))
    at_terminal.driver._sigcont_application(signal.SIGCONT, None)
    assert sent == [(os.getpid(), signal.SIGSTOP)] and at_terminal.is_at_work


def test_the_console_reads_the_terminal_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DRIVER", None)
    assert OpsConsoleApp(MemoryDesk()).driver_class is RestingDriver


def test_a_driver_that_was_asked_for_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "DRIVER", "textual.drivers.linux_driver:LinuxDriver")
    assert OpsConsoleApp(MemoryDesk()).driver_class is LinuxDriver
