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
        places("runs", "backups", "dashboard", "tenants", "tenant"),
        Capability.FETCH_START,
        is_write=True,
    ),
    Key(
        "retry_reason",
        "R",
        "R",
        "retry reason",
        "Start again only what failed for the reason under the cursor. Asks first.",
        "retry_reason",
        places("run", "failures"),
        Capability.FETCH_START,
        is_write=True,
    ),
    Key(
        "retry_these",
        "r",
        "r",
        "retry these",
        "Start again only the marked policies, or the one under the cursor. Asks first.",
        "retry_these",
        places("failures"),
        Capability.FETCH_START,
        is_write=True,
    ),
    Key(
        "log", "l", "l", "log", "Read the run's log: phases, waits, repeated calls, how it ended.", "log", places("run")
    ),
    Key(
        "log_lines",
        "c",
        "c",
        "every line",
        "Show only what failed and how it ended, or every line again.",
        "log_lines",
        places("log"),
    ),
    Key("plan", "p", "p", "plan", "Open the restore plan that this run made or executes.", "plan", places("run")),
    Key(
        "sort",
        "s",
        "s",
        "sort",
        "Sort by when runs started, how long they took or how much failed, either way round.",
        "sort",
        places("runs"),
    ),
)
"""In the order in which footers show them."""
