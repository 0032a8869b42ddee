"""A list with what its current row means: beside it on a wide terminal, below it on a small one."""

from __future__ import annotations

from textual import events
from textual.containers import Container

WIDE_FROM = 110
"""Columns from which both fit side by side with every column of the list that matters."""


BESIDE_WIDTH = 46
"""Columns of the widget beside a list, its rule and blanks included, where a screen wants no other."""


class Beside(Container):
    """Holds a ``WindowTable`` and one widget of the class ``about``, whose height below the list never changes."""

    DEFAULT_CSS = """
    Beside { height: 1fr; layout: vertical; }
    Beside > .about { height: 11; max-height: 55%; border-top: solid $faint; padding: 0 1; }
    Beside.-wide { layout: horizontal; }
    Beside.-wide > WindowTable { width: 1fr; }
    Beside.-wide > .about { width: 46; height: 1fr; max-height: 100%; border-top: none; border-left: solid $faint; }
    """

    def on_resize(self, event: events.Resize) -> None:
        """Lay both out for the room there is."""
        self.set_class(event.size.width >= WIDE_FROM, "-wide")


def about_width(screen_width: int, beside: int = BESIDE_WIDTH) -> int:
    """Return the columns of text that the widget beside or below the list has; ``beside``: its whole width when wide."""
    return beside - 3 if screen_width >= WIDE_FROM else screen_width - 2
