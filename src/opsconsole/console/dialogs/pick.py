"""A list to pick one thing from, narrowed by typing: tenants, modes, and everything the palette can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from opsconsole.console.dialogs.dialog import Dialog
from opsconsole.console.pen import Span, width_of
from opsconsole.domain.plain_text import cell_width, fit, plain

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

MAX_LINES = 12
"""Entries shown at a time: fits a terminal of 24 lines with room to see what is behind."""

NARROW = "Type to narrow the list"
"""Stands in the empty field."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to pick. ``refusal`` dims it and is said instead of picking it; ``key`` does the same without this list."""

    id: str
    title: str
    note: str = ""
    refusal: str = ""
    key: str = ""


class EntryList(Widget):
    """Draws the entries that fit what was typed; the field above has the focus and the keys."""

    DEFAULT_CSS = "EntryList { height: auto; background: $panel; margin-top: 1; }"
    TITLE_WIDTH: ClassVar[int] = 30
    """Columns of the titles; the notes stand right of them in one line."""

    OTHER_ROWS: ClassVar[int] = 8
    """What the dialog takes around the list: on a low terminal the list gives way, and is scrolled."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._all = entries
        self.shown = list(entries)
        self.place = 0
        self._title_width = min(self.TITLE_WIDTH, max((cell_width(plain(entry.title)) for entry in entries), default=0))

    def take(self, entries: Sequence[Entry]) -> None:
        """Show other entries."""
        self._all = entries
        self.narrow("")

    def before(self, entry: Entry) -> list[Span]:
        """Return what stands between the mark and the title of an entry."""
        del entry
        return []

    @property
    def top(self) -> int:
        """Return the first entry in view."""
        return max(0, self.place - self.lines + 1)

    @property
    def lines(self) -> int:
        """Return how many entries are shown at a time."""
        return max(1, min(MAX_LINES, self.screen.size.height - self.OTHER_ROWS))

    def narrow(self, text: str) -> None:
        """Show the entries that hold every word of ``text``."""
        words = text.lower().split()
        self.shown = [
            entry for entry in self._all if all(word in f"{entry.title} {entry.note}".lower() for word in words)
        ]
        self.place = 0
        self.refresh(layout=True)

    def move(self, steps: int) -> None:
        """Move the mark."""
        if self.shown:
            self.place = (self.place + steps) % len(self.shown)
            self.refresh()

    def get_content_height(self, *_: object) -> int:
        """Return the lines in use."""
        return max(1, min(self.lines, len(self.shown)))

    def render_line(self, y: int) -> Strip:
        """Draw one entry."""
        pen = cast("OpsConsoleApp", self.app).pen
        width = self.size.width
        place = self.top + y
        spans: list[Span] = [("  Nothing fits.", pen.ink("dim"))] if not self.shown and y == 0 else []
        style = Style.null()
        if place < len(self.shown):
            entry = self.shown[place]
            is_current = place == self.place
            style = pen.cursor if is_current else style
            key = pen.drawn(entry.key)
            before = self.before(entry)
            room = max(0, width - self._title_width - cell_width(key) - width_of(before) - 6)
            spans = [
                (pen.drawn("▸ " if is_current else "  "), pen.ink("title")),
                *before,
                (fit(entry.title, self._title_width), pen.ink("faint" if entry.refusal else "text")),
                ("  ", Style.null()),
                (pen.drawn(fit(entry.refusal or entry.note, room)), pen.ink("dim")),
                (f" {key} ", pen.ink("key")),
            ]
        segments = [Segment(text, ink) for text, ink in spans]
        segments.append(Segment(" " * max(0, width - width_of(spans))))
        return Strip(segments).crop(0, width).apply_style(self.rich_style + style)

    def on_mouse_scroll_down(self) -> None:
        """Move with the wheel, without going round."""
        self.move(min(1, len(self.shown) - 1 - self.place))

    def on_mouse_scroll_up(self) -> None:
        """Move with the wheel, without going round."""
        self.move(-min(1, self.place))

    def on_click(self, event: events.Click) -> None:
        """Pick with the mouse."""
        place = self.top + event.y
        if place < len(self.shown):
            self.place = place
            cast("PickDialog", self.screen).action_pick()


class PickDialog(Dialog[str | None]):
    """Returns the id of the entry that was picked, or None."""

    DEFAULT_CSS = """
    PickDialog { align: center top; }
    PickDialog #panel { width: 74; max-width: 96%; height: auto; margin-top: 3; padding: 0 1 1 1;
        background: $panel; border: round $faint; border-title-color: $primary; border-title-style: bold; }
    PickDialog Input { height: 1; border: none; padding: 0 1; background: $surface; }
    PickDialog Input:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False, id="leave"),
        Binding("down,ctrl+n", "down", "Down", show=False, id="pick_down"),
        Binding("up", "up", "Up", show=False, id="pick_up"),
    ]

    def __init__(self, title: str, entries: Sequence[Entry], *, hint: str = NARROW) -> None:
        super().__init__()
        self._title = title
        self._entries = entries
        self._hint = hint

    def compose(self) -> ComposeResult:
        """Lay out the field and the list."""
        with Vertical(id="panel") as panel:
            panel.border_title = f" {self._title} "
            yield Input(placeholder=self._hint)
            yield EntryList(self._entries)

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self.query_one(EntryList).narrow(event.value)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_pick()

    def action_down(self) -> None:
        """Mark the next entry."""
        self.query_one(EntryList).move(1)

    def action_up(self) -> None:
        """Mark the entry before."""
        self.query_one(EntryList).move(-1)

    def action_pick(self) -> None:
        """Pick the marked entry; one that is refused says why and stays."""
        entries = self.query_one(EntryList)
        if not entries.shown:
            return
        entry = entries.shown[entries.place]
        if entry.refusal:
            cast("OpsConsoleApp", self.app).say(entry.refusal, "warning")
            return
        self.dismiss(entry.id)

    def action_leave(self) -> None:
        """Pick nothing."""
        self.dismiss(None)
