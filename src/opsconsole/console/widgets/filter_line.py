"""The filter: a text field that narrows the list in the store, and how many of how many it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import events, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from opsconsole.console.figures import grouped
from opsconsole.console.pen import Span, text_of
from opsconsole.domain.filter_words import Completion, FilterError, FilterWord, complete
from opsconsole.domain.plain_text import cell_width, cut, plain
from opsconsole.errors import OpsError

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

TYPING_PAUSE_S = 0.15
"""The list follows what is typed after a pause this long: not each letter is a query."""


MAX_WRONG_LINES = 3
"""Lines of what is wrong with a filter: the words that are known may be many."""

MARK_WIDTH = 3
"""Columns before the text, where ``/`` stands."""

Names = Callable[[], Mapping[str, Sequence[str]]]
"""Returns what is offered after words whose values are names, such as the tenants there are."""


class FilterInput(Input, inherit_bindings=True):
    """The text field; it is only in the way of keys while it has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("tab", "complete", "Complete", show=False, id="filter_complete")]

    def action_complete(self) -> None:
        """Take the first of what may stand at the caret."""
        line = self.query_ancestor(FilterLine)
        if not self.has_focus or not line.take_first():
            raise SkipAction


class FilterLine(Vertical):
    """Shows ``/ outcome:failed since:7d      53 of 48,211 · Esc clears``.

    Below it stands, while somebody types, what may stand at the caret, or what is wrong and where.
    """

    DEFAULT_CSS = """
    FilterLine { height: auto; }
    FilterLine #line { height: 1; }
    FilterLine #below { height: auto; padding: 0 1 0 3; display: none; }
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

    def __init__(self, hint: str, words: Sequence[FilterWord] = (), names: Names | None = None) -> None:
        super().__init__()
        self._hint = hint
        self._words = words
        self._names = names
        self._timer: Timer | None = None
        self._applied = ""
        self._told = ""
        self._wrong: OpsError | None = None
        self._shown: Text | None = None

    def compose(self) -> ComposeResult:
        """Lay out the mark, the field and the figures."""
        with Horizontal(id="line"):
            yield Static(" /", id="mark")
            yield FilterInput(placeholder=self._hint, select_on_focus=False)
            yield Static("", id="told")
        yield Static("", id="below")

    def on_mount(self) -> None:
        """Follow the caret."""
        self.watch(self._field, "selection", self._look_below, init=False)
        self.watch(self._field, "has_focus", self._look_below, init=False)

    @property
    def text(self) -> str:
        """Return the filter that is applied."""
        return self._applied

    @property
    def _field(self) -> FilterInput:
        return self.query_one(FilterInput)

    def begin(self) -> None:
        """Put the focus into the field, at once: what is typed next belongs there."""
        self.screen.set_focus(self._field)

    def clear(self) -> None:
        """Empty the filter."""
        self.replace("")

    def replace(self, text: str) -> None:
        """Put another filter in place of what stands there."""
        self._field.value = text
        self._apply(text)

    def tell(self, found: int | None, total: int | None) -> None:
        """Say how many of how many are listed; ``…`` until it is exact."""
        shown, of = ("…" if number is None else grouped(number) for number in (found, total))
        text = f"{shown} of {of}" if self._applied or found != total else f"{of}"
        self.say(f"{text} · Esc clears" if self._applied else text)

    def say(self, text: str) -> None:
        """Say something about the list; nothing is wrong any more."""
        self._wrong = None
        if text != self._told:
            self._told = text
            pen = cast("OpsConsoleApp", self.app).pen
            room = max(20, self.size.width - 24)
            self.query_one("#told", Static).update(text_of((cut(pen.drawn(text), room), pen.ink("dim"))))
        self._look_below()

    def complain(self, error: OpsError) -> None:
        """Say what is wrong with the filter, and point at it."""
        self.say("Esc clears")
        self._wrong = error
        self._look_below()

    # What stands below the field

    def _look_below(self) -> None:
        if not self.is_mounted:
            return
        choices = self._choices() if self._field.has_focus else None
        # A word that is still being typed may end in several ways: those are named rather than called wrong.
        shown = (choices if self._is_being_typed else None) or self._wrong_lines() or choices
        if shown == self._shown and (shown is None or self._shown is None or shown.spans == self._shown.spans):
            return
        self._shown = shown
        below = self.query_one("#below", Static)
        below.update(shown or "")
        below.display = shown is not None

    @property
    def _is_being_typed(self) -> bool:
        error, value = self._wrong, self._field.value
        if not isinstance(error, FilterError):
            return error is not None
        shift = len(value) - len(value.lstrip())
        return error.start + shift <= self._field.cursor_position <= error.end + shift

    def _wrong_lines(self) -> Text | None:
        error = self._wrong
        if error is None:
            return None
        pen = cast("OpsConsoleApp", self.app).pen
        words = text_of((cut(str(error), MAX_WRONG_LINES * (self.app.size.width - 8)), pen.ink("bad")))
        words.no_wrap = False
        if not isinstance(error, FilterError):
            return words
        value = self._field.value
        shift = len(value) - len(value.lstrip())  # the filter is applied without the blanks before it
        start, end = (min(place + shift, self._field.size.width) for place in (error.start, error.end))
        if start >= end:
            return words
        pointer = text_of((" " * cell_width(value[:start]) + "^" * (end - start) + "\n", pen.ink("bad")))
        pointer.append_text(words)
        pointer.no_wrap = False
        return pointer

    def _completion(self) -> Completion:
        field = self._field
        names = self._names() if self._names is not None else {}
        return complete(field.value, field.cursor_position, self._words, names)

    def _choices(self) -> Text | None:
        found = self._completion()
        if not found.choices:
            return None
        pen = cast("OpsConsoleApp", self.app).pen
        tail: list[Span] = [("  Tab", pen.ink("key")), (" completes", pen.ink("dim"))]
        room = self.app.size.width - MARK_WIDTH - 2 - sum(len(text) for text, _ in tail)
        line: list[Span] = []
        for place, choice in enumerate(found.choices):
            word = cut(plain(choice), 40)
            gap = "  " if place else ""
            if len(gap) + len(word) + 3 > room:
                line.append((pen.drawn(" …"), pen.ink("dim")))
                break
            room -= len(gap) + len(word)
            line += [(gap, pen.ink("dim")), (word, pen.ink("strong" if not place else "text"))]
        return text_of(*line, *tail)

    def take_first(self) -> bool:
        """Put the first choice where the caret is; tell whether there was one that says more than what stands there."""
        found = self._completion()
        field = self._field
        if not found.choices or found.choices[0] == field.value[found.start : found.end]:
            return False
        choice = found.choices[0]
        after = field.value[found.end :]
        ends_word = not choice.endswith(":") and not after
        field.value = field.value[: found.start] + choice + (" " if ends_word else "") + after
        field.cursor_position = found.start + len(choice) + ends_word
        return True

    # What is typed

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

    def on_key(self, event: events.Key) -> None:
        """Leave the field with Down as well: the list begins right below it."""
        if event.key == "down" and self._field.has_focus:
            self.post_message(self.Left())
