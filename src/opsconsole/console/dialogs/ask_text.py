"""Asks for one line of text; nothing happens by it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from opsconsole.console.dialogs.dialog import Dialog
from opsconsole.console.pen import text_of
from opsconsole.domain.plain_text import plain

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp


class AskText(Dialog[str | None]):
    """Returns what was typed, or None."""

    DEFAULT_CSS = """
    AskText { align: center middle; }
    AskText #panel { width: 66; max-width: 96%; height: auto; padding: 1 2;
        background: $panel; border: round $faint; border-title-color: $primary; border-title-style: bold; }
    AskText Static { height: auto; background: $panel; margin-bottom: 1; }
    AskText Input { height: 1; border: none; padding: 0 1; background: $surface; }
    AskText Input:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False, id="leave")]

    def __init__(self, title: str, question: str, hint: str) -> None:
        super().__init__()
        self._title = title
        self._question = question
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Lay out the question and the field."""
        pen = cast("OpsConsoleApp", self.app).pen
        with Vertical(id="panel") as panel:
            panel.border_title = f" {self._title} "
            yield Static(text_of((plain(self._question), pen.ink("text"))))
            yield Input(placeholder=self._hint)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if text := event.value.strip():
            self.dismiss(text)

    def action_leave(self) -> None:
        """Answer nothing."""
        self.dismiss(None)
