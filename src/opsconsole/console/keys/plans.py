"""Keys of a restore plan."""

from __future__ import annotations

from opsconsole.console.keys.key import Key, places
from opsconsole.domain.access import Capability

PLAN_KEYS: tuple[Key, ...] = (
    Key(
        "policy",
        "enter",
        "↵",
        "whole policy",
        "Show everything about the policy under the cursor: each target, live against planned.",
        "open",
        places("plan"),
        in_footer=False,
    ),
    Key(
        "changes",
        "c",
        "c",
        "changes only",
        "Show only the policies that change or are blocked, or all again.",
        "changes",
        places("plan"),
    ),
    Key(
        "settle",
        "s",
        "s",
        "settle",
        "Settle the targets of a blocked policy: map them, drop them, or leave the policy "
        "out. Makes a new preview; asks first.",
        "settle",
        places("plan"),
        Capability.PREVIEW_CREATE,
        is_write=True,
    ),
    Key(
        "apply",
        "a",
        "a",
        "apply…",
        "Run this plan. Says what changes and asks first.",
        "apply",
        places("plan"),
        Capability.RESTORE_EXECUTE,
        is_write=True,
    ),
    Key(
        "again",
        "r",
        "r",
        "retry",
        "Run again what failed, waits for approval or was left out. Asks first.",
        "again",
        places("plan"),
        Capability.RESTORE_EXECUTE,
        is_write=True,
    ),
    Key(
        "undo",
        "u",
        "u",
        "undo…",
        "Preview the way back to what was there before this restore. Asks first.",
        "undo",
        places("plan", "run"),
        Capability.RESTORE_EXECUTE,
        is_write=True,
    ),
    Key(
        "leave_out",
        "x",
        "x",
        "leave out",
        "Preview again without the policy under the cursor: nothing will be written for it. Asks first.",
        "leave_out",
        places("plan"),
        Capability.PREVIEW_CREATE,
        is_write=True,
    ),
    Key("runs_of", "o", "o", "last run", "Open the newest run of this restore.", "run_of", places("plan")),
)
"""In the order in which footers show them."""
