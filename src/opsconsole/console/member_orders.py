"""Orders about members: adding one, changing a role, removing one. Each asks first, and says what the account may do then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsconsole.console.dialogs.ask_text import AskText
from opsconsole.console.dialogs.confirm import ConfirmDialog, Question
from opsconsole.console.dialogs.pick import Entry, PickDialog
from opsconsole.console.folding import wrapped
from opsconsole.console.orders import WIDTH, fact, said
from opsconsole.console.pen import Pen, Span
from opsconsole.console.role_words import gained, may_words
from opsconsole.domain.access import ROLE_ORDER, Actor, Capability, Member, Role

if TYPE_CHECKING:
    from opsconsole.console.desk.members import MembersReport
    from opsconsole.console.screens.live_screen import LiveScreen

Lines = list[list[Span]]

_MANAGE = Capability.MEMBER_MANAGE


def is_last_owner(member: Member, members: Sequence[Member]) -> bool:
    """Tell whether a workspace would have no owner without this member's role."""
    owners = [one for one in members if one.workspace == member.workspace and one.role is Role.OWNER]
    return [one.actor.key for one in owners] == [member.actor.key]


def ask_add(screen: LiveScreen, report: MembersReport) -> None:
    """Ask for the workspace where there are several, the account and its role, then whether it is to be a member."""
    app = screen.console_app
    spaces = sorted({one.workspace for one in report.members if app.may(_MANAGE, one.workspace)})

    def picked(workspace: str | None) -> None:
        if workspace is not None and app.is_allowed(_MANAGE, workspace):
            _ask_account(screen, report, workspace)

    if len(spaces) == 1:
        picked(spaces[0])
    elif spaces:
        entries = [Entry(name, name) for name in spaces]
        screen.app.push_screen(PickDialog("A member of which workspace?", entries), picked)
    else:
        app.is_allowed(_MANAGE)


def _ask_account(screen: LiveScreen, report: MembersReport, workspace: str) -> None:
    def found(actor: Actor) -> None:
        there = [one for one in report.members if (one.workspace, one.actor.key) == (workspace, actor.key)]
        if there:
            screen.console_app.say(f"{actor.name} is {there[0].role.value} already: r changes the role.")
        else:
            _choose_role(screen, workspace, actor, None, report)

    def typed(text: str | None) -> None:
        if text:
            screen.order_read(screen.desk.account, text, then=found)

    hint = "alice, or uid:1000" if report.is_one_file else "alice, or pg:alice"
    words = (
        "An account of this machine, by name or key:"
        if report.is_one_file
        else "A login role of the Postgres server, by name or key:"
    )
    screen.app.push_screen(AskText("Add a member", words, hint), typed)


def ask_role(screen: LiveScreen, member: Member, report: MembersReport) -> None:
    """Ask for another role, then whether the member is to have it."""
    if screen.console_app.is_allowed(_MANAGE, member.workspace):
        _choose_role(screen, member.workspace, member.actor, member.role, report)


def _choose_role(
    screen: LiveScreen, workspace: str, actor: Actor, role_now: Role | None, report: MembersReport
) -> None:
    def picked(role: str | None) -> None:
        if role is not None:
            _ask(screen, workspace, actor, role_now, Role(role), is_own=actor.key == report.own_key)

    entries = [
        Entry(role.value, role.value, may_words(role), "the role this member has" if role is role_now else "")
        for role in ROLE_ORDER
    ]
    screen.app.push_screen(PickDialog("Which role?", entries), picked)


def _ask(screen: LiveScreen, workspace: str, actor: Actor, role_now: Role | None, role: Role, *, is_own: bool) -> None:
    is_less = role_now is not None and ROLE_ORDER.index(role) < ROLE_ORDER.index(role_now)

    def lines(pen: Pen) -> Lines:
        text = [
            *_about(pen, workspace, actor),
            fact(pen, "Role", role.value if role_now is None else f"{role_now.value} becomes {role.value}", "strong"),
            *_may(pen, role),
        ]
        if is_own:
            text += [[], said(pen, "This is you: you cannot undo it without another owner.", "danger")]
        return text

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(screen.desk.set_member, workspace, actor.key, role, then=lambda _: screen.store_changed())

    title, verb = ("Add this member?", "Add 1 member") if role_now is None else ("Change this role?", "Change the role")
    screen.app.push_screen(ConfirmDialog(Question(title, lines, verb, is_dangerous=is_own or is_less)), answered)


def ask_remove(screen: LiveScreen, member: Member, report: MembersReport) -> None:
    """Ask whether a member is to be removed."""
    if not screen.console_app.is_allowed(_MANAGE, member.workspace):
        return
    actor, is_own = member.actor, member.actor.key == report.own_key

    def lines(pen: Pen) -> Lines:
        text = [
            *_about(pen, member.workspace, actor),
            fact(pen, "Role", member.role.value, "strong"),
            [],
            said(pen, "1 member loses every right here, at once."),
            said(pen, "Schedules this member added start nothing any more; what"),
            said(pen, "the member did stays in the trail."),
        ]
        if is_own:
            text += [[], said(pen, "This is you: you will see nothing of this workspace.", "danger")]
        return text

    def answered(yes: bool | None) -> None:
        if yes:
            screen.order(screen.desk.remove_member, member.workspace, actor.key, then=lambda _: screen.store_changed())

    question = Question("Remove this member?", lines, "Remove 1 member", is_dangerous=True, cancel="Keep")
    screen.app.push_screen(ConfirmDialog(question), answered)


def _about(pen: Pen, workspace: str, actor: Actor) -> Lines:
    return [
        fact(pen, "Account", actor.name, "strong"),
        fact(pen, "Key", actor.key),
        fact(pen, "Workspace", workspace),
    ]


def _may(pen: Pen, role: Role) -> Lines:
    rights = [gained(one) for one in ROLE_ORDER[: ROLE_ORDER.index(role) + 1]]
    first, *rest = wrapped(", ".join(rights), WIDTH - 12)
    return [
        fact(pen, "May", first),
        *([(" " * 12, pen.ink("text")), (more, pen.ink("text"))] for more in rest),
    ]
