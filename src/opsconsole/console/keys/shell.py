"""Keys of the console itself: watching a run to its end, starting its engine again."""

from __future__ import annotations

from opsconsole.console.keys.key import Key, places
from opsconsole.console.places import EVERYWHERE

SHELL_KEYS: tuple[Key, ...] = (
    Key(
        "watch",
        "w",
        "w",
        "watch",
        "Ring the terminal's bell when this run ends; again: no more. A watched run is marked with ♪.",
        "watch",
        places("runs", "run"),
        in_footer=False,
    ),
    Key(
        "start_engine",
        "E",
        "E",
        "start engine",
        "Start this console's engine again, after it ended by itself.",
        "app.start_engine",
        EVERYWHERE,
        in_footer=False,
    ),
)
"""In the order in which help shows them."""
