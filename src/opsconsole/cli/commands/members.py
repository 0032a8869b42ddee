"""`opsconsole members`: who may what in a workspace."""

from __future__ import annotations

import click

from opsconsole.cli.columns import Column, Row
from opsconsole.cli.filters import one_of
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.options import page_options, with_invocation
from opsconsole.cli.paging import page_of
from opsconsole.cli.text import moment
from opsconsole.domain.access import Member, Role
from opsconsole.domain.plain_text import plain
from opsconsole.service import members

COLUMNS = (
    Column("Workspace", drop=1),
    Column("Actor", fixed=True),
    Column("Name"),
    Column("Role", fixed=True),
    Column("Since", fixed=True, is_time=True),
)


@click.group()
def command() -> None:
    """Who may what: readonly, operator, manager, owner."""


def _to_json(member: Member) -> dict[str, str]:
    return {
        "workspace": member.workspace,
        "actor": member.actor.key,
        "name": member.actor.name,
        "role": member.role.value,
        "created_at": member.created_at,
    }


@command.command("list")
@page_options
@with_invocation
def list_members(invocation: Invocation, limit: int, cursor: str | None) -> int:
    """List the members of your workspaces."""
    found, next_cursor = page_of(members.list_members(invocation.caller()), limit, cursor)
    out = invocation.out
    if out.is_json:
        out.page([_to_json(member) for member in found], next_cursor)
        return 0
    rows: list[Row] = [
        [member.workspace, member.actor.key, member.actor.name, member.role.value, moment(member.created_at)]
        for member in found
    ]
    out.page_table(COLUMNS, rows, next_cursor, empty="You are a member of no workspace. An owner can add you.")
    return 0


@command.command("add")
@click.argument("actor")
@click.argument("role")
@with_invocation
def add(invocation: Invocation, actor: str, role: str) -> int:
    """Add a member, or change a member's role.

    ACTOR is a local user name, or a key: uid:1000, sid:S-1-5-…, pg:alice. ROLE is readonly, operator, manager or owner.
    """
    member = members.add_member(invocation.caller(), actor, one_of(Role, role, "ROLE"))
    if invocation.out.is_json:
        invocation.out.document(_to_json(member))
    else:
        invocation.out.line(
            f"{plain(member.actor.name)} ({plain(member.actor.key)}) is {member.role.value} of {plain(member.workspace)}"
        )
    return 0


@command.command("remove")
@click.argument("actor")
@with_invocation
def remove(invocation: Invocation, actor: str) -> int:
    """Remove a member; what they did stays in the trail."""
    gone = members.remove_member(invocation.caller(), actor)
    if invocation.out.is_json:
        invocation.out.document({"removed": {"actor": gone.key, "name": gone.name}})
    else:
        invocation.out.line(f"{plain(gone.name)} ({plain(gone.key)}) is no member any more")
    return 0
