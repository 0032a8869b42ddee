"""Keys of Runs and of one run."""

from __future__ import annotations

from opsconsole.console.keys.key import Key, places
from opsconsole.domain.access import Capability

RUN_KEYS: tuple[Key, ...] = (
    Key(
        "retry",
        "r",
        "r",
        "retry failed",
        "Start again what the run left undone. Asks first.",
        "retry",
        places("runs", "run"),
        Capability.FETCH_START,
        is_write=True,
    ),
    Key(
        "cancel",
        "x",
        "x",
        "cancel",
        "Cancel the run: a queued one at once, a running one after the policy in hand. Asks first.",
        "cancel",
        places("runs", "run"),
        Capability.FETCH_START,
        is_write=True,
    ),
    Key(
        "backup",
        "b",
        "b",
        "backup",
        "Back up a tenant: list its policies and read their assignments. Asks first.",
        "backup",
        places("runs", "backups"),
        Capability.FETCH_START,
        is_write=True,
    ),
    Key("plan", "p", "p", "plan", "Open the restore plan that this run made or executes.", "plan", places("run")),
)
"""In the order in which footers show them."""
