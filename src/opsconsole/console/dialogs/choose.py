"""A list to choose several things from, narrowed by typing: policy types, policies of a set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from opsconsole.console.dialogs.dialog import Dialog
from opsconsole.console.dialogs.pick import Entry, EntryList
from opsconsole.console.figures import grouped
from opsconsole.console.pen import Span, text_of
from opsconsole.console.widgets.choice import Choice
from opsconsole.errors import OpsError

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

Entries = Sequence[Entry]


class MarkedList(EntryList):
    """Entries of which any number is marked; marks stay while the list is narrowed."""

    TITLE_WIDTH = 44  # names that begin in the same way must be told apart
    OTHER_ROWS = 11

    def __init__(self, entries: Entries) -> None:
        super().__init__(entries)
        self.marked: dict[str, Entry] = {}

    def put(self, entries: Entries) -> None:
        """Show other entries; what was marked among those before stays marked."""
        self.take(entries)

    def toggle(self) -> None:
        """Mark the entry under the cursor, or take its mark away."""
        if self.shown:
            entry = self.shown[self.place]
            if self.marked.pop(entry.id, None) is None:
                self.marked[entry.id] = entry
            self.refresh()

    def before(self, entry: Entry) -> list[Span]:
        """Draw whether the entry is marked."""
        pen = cast("OpsConsoleApp", self.app).pen
        return [("[x] ", pen.ink("good")) if entry.id in self.marked else ("[ ] ", pen.ink("dim"))]

    def on_click(self, event: events.Click) -> None:
        """Mark with the mouse."""
        place = self.top + event.y
        if place < len(self.shown):
            self.place = place
            cast("ChooseDialog", self.screen).action_mark()


class ChooseDialog(Dialog[tuple[Entry, ...] | None]):
    """Returns the entries that were marked, in the order of marking, or None.

    ``find`` reads what fits a typed text, in a worker thread; without it the entries given are narrowed.
    ``more`` says how many there are where ``entries`` are only the first.
    """

    DEFAULT_CSS = """
    ChooseDialog { align: center top; }
    ChooseDialog #panel { width: 76; max-width: 96%; height: auto; max-height: 96%; margin-top: 1; padding: 0 1;
        background: $panel; border: round $faint; border-title-color: $primary; border-title-style: bold; }
    ChooseDialog Input { height: 1; border: none; padding: 0 1; background: $surface; }
    ChooseDialog Input:focus { border: none; }
    ChooseDialog Static { height: auto; background: $panel; margin-top: 1; }
    ChooseDialog #answers { height: 1; margin: 1 0; align-horizontal: right; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False, id="choose_leave"),
        Binding("down,ctrl+n", "down", "Down", show=False, id="choose_down"),
        Binding("up", "up", "Up", show=False, id="choose_up"),
    ]
    AUTO_FOCUS = "Input"

    def __init__(
        self, title: str, entries: Entries, *, noun: str, find: Callable[[str], Entries] | None = None, more: str = ""
    ) -> None:
        super().__init__()
        self._title = title
        self._entries = entries
        self._noun = noun
        self._find = find
        self._more = more

    @property
    def _app(self) -> OpsConsoleApp:
        return cast("OpsConsoleApp", self.app)

    def compose(self) -> ComposeResult:
        """Lay out the field, the list, what is marked, and the answers."""
        with Vertical(id="panel") as panel:
            panel.border_title = f" {self._title} "
            yield Input(placeholder="Type to narrow the list")
            yield MarkedList(self._entries)
            yield Static(id="marked")
            with Horizontal(id="answers"):
                yield Choice("Back", "no")
                yield Choice("Go on with these", "yes", disabled=True)

    def on_mount(self) -> None:
        """Say how marking goes."""
        self._tell()

    def _tell(self) -> None:
        pen, count = self._app.pen, len(self.query_one(MarkedList).marked)
        self.query_one("#answer-yes", Choice).disabled = not count
        self.query_one("#marked", Static).update(
            text_of(
                (f"{grouped(count)} {self._noun} marked", pen.ink("strong" if count else "dim")),
                (pen.drawn(f" · {self._more}\n" if self._more else "\n"), pen.ink("dim")),
                (pen.drawn("↵"), pen.ink("key")),
                (pen.drawn(" marks · "), pen.ink("dim")),
                ("Tab", pen.ink("key")),
                (" to the buttons", pen.ink("dim")),
            )
        )

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        if self._find is None:
            self.query_one(MarkedList).narrow(event.value)
        else:
            self._read(self._find, event.value)

    @work(group="find", exclusive=True)
    async def _read(self, find: Callable[[str], Entries], text: str) -> None:
        try:
            entries = await self._app.ask(find, text.strip())
        except OpsError as error:
            self._app.trouble(error)
            return
        self.query_one(MarkedList).put(entries)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_mark()

    @on(Choice.Taken)
    def _taken(self, event: Choice.Taken) -> None:
        self.dismiss(tuple(self.query_one(MarkedList).marked.values()) if event.answer == "yes" else None)

    def action_mark(self) -> None:
        """Mark or unmark the entry under the cursor."""
        self.query_one(MarkedList).toggle()
        self._tell()

    def action_down(self) -> None:
        """Go to the next entry."""
        self.query_one(MarkedList).move(1)

    def action_up(self) -> None:
        """Go to the entry before."""
        self.query_one(MarkedList).move(-1)

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
