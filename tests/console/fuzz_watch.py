"""Watching a console that is fuzzed: what it heard, what was confirmed, what was ordered, what was audited, what went wrong."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from textual import events
from textual.screen import Screen
from textual.widgets import Input

from opsconsole.console.app import OpsConsoleApp
from opsconsole.console.dialogs.confirm import ConfirmDialog
from opsconsole.console.dialogs.leaving import LeavingDialog
from opsconsole.store import audit

DELIBERATE = frozenset({"tab", "shift+tab", "left", "right", "up", "down"})
"""Keys that bring the focus to an answer. Without one of them, a click or the name that was asked for, nothing was read."""

DOUBLE_CLICK_S = 0.5
"""Textual's own limit between the clicks of a chain."""

_given: ContextVar[Confirmation | None] = ContextVar("given", default=None)


@dataclass(eq=False)
class Confirmation:
    """A yes to a dialog. ``task`` is the first that ordered something with it: there is no second one."""

    title: str
    task: Any = None
    orders: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Entry:
    """Who wrote an entry of the audit log: which thread, on which confirmation."""

    thread: str
    given: Confirmation | None


class Ledger:
    """Everything that was seen of one console. ``wrongs`` is empty as long as all is well."""

    def __init__(self) -> None:
        self.confirmations: list[Confirmation] = []
        self.entries: dict[str, Entry] = {}
        self.wrongs: list[str] = []
        self.heard: WeakKeyDictionary[Screen[Any], list[str]] = WeakKeyDictionary()
        self.last: deque[str] = deque(maxlen=12)
        self.here = threading.local()
        self._clicked: tuple[Screen[Any], Any, float] | None = None
        self.is_closing = False
        self.asked_to_leave = 0

    def hear(self, screen: Screen[Any], what: str) -> None:
        self.heard.setdefault(screen, []).append(what)
        self.last.append(f"{type(screen).__name__} {what} ({screen.focused!r})")

    def clicked(self, screen: Screen[Any], event: events.MouseUp) -> str:
        """Say whether it is a click, or the second half of a double click that began on another screen."""
        where, at = event.screen_offset, event.time
        was, self._clicked = self._clicked, (screen, where, at)
        is_second = was is not None and was[1] == where and at - was[2] < DOUBLE_CLICK_S
        return "second click" if is_second and was is not None and was[0] is not screen else "click"

    def wrong(self, what: str) -> None:
        self.wrongs.append(f"{what}\nheard before: " + "; ".join(self.last))

    def caught(self, what: str, error: BaseException | None) -> None:
        told = "".join(traceback.format_exception(error)) if error is not None else ""
        self.wrong(f"{what}\n{told}")

    # What dialogs return.

    def judge(self, dialog: ConfirmDialog) -> None:
        """Take note of a yes that a dialog gives; it must have been a deliberate one."""
        heard, question = self.heard.get(dialog, []), dialog._question
        if question.must_type is not None and dialog.query_one("#typed", Input).value != question.must_type:
            self.wrong(f"“{question.title}” was answered yes without its text typed; it heard {heard}")
        if not DELIBERATE.intersection(heard) and "click" not in heard and question.must_type is None:
            self.wrong(f"“{question.title}” was answered yes unread; it heard {heard}")
        if question.verb and not question.lines:
            self.wrong(f"“{question.title}” says nothing")
        self.heard.setdefault(dialog, []).append("yes")

    def confirmed(self, title: str) -> Confirmation:
        self.confirmations.append(Confirmation(title))
        return self.confirmations[-1]

    # What is written to the store.

    def wrote(self, entry_id: str) -> None:
        self.entries[entry_id] = Entry(threading.current_thread().name, getattr(self.here, "given", None))

    def writing(self) -> None:
        """Look who begins a transaction that writes: of the console only an order that was confirmed may."""
        name = threading.current_thread().name
        is_order = name.startswith("console-order") and getattr(self.here, "given", None) is not None
        if (name.startswith("console-") and not is_order) or name in ("MainThread", "opsconsole-pulse"):
            self.wrong(f"{name} writes without a confirmation\n{''.join(traceback.format_stack(limit=14))}")


class WatchedApp(OpsConsoleApp):
    """The console as it is, with a ledger of what comes in and what is ordered. It is never left."""

    ledger: Ledger

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent) and not event.is_forwarded and self.screen_stack:
            heard = event.key if isinstance(event, events.Key) else ""
            if isinstance(event, events.MouseUp):
                heard = self.ledger.clicked(self.screen, event)
            if heard:
                self.ledger.hear(self.screen, heard)
        await super().on_event(event)

    def push_screen(self, screen: Any, callback: Any = None, *values: Any, **named: Any) -> Any:
        if not isinstance(screen, ConfirmDialog) or callback is None:
            return super().push_screen(screen, callback, *values, **named)

        def answered(yes: bool | None) -> None:
            token = _given.set(self.ledger.confirmed(screen._question.title) if yes else None)
            try:
                callback(yes)
            finally:
                _given.reset(token)

        return super().push_screen(screen, answered, *values, **named)

    async def command(self, call: Callable[..., Any], *values: Any, **named: Any) -> Any:
        given, task, name = _given.get(), asyncio.current_task(), getattr(call, "__name__", "an order")
        if given is None or given.task not in (None, task):
            self.ledger.wrong(f"{name} was ordered without a confirmation\n{''.join(traceback.format_stack(limit=14))}")
        else:
            given.task = task
            given.orders.append(name)

        def carried_out() -> Any:
            self.ledger.here.given = given
            try:
                return call(*values, **named)
            finally:
                self.ledger.here.given = None

        return await super().command(carried_out)

    def exit(self, *values: Any, **named: Any) -> None:
        self.ledger.asked_to_leave += 1
        if self.ledger.is_closing:
            super().exit(*values, **named)


def watch(ledger: Ledger, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Watch what dialogs answer, what is audited, every thread's exceptions and every log; keep files inside ``folder``."""
    answer, cancel, append = ConfirmDialog.dismiss, LeavingDialog._cancel, audit.append_entry

    def dismiss(dialog: ConfirmDialog, result: bool | None = None) -> Any:
        if result:
            ledger.judge(dialog)
        return answer(dialog, result)

    async def cancel_all(dialog: LeavingDialog) -> None:
        if not DELIBERATE.union({"click", "j", "k"}).intersection(ledger.heard.get(dialog, [])):
            ledger.wrong("the runs in hand were cancelled unread")
        _given.set(ledger.confirmed("Quit?"))
        await cancel(dialog)

    def append_entry(*values: Any, **named: Any) -> Any:
        entry = append(*values, **named)
        ledger.wrote(entry.id)
        return entry

    patch.setattr(ConfirmDialog, "dismiss", dismiss)
    patch.setattr(LeavingDialog, "_cancel", cancel_all)
    patch.setattr(audit, "append_entry", append_entry)
    patch.setattr(threading, "excepthook", lambda args: ledger.caught(f"thread {args.thread}", args.exc_value))
    patch.setattr(sys, "unraisablehook", lambda args: ledger.caught(f"{args.err_msg} {args.object!r}", args.exc_value))
    _keep_inside(folder, patch)


class Logged(logging.Handler):
    """Notes every traceback that is logged, by whomever."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(logging.WARNING)
        self._ledger = ledger

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if record.exc_info or "Traceback" in said:
            self._ledger.caught(f"logged by {record.name}: {said}", record.exc_info[1] if record.exc_info else None)


def _keep_inside(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Refuse to open a file for writing outside the test's folder: names of files are typed at random."""
    made, opened = os.open, io.open

    def is_inside(place: Any) -> bool:
        return isinstance(place, int) or Path(os.fsdecode(place)).absolute().resolve().is_relative_to(folder.resolve())

    def os_open(path: Any, flags: int, *values: Any, **named: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and not is_inside(path):
            raise PermissionError(13, "outside the folder of this test")
        return made(path, flags, *values, **named)

    def io_open(file: Any, mode: str = "r", *values: Any, **named: Any) -> Any:
        if set(mode) & set("wax+") and not is_inside(file):
            raise PermissionError(13, "outside the folder of this test")
        return opened(file, mode, *values, **named)

    patch.setattr(os, "open", os_open)
    patch.setattr(io, "open", io_open)
    patch.setattr("builtins.open", io_open)
