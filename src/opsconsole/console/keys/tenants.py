"""Keys of Tenants and of one tenant."""

from __future__ import annotations

from opsconsole.console.keys.key import Key, places
from opsconsole.domain.access import Capability

TENANT_KEYS: tuple[Key, ...] = (
    Key(
        "check",
        "c",
        "c",
        "check",
        "Check that the tenant can be reached, and which permissions are there per policy type. Asks first.",
        "check",
        places("tenants", "tenant"),
        Capability.CHECK_START,
        is_write=True,
    ),
    Key(
        "last_check",
        "o",
        "o",
        "last check",
        "Open the run of the last check.",
        "last_check",
        places("tenant"),
    ),
    Key(
        "newest_set",
        "n",
        "n",
        "newest set",
        "Open the newest backup set of the tenant.",
        "newest_set",
        places("tenant"),
    ),
)
"""In the order in which footers show them."""
