"""Workspaces and who is a member of them."""

from __future__ import annotations

from collections.abc import Sequence

from opsconsole.domain.access import Actor, Member, Role
from opsconsole.errors import Conflict
from opsconsole.store.database import Row, Session, bind_list


def role_of(s: Session, workspace_id: str, actor_key: str) -> Role | None:
    """Return an actor's role in a workspace; None: not a member."""
    row = s.one(
        "SELECT role FROM memberships WHERE workspace_id = :workspace AND actor = :actor",
        workspace=workspace_id,
        actor=actor_key,
    )
    return Role(row["role"]) if row else None


def workspaces_of(s: Session, actor_key: str) -> list[Row]:
    """Return the workspaces an actor is a member of: id, name and role, by name."""
    rows = s.all(
        "SELECT w.id, w.name, m.role FROM memberships m JOIN workspaces w ON w.id = m.workspace_id"
        " WHERE m.actor = :actor ORDER BY w.name",
        actor=actor_key,
    )
    return [{**row, "role": Role(row["role"])} for row in rows]


def workspaces_without(s: Session, actor_key: str) -> list[str]:
    """Return the ids of the workspaces that an actor is no member of."""
    rows = s.all(
        "SELECT w.id FROM workspaces w WHERE NOT EXISTS"
        " (SELECT 1 FROM memberships m WHERE m.workspace_id = w.id AND m.actor = :actor) ORDER BY w.id",
        actor=actor_key,
    )
    return [row["id"] for row in rows]


def has_members(s: Session) -> bool:
    """Tell whether the store has any member at all: whoever makes it becomes owner only while it has none."""
    return s.one("SELECT 1 AS any_member FROM memberships LIMIT 1") is not None


def get_workspace(s: Session, name: str) -> Row | None:
    """Return a workspace by its name: id, name, created_at."""
    return s.one("SELECT id, name, created_at FROM workspaces WHERE name = :name", name=name)


def list_workspaces(s: Session, ids: Sequence[str]) -> list[Row]:
    """Return workspaces by their ids: id, name, created_at."""
    names, params = bind_list("i", list(ids))
    return s.all(f"SELECT id, name, created_at FROM workspaces WHERE id IN ({names}) ORDER BY name", **params)


def create_workspace(s: Session, *, id: str, name: str, created_at: str) -> bool:
    """Make a workspace; False if one of this name exists."""
    return bool(
        s.run(
            "INSERT INTO workspaces (id, name, created_at) VALUES (:id, :name, :created_at) ON CONFLICT (name) DO NOTHING",
            id=id,
            name=name,
            created_at=created_at,
        )
    )


def add_member(s: Session, workspace_id: str, actor: Actor, role: Role, created_at: str) -> None:
    """Make an actor a member, or give a member another role. Raises Conflict if that would leave no owner."""
    _lock_members(s, workspace_id)
    if role is not Role.OWNER:
        _keep_an_owner(s, workspace_id, actor.key)
    s.run(
        "INSERT INTO memberships (workspace_id, actor, actor_name, role, created_at)"
        " VALUES (:workspace, :actor, :name, :role, :created_at)"
        " ON CONFLICT (workspace_id, actor) DO UPDATE SET actor_name = excluded.actor_name, role = excluded.role",
        workspace=workspace_id,
        actor=actor.key,
        name=actor.name,
        role=role.value,
        created_at=created_at,
    )


def remove_member(s: Session, workspace_id: str, actor_key: str) -> bool:
    """Remove a member; False if the actor is none. Raises Conflict for the last owner."""
    _lock_members(s, workspace_id)
    _keep_an_owner(s, workspace_id, actor_key)
    return bool(
        s.run(
            "DELETE FROM memberships WHERE workspace_id = :workspace AND actor = :actor",
            workspace=workspace_id,
            actor=actor_key,
        )
    )


def list_members(s: Session, workspace_id: str) -> list[Member]:
    """Return the members of a workspace, by name."""
    rows = s.all(
        "SELECT w.name AS workspace, m.actor, m.actor_name, m.role, m.created_at FROM memberships m"
        " JOIN workspaces w ON w.id = m.workspace_id WHERE m.workspace_id = :workspace ORDER BY m.actor_name, m.actor",
        workspace=workspace_id,
    )
    return [
        Member(row["workspace"], Actor(row["actor"], row["actor_name"]), Role(row["role"]), row["created_at"])
        for row in rows
    ]


def _lock_members(s: Session, workspace_id: str) -> None:
    """Let one change of a workspace's members go at a time: two owners must not remove each other."""
    if s.dialect == "postgres":
        s.one("SELECT id FROM workspaces WHERE id = :id FOR NO KEY UPDATE", id=workspace_id)


def _keep_an_owner(s: Session, workspace_id: str, actor_key: str) -> None:
    owners = [
        row["actor"]
        for row in s.all("SELECT actor FROM memberships WHERE workspace_id = :id AND role = 'owner'", id=workspace_id)
    ]
    if owners == [actor_key]:
        raise Conflict("A workspace keeps at least one owner.", "Make somebody else an owner first.")
