"""Members: who may what in a workspace."""

from __future__ import annotations

from opsconsole.domain.access import Actor, Capability, Member, Role
from opsconsole.domain.audit import Action
from opsconsole.errors import UsageError
from opsconsole.service.caller import Caller, parse_actor
from opsconsole.service.guard import (
    DEFAULT_WORKSPACE,
    nothing_there,
    ordering,
    reading,
    record,
    require,
    visible_workspaces,
)
from opsconsole.store import access
from opsconsole.store.database import Session


def list_members(caller: Caller) -> list[Member]:
    """Return the members of the caller's workspaces."""
    with reading(caller) as session:
        visible = visible_workspaces(caller, session)
        return [member for workspace_id in visible for member in access.list_members(session, workspace_id)]


def my_roles(caller: Caller) -> dict[str, Role]:
    """Return the caller's role by workspace name; empty for someone who is a member of none."""
    with reading(caller) as session:
        rows = access.workspaces_of(session, caller.actor.key)
    return {str(row["name"]): Role(row["role"]) for row in rows}


def add_member(caller: Caller, actor_text: str, role: Role) -> Member:
    """Add a member or change its role. ``actor_text`` is a key (``uid:1000``, ``pg:alice``) or a local user name.

    Raises Conflict where the last owner would lose the role.
    """
    actor = named_account(caller, actor_text)
    with ordering(caller, f"add member {actor.key}") as session:
        workspace_id, name = _workspace(caller, session)
        require(caller, session, workspace_id, Capability.MEMBER_MANAGE, noun="workspace", ref=name)
        if actor.name == actor.key:  # this machine does not know the account: the name it was added under stays
            known = (one.actor for one in access.list_members(session, workspace_id) if one.actor.key == actor.key)
            actor = next(known, actor)
        access.add_member(session, workspace_id, actor, role, caller.now())
        record(
            caller,
            session,
            Action.MEMBER_ADDED,
            workspace_id=workspace_id,
            tenant_id=None,
            resource_type="member",
            resource_id=actor.key,
            details={"name": actor.name, "role": role.value},
        )
    return Member(name, actor, role, caller.now())


def remove_member(caller: Caller, actor_text: str) -> Actor:
    """Remove a member. Raises NotFound for someone who is none, Conflict for the last owner."""
    actor = named_account(caller, actor_text)
    with ordering(caller, f"remove member {actor.key}") as session:
        workspace_id, name = _workspace(caller, session)
        require(caller, session, workspace_id, Capability.MEMBER_MANAGE, noun="workspace", ref=name)
        if access.role_of(session, workspace_id, actor.key) is None:
            raise nothing_there("member", actor_text)
        access.remove_member(session, workspace_id, actor.key)
        record(
            caller,
            session,
            Action.MEMBER_REMOVED,
            workspace_id=workspace_id,
            tenant_id=None,
            resource_type="member",
            resource_id=actor.key,
            details={"name": actor.name},
        )
    return actor


def _workspace(caller: Caller, session: Session) -> tuple[str, str]:
    rows = access.workspaces_of(session, caller.actor.key)
    if caller.workspace is not None:
        rows = [row for row in rows if row["name"] == caller.workspace]
    if not rows:
        # Others' workspace is named to the guard all the same, which refuses it: the attempt is audited there.
        name = caller.workspace or DEFAULT_WORKSPACE
        others = access.get_workspace(session, name)
        if others is None:
            raise nothing_there("workspace", name)
        return str(others["id"]), name
    if len(rows) > 1:
        names = ", ".join(sorted(str(row["name"]) for row in rows))
        raise UsageError("You are a member of several workspaces.", f"Name one with --workspace: {names}.")
    return str(rows[0]["id"]), str(rows[0]["name"])


def named_account(caller: Caller, text: str) -> Actor:
    """Return the account that a key or a name means: on Postgres a bare name is a login role. Raises UsageError."""
    if caller.db.dialect == "postgres" and text and ":" not in text:
        return Actor(f"pg:{text}", text)
    try:
        return parse_actor(text)
    except KeyError:
        raise UsageError(
            f"There is no account {text!r} on this machine.", "Name it by key: uid:1000, sid:S-1-5-…, or pg:alice."
        ) from None
