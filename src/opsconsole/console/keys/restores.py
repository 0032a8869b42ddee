"""Keys of Restores."""

from __future__ import annotations

from opsconsole.console.keys.key import Key, places
from opsconsole.domain.access import Capability

RESTORE_KEYS: tuple[Key, ...] = (
    Key(
        "restore_new",
        "n",
        "n",
        "new restore…",
        "Pick a set, a tenant and what of it, then preview. Writes nothing to the tenant. Asks first.",
        "new",
        places("restores"),
        Capability.PREVIEW_CREATE,
        is_write=True,
    ),
)
"""In the order in which footers show them."""
