"""Notices: what the console says in passing, in a corner of the screen."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any

from textual.app import App
from textual.notifications import Notification, Notify

from opsconsole.domain.plain_text import plain

SAID_S = 6.0
"""How long something that was said stands there."""

PROMPT_S = 900.0
"""A device code can be entered for a quarter of an hour."""

A_MOMENT_S = 0.05
"""What a notice has left at least."""


@dataclass
class Notice(Notification):
    """A notice that goes by a clock that nobody sets: Textual's own stays for an hour where the machine's is set back by one.

    One that ran out while its toast was being made has a moment left: for a timer that would have to end before it began
    Textual 8 turns in a circle, and the console stands still for good.
    """

    raised_at: float = field(default_factory=monotonic)

    @property
    def time_left(self) -> float:
        """Return for how long a toast that is made now is shown, in seconds."""
        return max(A_MOMENT_S, self._left())

    @property
    def has_expired(self) -> bool:
        """Tell whether its time is over."""
        return self._left() <= 0

    def _left(self) -> float:
        return self.raised_at + self.timeout - monotonic()


class Notices(App[int]):
    """An app that says things in passing. Texts are shown as they are, never as markup."""

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Any = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show ``message`` for ``timeout`` seconds; ``markup`` is Textual's own, and does nothing."""
        del markup
        self.post_message(Notify(Notice(plain(message), title, severity, timeout or SAID_S)))

    def say(self, text: str, severity: str = "information") -> None:
        """Say something in passing."""
        self.notify(text, severity=severity)

    def prompt(self, text: str) -> None:
        """Show a sentence to the person who signs in, until it is of no more use. May be called from any thread."""
        loop = self._loop
        if loop is not None and loop.is_running():
            loop.call_soon_threadsafe(partial(self.notify, text, title="Sign in", timeout=PROMPT_S))
