"""The filter: a text field that narrows the list in the store, and how many of how many it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from opsconsole.console.figures import grouped
from opsconsole.console.pen import text_of
from opsconsole.domain.plain_text import cut

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

TYPING_PAUSE_S = 0.15
"""The list follows what is typed after a pause this long: not each letter is a query."""


MAX_WRONG_LINES = 3
"""Lines of what is wrong with a filter: the words that are known may be many."""


class FilterInput(Input, inherit_bindings=True):
    """The text field; it is only in the way of keys while it has the focus."""


class FilterLine(Vertical):
    """Shows ``/ outcome:failed since:7d      53 of 48,211 · Esc clears``, and below it what is wrong with the filter."""

    DEFAULT_CSS = """
    FilterLine { height: auto; }
    FilterLine #line { height: 1; }
    FilterLine #wrong { height: auto; padding: 0 1 0 3; display: none; }
    FilterLine #mark { width: 3; color: $dim; }
    FilterLine FilterInput { width: 1fr; height: 1; border: none; padding: 0; background: $background; }
    FilterLine FilterInput:focus { border: none; background: $surface; }
    FilterLine FilterInput > .input--placeholder { color: $dim; }
    FilterLine #told { width: auto; padding: 0 1 0 2; }
    """

    class Changed(Message):
        """Another filter is to be applied."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Left(Message):
        """The field was left: the list should have the keys again."""

    def __init__(self, hint: str) -> None:
        super().__init__()
        self._hint = hint
        self._timer: Timer | None = None
        self._applied = ""
        self._said: tuple[str, str] = ("", "")

    def compose(self) -> ComposeResult:
        """Lay out the mark, the field and the figures."""
        with Horizontal(id="line"):
            yield Static(" /", id="mark")
            yield FilterInput(placeholder=self._hint, select_on_focus=False)
            yield Static("", id="told")
        yield Static("", id="wrong")

    @property
    def text(self) -> str:
        """Return the filter that is applied."""
        return self._applied

    def begin(self) -> None:
        """Put the focus into the field."""
        self.query_one(FilterInput).focus()

    def clear(self) -> None:
        """Empty the filter."""
        self.replace("")

    def replace(self, text: str) -> None:
        """Put another filter in place of what stands there."""
        self.query_one(FilterInput).value = text
        self._apply(text)

    def tell(self, found: int | None, total: int | None) -> None:
        """Say how many of how many are listed; ``…`` until it is exact."""
        shown, of = ("…" if number is None else grouped(number) for number in (found, total))
        text = f"{shown} of {of}" if self._applied else f"{of}"
        self._say(f"{text} · Esc clears" if self._applied else text)

    def say(self, text: str) -> None:
        """Say something about the list."""
        self._say(text)

    def complain(self, text: str) -> None:
        """Say what is wrong with the filter."""
        self._say("Esc clears", text)

    def _say(self, text: str, wrong: str = "") -> None:
        if (text, wrong) == self._said:
            return
        self._said = (text, wrong)
        pen = cast("OpsConsoleApp", self.app).pen
        room = max(20, self.size.width - 24)
        self.query_one("#told", Static).update(text_of((cut(pen.drawn(text), room), pen.ink("dim"))))
        words = text_of((cut(wrong, MAX_WRONG_LINES * (self.app.size.width - 8)), pen.ink("bad")))
        words.no_wrap = False
        below = self.query_one("#wrong", Static)
        below.update(words)
        below.display = bool(wrong)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(TYPING_PAUSE_S, lambda: self._apply(event.value))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._apply(event.value)
        self.post_message(self.Left())

    def _apply(self, text: str) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if text.strip() != self._applied:
            self._applied = text.strip()
            self.post_message(self.Changed(self._applied))

    def on_key(self, event: object) -> None:
        """Leave the field with Down as well: the list begins right below it."""
        if getattr(event, "key", "") == "down" and self.query_one(FilterInput).has_focus:
            self.post_message(self.Left())
