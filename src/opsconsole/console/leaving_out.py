"""Leaving one policy out of a plan: plans never change, so a new preview is made without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.figures import grouped
from opsconsole.console.mapping_text import mapping_text
from opsconsole.console.orders import fact, follow, said
from opsconsole.console.pen import Pen, Span
from opsconsole.domain.access import Capability
from opsconsole.domain.plan import Mode

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen
    from opsconsole.domain.restore import RestoreItem, RestoreRun


def ref_of(item: RestoreItem) -> str:
    """Return a policy as ``--items`` and ``--without`` name it: by its id in the set, which differs in another tenant."""
    return f"{item.policy_type}:{item.source_policy_id or item.policy_id}"


def ask_leave_out(screen: LiveScreen, restore: RestoreRun, item: RestoreItem) -> None:
    """Ask whether a new preview without the policy is to be made; what was chosen for this plan holds for that one too."""
    app = screen.console_app
    if not app.is_allowed(Capability.PREVIEW_CREATE, restore.workspace):
        return
    ref = ref_of(item)
    items = [one for one in restore.inputs.get("items") or () if one != ref]
    was_chosen = len(items) < len(restore.inputs.get("items") or ())
    without = [*restore.left_out, *(() if was_chosen else (ref,))]
    if was_chosen and not items:
        app.say("This is the only policy of the plan: without it there is nothing to restore.")
        return
    left = len(without) + (0 if not was_chosen else 1)

    def lines(pen: Pen) -> list[list[Span]]:
        return [
            fact(pen, "Policy", item.policy_name or item.policy_id, "strong"),
            fact(pen, "Tenant", restore.tenant),
            fact(pen, "Left out", f"{grouped(left)} {'policy' if left == 1 else 'policies'} in all"),
            [],
            said(pen, "Plans never change: this makes a new preview without it;"),
            said(pen, "what was mapped, chosen and left out before holds there too."),
            said(pen, "Nothing is written to the tenant.", "good"),
        ]

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(
                screen.desk.start_preview,
                restore.set_id,
                restore.tenant,
                mode=Mode(restore.mode),
                mapping=mapping_text(restore.inputs.get("mapping") or ()),
                items=tuple(items),
                without=tuple(without),
                accept_missing=int(restore.inputs.get("accept_missing") or 0),
                then=lambda started: follow(screen, started),
            )

    app.push_screen(ConfirmDialog(Question("Preview again without it?", lines, "Preview without it")), answered)
