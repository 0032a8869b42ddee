"""A few lines of facts: drawn anew only when they say something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.geometry import Region
from textual.widget import Widget

from opsconsole.console.pen import Pen, Span, text_of

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

Lines = list[list[Span]]


class Facts(Widget):
    """Shows lines; each is cut at the edge unless the widget ``wraps``.

    One of fixed height that ``keeps_last`` gives up words before its last line: there stands what to do next.
    """

    DEFAULT_CSS = """
    Facts { height: auto; }
    Facts.-ruled { border-top: solid $faint; }
    """

    def __init__(
        self, *, id: str | None = None, classes: str | None = None, wraps: bool = False, keeps_last: bool = False
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._text = Text("")
        self._wraps = wraps or keeps_last
        self._keeps_last = keeps_last

    @property
    def pen(self) -> Pen:
        """Return how to draw."""
        return cast("OpsConsoleApp", self.app).pen

    def show(self, lines: Lines) -> None:
        """Show other lines, if they differ."""
        text = Text("\n").join(text_of(*line) for line in lines)
        text.no_wrap = not self._wraps
        text.overflow = "fold" if self._wraps else "crop"
        if text == self._text and text.spans == self._text.spans:
            return
        before, self._text = self._text, text
        old, new = before.split("\n", allow_blank=True), text.split("\n", allow_blank=True)
        if self._wraps or len(old) != len(new):
            self.refresh(layout=True)
            return
        # A clock that ticks in one line must not cost the terminal the other lines as well.
        changed = [y for y, (a, b) in enumerate(zip(old, new, strict=True)) if a != b or a.spans != b.spans]
        self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def render(self) -> Text:
        """Draw the lines, each cut at the edge where it may not go on below."""
        if self._keeps_last:
            return self._with_its_end()
        if self._wraps:
            return self._text
        lines = self._text.split("\n", allow_blank=True)
        for line in lines:
            line.truncate(self.size.width, overflow="ellipsis")
        return Text("\n").join(lines)

    def _with_its_end(self) -> Text:
        """Return the text in as many lines as there are: the longest of the others is cut before the last one is."""
        width, height = self.size
        if not width or not height:
            return self._text
        parts = [
            list(part.wrap(self.app.console, width, overflow="fold")) if part else [Text("")]
            for part in self._text.split("\n", allow_blank=True)
        ]
        while sum(map(len, parts)) > height and len(parts) > 1:
            longest = max(parts[:-1], key=len)
            if len(longest) == 1:
                parts.remove(longest)
                continue
            longest.pop()
            ending = longest[-1]
            ending.rstrip()
            ending.truncate(max(1, width - 1))
            ending.append(self.pen.drawn("…"))
        text = Text("\n").join(line for part in parts for line in part)
        text.no_wrap, text.overflow = True, "crop"
        return text
