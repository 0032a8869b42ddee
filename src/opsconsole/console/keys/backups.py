"""Keys of Backups, of a set and of an item."""

from __future__ import annotations

from opsconsole.console.keys.key import Key, places
from opsconsole.domain.access import Capability

BACKUP_KEYS: tuple[Key, ...] = (
    Key(
        "preview",
        "p",
        "p",
        "restore…",
        "Work out what restoring this set would change. Writes nothing to the tenant. Asks first.",
        "preview",
        places("backups", "set"),
        Capability.PREVIEW_CREATE,
        is_write=True,
    ),
    Key(
        "only",
        "m",
        "m",
        "missing only",
        "Show only the policies that failed or were left out, or all again.",
        "only",
        places("set"),
    ),
    Key(
        "fetch",
        "t",
        "t",
        "fetch missing",
        "Fetch the items that the set lacks once more. Asks first.",
        "fetch",
        places("backups", "set"),
        Capability.FETCH_START,
        is_write=True,
    ),
)
"""In the order in which footers show them."""
