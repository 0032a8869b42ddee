"""Keys that move through lists, and those that every list has."""

from __future__ import annotations

from opsconsole.console.keys.key import Key, places
from opsconsole.console.places import LISTS

FILTERED = places("runs", "backups", "restores", "audit", "failures", "set", "plan", "drift", "check", "diff")
"""Lists with a filter."""

LIST_KEYS: tuple[Key, ...] = (
    Key("up", "up,k", "↑ k", "up", "One row up.", "cursor_up", places("table"), in_footer=False),
    Key("down", "down,j", "↓ j", "down", "One row down.", "cursor_down", places("table"), in_footer=False),
    Key("page_up", "pageup", "PgUp", "page up", "One screen up.", "page_up", places("table"), in_footer=False),
    Key(
        "page_down",
        "pagedown,ctrl+d",
        "PgDn",
        "page down",
        "One screen down; more is loaded as you go.",
        "page_down",
        places("table"),
        in_footer=False,
    ),
    Key(
        "mark",
        "space",
        "space",
        "mark",
        "Mark the row, or unmark it, and move on; where none can be marked, one screen down.",
        "mark",
        places("table"),
        in_footer=False,
    ),
    Key(
        "open",
        "enter",
        "↵",
        "open",
        "Open what is under the cursor.",
        "open",
        LISTS - {"plan", "failures", "check", "diff", "tenant", "members"} | {"run"},
    ),
    Key(
        "filter",
        "slash",
        "/",
        "filter",
        "Search the whole list, however long it is; Enter keeps the filter, Esc clears it.",
        "filter",
        FILTERED,
        opens_field=True,
    ),
    Key(
        "top",
        "g,home",
        "g",
        "jump up",
        "Go to the newest entry, and take in those that wait behind “newer”.",
        "top",
        LISTS | {"run", "policy"},
        in_footer=False,
    ),
    Key(
        "bottom",
        "G,end",
        "G",
        "last",
        "Go to the last entry of the whole list.",
        "bottom",
        LISTS | {"run", "policy"},
        in_footer=False,
    ),
)
"""In the order in which footers show them."""
