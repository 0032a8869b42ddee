"""Settling what blocks a policy: each unresolved target is mapped or dropped, and a new preview is made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opsconsole.console.dialogs.ask_text import AskText
from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.dialogs.pick import Entry, PickDialog
from opsconsole.console.leaving_out import ask_leave_out
from opsconsole.console.mapping_text import mapping_text
from opsconsole.console.orders import fact, follow, said
from opsconsole.console.pen import Pen, Span
from opsconsole.domain.access import Capability
from opsconsole.domain.failure import Reason
from opsconsole.domain.plan import Mode

if TYPE_CHECKING:
    from opsconsole.console.screens.live_screen import LiveScreen
    from opsconsole.domain.restore import RestoreItem, RestoreRun

DROP = "drop"
"""In a mapping: leave every target with this group or filter out."""


@dataclass(frozen=True, slots=True)
class Open:
    """A group or filter that nobody could find, by id and, where it is known, by name."""

    kind: str
    id: str
    name: str


def open_targets(unresolved: Sequence[Mapping[str, Any]]) -> list[Open]:
    """Return what has to be settled, each once: the filter where the filter is the problem, else the group."""
    found: dict[tuple[str, str], Open] = {}
    for target in unresolved:
        kind = "filter" if target.get("reason") == Reason.FILTER_NOT_FOUND.value else "group"
        ref = str(target.get(f"{kind}_id") or "")
        if ref:
            found.setdefault((kind, ref), Open(kind, ref, str(target.get(f"{kind}_name") or ref)))
    return list(found.values())


def settle(screen: LiveScreen, restore: RestoreRun, item: RestoreItem) -> None:
    """Ask for each open target of the policy, then whether a new preview is to be made."""
    app = screen.console_app
    if not app.is_allowed(Capability.PREVIEW_CREATE, restore.workspace):
        return
    todo = open_targets(item.unresolved)
    if not todo:
        app.say("This policy has no open target. What blocks it stands with its targets.")
        return
    if restore.undo_of or not restore.set_id:
        app.say("An undo goes by id only: its targets cannot be mapped.")
        return
    known = [dict(entry) for entry in restore.inputs.get("mapping") or ()]

    def done(settled: list[tuple[Open, str]] | None) -> None:
        if settled is None:
            ask_leave_out(screen, restore, item)
        else:
            _ask(screen, restore, known, settled)

    _next(screen, todo, [], done)


def _next(
    screen: LiveScreen,
    todo: list[Open],
    settled: list[tuple[Open, str]],
    done: Callable[[list[tuple[Open, str]] | None], None],
) -> None:
    if not todo:
        done(settled)
        return
    one, *rest = todo

    def typed(text: str | None) -> None:
        if text:
            _next(screen, rest, [*settled, (one, text)], done)

    def picked(answer: str | None) -> None:
        if answer == "map":
            hint = f"the id or exact name of a {one.kind}"
            screen.app.push_screen(AskText(f"Map the {one.kind}", f"{one.name} becomes:", hint), typed)
        elif answer == DROP:
            _next(screen, rest, [*settled, (one, DROP)], done)
        elif answer == "leave":
            done(None)  # the other targets of a policy that is left out need no answer

    entries = (
        Entry("map", f"Map it to another {one.kind}", one.name),
        Entry(DROP, "Drop it", "targets with it are left out"),
        Entry("leave", "Leave the policy out", "nothing is written for it"),
    )
    screen.app.push_screen(PickDialog(f"A {one.kind} was not found", entries), picked)


def _ask(screen: LiveScreen, restore: RestoreRun, known: list[dict[str, str]], settled: list[tuple[Open, str]]) -> None:
    entries = [*known, *({"kind": one.kind, "from": one.id, "to": to} for one, to in settled)]

    def lines(pen: Pen) -> list[list[Span]]:
        return [
            fact(pen, "Tenant", restore.tenant, "strong"),
            *(
                fact(pen, f"{one.kind.capitalize()}", f"{one.name}: {'dropped' if to == DROP else f'becomes {to}'}")
                for one, to in settled
            ),
            [],
            said(pen, "Plans never change: this makes a new preview, in which"),
            said(pen, "the same holds for every policy with this target."),
            said(pen, "Nothing is written to the tenant.", "good"),
        ]

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(
                screen.desk.start_preview,
                restore.set_id,
                restore.tenant,
                mode=Mode(restore.mode),
                mapping=mapping_text(entries),
                items=tuple(restore.inputs.get("items") or ()),
                without=restore.left_out,
                accept_missing=int(restore.inputs.get("accept_missing") or 0),
                then=lambda started: follow(screen, started),
            )

    screen.app.push_screen(ConfirmDialog(Question("Preview again with this?", lines, "Preview again")), answered)
