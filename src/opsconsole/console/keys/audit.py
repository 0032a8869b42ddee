"""Keys of the audit trail; the raw JSON of an item is shown with the same one."""

from __future__ import annotations

from opsconsole.console.keys.key import Key, places

AUDIT_KEYS: tuple[Key, ...] = (
    Key(
        "raw",
        "v",
        "v",
        "raw JSON",
        "Show the JSON as Graph sent it, or the list again.",
        "raw",
        places("item", "entry"),
    ),
    Key(
        "verify",
        "v",
        "v",
        "verify",
        "Walk the whole chain and show the first broken entry, if there is one; pressed again, stop the walk.",
        "verify",
        places("audit"),
    ),
)
"""In the order in which footers show them."""
