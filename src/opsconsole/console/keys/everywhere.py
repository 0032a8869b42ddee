"""Keys of every place, at the end of each footer."""

from __future__ import annotations

from opsconsole.console.keys.key import Key
from opsconsole.console.keys.lists import FILTERED
from opsconsole.console.places import DETAILS, EVERYWHERE, LISTS, TOPS

EVERYWHERE_KEYS: tuple[Key, ...] = (
    Key(
        "export",
        "e",
        "e",
        "export",
        "Write everything that the filter leaves to a file: CSV or JSON lines.",
        "export",
        LISTS,
    ),
    Key(
        "copy",
        "y",
        "y",
        "copy id",
        "Copy the id (or the request id of a failure) to the clipboard.",
        "copy",
        EVERYWHERE - {"help"},
    ),
    Key(
        "back", "escape", "Esc", "back", "Go back to where you came from; in a list, clear the filter.", "back", DETAILS
    ),
    Key(
        "clear",
        "escape",
        "Esc",
        "clear filter",
        "Clear the filter.",
        "clear",
        FILTERED - DETAILS,
        in_footer=False,
    ),
    Key(
        "tabs",
        "1,2,3,4,5,6",
        "1–6",
        "runs by state",
        "Go to Runs: all, queued, running, succeeded, partial, failed.",
        "app.tab",
        EVERYWHERE,
        in_footer=False,
    ),
    *(
        Key(
            f"go_{place.name}",
            place.key,
            place.key,
            place.title.lower(),
            f"Go to {place.title}.",
            f"app.go('{place.name}')",
            EVERYWHERE,
            in_footer=place.in_footer,
        )
        for place in TOPS
        if place.name != "runs"
    ),
    Key("help", "question_mark,f1", "?", "help", "Show the keys of this screen.", "app.help", EVERYWHERE - {"help"}),
    Key(
        "palette",
        "ctrl+p,colon",
        "^p",
        "palette",
        "Search everything that can be done here.",
        "app.palette",
        EVERYWHERE - {"help"},
    ),
    Key(
        "quit",
        "q,ctrl+q,ctrl+c",
        "q",
        "quit",
        "Quit. With runs in hand: asks what becomes of them.",
        "app.leave",
        EVERYWHERE,
        in_footer=False,
    ),
)
"""In the order in which footers show them."""
