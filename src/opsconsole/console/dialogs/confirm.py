"""The confirmation: says in numbers what changes; Enter gives no order by itself; what is dangerous must be typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input, Static

from opsconsole.console.dialogs.dialog import Dialog
from opsconsole.console.pen import Pen, Span, text_of
from opsconsole.console.widgets.choice import Choice
from opsconsole.domain.plain_text import plain

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp


PANEL_SHARE = 0.94
"""Of the screen's height that the dialog takes at most, as its style says: there is room to see what is behind."""

ROOMY_ROWS = 24
"""On a screen with fewer rows the blank lines go first."""

MAX_NOTE = 1000
"""Graph takes a justification of at most 1,024 bytes."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a confirmation says. ``must_type``: the order can be given only after this text was typed.

    ``typed_is``: what that text is. ``note`` names a line that may be typed and may stay empty; what was typed is the
    dialog's ``noted``. ``title`` and ``verb`` are the product's own words; whatever is foreign stands in ``lines``.
    """

    title: str
    lines: Callable[[Pen], list[list[Span]]]
    verb: str
    must_type: str | None = None
    is_dangerous: bool = False
    cancel: str = "Cancel"
    typed_is: str = "name"
    note: str = ""


class ConfirmDialog(Dialog[bool]):
    """Answers True only to a deliberate yes. Enter on an unread dialog cancels, or does nothing in the field for the name."""

    DEFAULT_CSS = """
    ConfirmDialog { align: center middle; }
    ConfirmDialog #panel { width: 66; max-width: 96%; height: auto; max-height: 94%; padding: 1 2 0 2;
        background: $panel; border: round $faint; border-title-color: $primary; border-title-style: bold; }
    ConfirmDialog.-dangerous #panel { border: round $error; border-title-color: $error; }
    ConfirmDialog #words { height: auto; background: $panel; scrollbar-size-vertical: 1; scrollbar-color: $faint;
        scrollbar-background: $surface; }
    ConfirmDialog #text { height: auto; background: $panel; }
    ConfirmDialog #asked { height: 1; margin-top: 1; color: $dim; background: $panel; }
    ConfirmDialog #note { margin-top: 1; }
    ConfirmDialog.-noted #panel { padding: 0 2; }
    ConfirmDialog.-noted #asked { margin-top: 0; }
    ConfirmDialog.-noted #answers { margin: 1 0 0 0; }
    ConfirmDialog #hint { height: 1; background: $panel; }
    ConfirmDialog Input { height: 1; border: none; padding: 0 1; background: $surface; }
    ConfirmDialog Input:focus { border: none; background: $cursor; }
    ConfirmDialog #answers { height: 1; margin: 1 0; align-horizontal: right; background: $panel; }
    ConfirmDialog.-low #panel { padding: 0 2; max-height: 100%; }
    ConfirmDialog.-low #note, ConfirmDialog.-low #asked, ConfirmDialog.-low #answers { margin: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "no", "Cancel", show=False, id="no"),
        Binding("right,down", "app.focus_next", show=False, id="next_answer"),
        Binding("left,up", "app.focus_previous", show=False, id="previous_answer"),
        Binding("pageup", "read_on(-1)", show=False, id="read_back"),
        Binding("pagedown", "read_on(1)", show=False, id="read_on"),
    ]
    AUTO_FOCUS = "#typed, #answer-no"

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question
        self._noted = ""
        self.set_class(bool(question.note), "-noted")  # one more line, where 24 are few
        self.set_class(question.is_dangerous, "-dangerous")

    def compose(self) -> ComposeResult:
        """Lay out the words, the field for the name where one is asked for, and the answers."""
        question = self._question
        pen = cast("OpsConsoleApp", self.app).pen
        with Vertical(id="panel") as panel:
            panel.border_title = f" {question.title} "
            text = Text("\n").join(text_of(*line) for line in question.lines(pen))
            text.no_wrap = False
            with VerticalScroll(id="words", can_focus=False) as words:
                yield Static(text, id="text")
            self.watch(words, "show_vertical_scrollbar", self._say_more)
            if question.note:
                yield Input(placeholder=question.note, id="note", max_length=MAX_NOTE)
            if question.must_type is not None:
                yield Static(
                    text_of(
                        ("Type ", pen.ink("dim")),
                        (plain(question.must_type), pen.ink("strong")),
                        (" to go on:", pen.ink("dim")),
                    ),
                    id="asked",
                )
                yield Input(
                    placeholder=f"the {question.typed_is}, as it stands above", id="typed", select_on_focus=False
                )
                yield Static(self._hint(False), id="hint")
            with Horizontal(id="answers"):
                yield Choice(question.cancel, "no")
                yield Choice(question.verb, "yes", disabled=question.must_type is not None)

    def on_resize(self, event: events.Resize) -> None:
        """Keep field and answers on the screen: on a low one the words give way, and are scrolled."""
        self.set_class(event.size.height < ROOMY_ROWS, "-low")
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        share = 1 if self.has_class("-low") else PANEL_SHARE
        for panel in self.query("#panel"):  # none any more where the answer was given meanwhile
            for words in panel.query("#words"):
                others = sum(1 + part.styles.margin.height for part in panel.children if part is not words)
                words.styles.max_height = max(1, int(self.size.height * share) - panel.gutter.height - others)

    def _say_more(self, is_cut: bool) -> None:
        for panel in self.query("#panel"):
            panel.border_subtitle = " PgUp PgDn: all of it " if is_cut else ""

    def action_read_on(self, direction: int) -> None:
        """Scroll the words."""
        for words in self.query("#words"):
            words.scroll_relative(y=direction * max(1, words.size.height - 1), animate=False)

    def _hint(self, is_right: bool) -> Text:
        pen = cast("OpsConsoleApp", self.app).pen
        if isinstance(self.focused, Choice):
            gives = self.focused.id == "answer-yes"
            words = f" {'gives the order' if gives else 'cancels'} · "
            return text_of(
                (pen.drawn("↵"), pen.ink("key")),
                (pen.drawn(words), pen.ink("strong" if gives else "dim")),
                ("Esc", pen.ink("key")),
                (" cancels", pen.ink("dim")),
            )
        if is_right:
            return text_of(
                (pen.drawn("↵"), pen.ink("key")), (" goes on to the button; nothing is ordered yet", pen.ink("dim"))
            )
        return text_of(
            (pen.drawn("↵"), pen.ink("key")),
            (pen.drawn(f" does nothing until the {self._question.typed_is} is right · "), pen.ink("dim")),
            ("Esc", pen.ink("key")),
            (" cancels", pen.ink("dim")),
        )

    @property
    def noted(self) -> str:
        """Return what was typed into the line that may stay empty."""
        return self._noted.strip()

    @on(Input.Changed, "#note")
    def _note_typed(self, event: Input.Changed) -> None:
        self._noted = event.value

    @on(Input.Changed, "#typed")
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#answer-yes", Choice).disabled = event.value != self._question.must_type
        self._say_enter()

    @on(events.DescendantFocus)
    def _say_enter(self) -> None:
        """Say what Enter would do where the focus is now."""
        for hint in self.query("#hint").results(Static):
            hint.update(self._hint(not self.query_one("#answer-yes", Choice).disabled))

    @on(Input.Submitted, "#note")
    def _note_entered(self) -> None:
        self.app.action_focus_next()

    @on(Input.Submitted, "#typed")
    def _entered(self) -> None:
        # Enter in the field never gives the order: it goes on to the button, once the name is right.
        yes = self.query_one("#answer-yes", Choice)
        if not yes.disabled:
            yes.focus()

    @on(Choice.Taken)
    def _taken(self, event: Choice.Taken) -> None:
        self.dismiss(event.answer == "yes")

    def action_no(self) -> None:
        """Cancel."""
        self.dismiss(False)
