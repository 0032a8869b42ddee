"""Two sides of one policy, target by target: what was and what is, each named, at any width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from opsconsole.console.figures import grouped
from opsconsole.console.folding import wrapped
from opsconsole.console.pen import Pen, Span, text_of

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

HANG = "  "
"""What goes on of a target stands below its words, not below its sign."""

MAX_FOLDS = 3
"""Lines that one target may take on its side; filters and long group names need two."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side: its title, and each target with its sign and ink."""

    title: str
    targets: Sequence[tuple[str, str, str]] = ()


@dataclass(frozen=True, slots=True)
class TwoSides:
    """What the widget shows: lines above, both sides, and words below where a side alone would not be understood."""

    head: Sequence[tuple[str, str]] = ()
    left: Side | None = None
    right: Side | None = None
    words: Sequence[tuple[str, str]] = ()


class Sides(Widget):
    """Draws both sides beside each other; what does not fit is counted, never dropped in silence."""

    DEFAULT_CSS = "Sides { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown = TwoSides()

    def show(self, shown: TwoSides) -> None:
        """Show another policy, if it is another."""
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    def render(self) -> Text:
        """Draw what is shown at the size there is."""
        pen = cast("OpsConsoleApp", self.app).pen
        lines = sides_lines(self._shown, pen, self.size.width)
        room = max(1, self.size.height)
        if len(lines) > room:
            hidden = len(lines) - room + 1
            lines = [*lines[: room - 1], [(pen.drawn(f"… and {grouped(hidden)} more lines"), pen.ink("dim"))]]
        text = Text("\n").join(text_of(*line) for line in lines)
        text.no_wrap = True
        return text


def sides_lines(shown: TwoSides, pen: Pen, width: int) -> list[list[Span]]:
    """Return the lines of two sides at a width."""
    lines = [[(part, pen.ink(ink))] for text, ink in shown.head for part in wrapped(pen.drawn(text), width)]
    if shown.left is not None and shown.right is not None:
        half = (width - 2) // 2
        lines.append([*pen.cell(shown.left.title, half, "dim"), _GAP, *pen.cell(shown.right.title, half, "dim")])
        left, right = (_side(side, pen, half) for side in (shown.left, shown.right))
        blank: list[Span] = [(" " * half, Style.null())]
        for place in range(max(len(left), len(right))):
            lines.append(
                [
                    *(left[place] if place < len(left) else blank),
                    _GAP,
                    *(right[place] if place < len(right) else blank),
                ]
            )
    for text, ink in shown.words:
        lines += [[(part, pen.ink(ink))] for part in wrapped(pen.drawn(text), width)]
    return lines


_GAP: Span = ("  ", Style.null())


def _side(side: Side, pen: Pen, width: int) -> list[list[Span]]:
    lines = []
    for sign, text, ink in side.targets:
        parts = wrapped(f"{sign} {text}", width, HANG) if sign else wrapped(text, width)
        lines += [pen.cell(part, width, ink) for part in parts[:MAX_FOLDS]]
    return lines
