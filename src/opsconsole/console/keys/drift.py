"""Keys of Drift, of a drift check, and of the difference of two sets."""

from __future__ import annotations

from opsconsole.console.keys.key import Key, places
from opsconsole.domain.access import Capability

DRIFT_KEYS: tuple[Key, ...] = (
    Key(
        "drift",
        "d",
        "d",
        "drift…",
        "Compare a set with its tenant as it is now. Writes nothing to the tenant. Asks first.",
        "drift",
        places("backups", "set", "drift", "check"),
        Capability.DRIFT_START,
        is_write=True,
    ),
    Key(
        "difference",
        "equals_sign",
        "=",
        "difference…",
        "Compare this set with another one: the marked two, or one to pick.",
        "difference",
        places("backups", "set"),
    ),
    Key(
        "restore_differing",
        "p",
        "p",
        "restore…",
        "Work out what restoring the set would change, whole or only what is marked here. "
        "Writes nothing to the tenant. Asks first.",
        "restore",
        places("check"),
        Capability.PREVIEW_CREATE,
        is_write=True,
    ),
    Key("run_of_check", "o", "o", "its run", "Open the run of this check.", "run_of", places("drift", "check")),
)
"""In the order in which footers show them."""
