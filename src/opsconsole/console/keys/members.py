"""Keys of Members."""

from __future__ import annotations

from opsconsole.console.keys.key import Key, places
from opsconsole.domain.access import Capability

MEMBER_KEYS: tuple[Key, ...] = (
    Key(
        "member_new",
        "n",
        "n",
        "add…",
        "Make an account a member: by name or key, then with a role. Asks first.",
        "new",
        places("members"),
        Capability.MEMBER_MANAGE,
        is_write=True,
    ),
    Key(
        "member_role",
        "r",
        "r",
        "change role…",
        "Give the member under the cursor another role. Asks first.",
        "role",
        places("members"),
        Capability.MEMBER_MANAGE,
        is_write=True,
    ),
    Key(
        "member_remove",
        "x",
        "x",
        "remove",
        "Remove the member; what they did stays in the trail. Asks first.",
        "remove",
        places("members"),
        Capability.MEMBER_MANAGE,
        is_write=True,
    ),
)
"""In the order in which footers show them."""
