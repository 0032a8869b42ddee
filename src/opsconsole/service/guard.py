"""The one place that decides who may what (promise 14): used by screens, commands and engine alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opsconsole.domain.access import Actor, Capability, Role, allows
from opsconsole.domain.audit import Action, AuditOutcome
from opsconsole.domain.clock import to_text
from opsconsole.domain.ids import looks_like_id
from opsconsole.errors import Forbidden, NotFound, OpsError, UsageError
from opsconsole.service.caller import Caller
from opsconsole.store import access, audit
from opsconsole.store.database import Session


def nothing_there(noun: str, ref: str) -> NotFound:
    """Return the one text for *does not exist* and *you are no member of its workspace*."""
    return NotFound(
        f"There is no {noun} {ref!r}.", f"`opsconsole {_LISTS.get(noun, 'runs list')}` shows what there is."
    )


_LISTS = {
    "backup set": "backups list",
    "backup item": "backups items SET",
    "restore run": "restore list",
    "run": "runs list",
    "audit entry": "audit list",
    "schedule": "schedules list",
    "tenant": "tenants list",
    "workspace": "members list",
    "member": "members list",
}


class _Refused(Exception):
    """Carries a refusal out of the transaction that it rolls back, so that it can be audited in one of its own."""

    def __init__(self, error: OpsError, workspace_id: str, capability: Capability) -> None:
        super().__init__(str(error))
        self.error = error
        self.workspace_id = workspace_id
        self.capability = capability


def visible_workspaces(caller: Caller, session: Session) -> list[str]:
    """Return the ids of the workspaces whose things the caller may see; raises NotFound for a named one that is not among them."""
    rows = access.workspaces_of(session, caller.actor.key)
    if caller.workspace is not None:
        rows = [row for row in rows if row["name"] == caller.workspace]
        if not rows:
            raise nothing_there("workspace", caller.workspace)
    return [str(row["id"]) for row in rows]


def decide(session: Session, actor: Actor, workspace_id: str, capability: Capability) -> Role | None:
    """Return the actor's role if it allows ``capability`` in the workspace, else None."""
    role = access.role_of(session, workspace_id, actor.key)
    return role if allows(role, capability) else None


def require(
    caller: Caller, session: Session, workspace_id: str, capability: Capability, *, noun: str, ref: str
) -> Role:
    """Return the caller's role; raises what ``reading`` and ``ordering`` turn into NotFound or Forbidden."""
    role = access.role_of(session, workspace_id, caller.actor.key)
    if role is None or (caller.workspace is not None and not _is_in_scope(session, caller, workspace_id)):
        raise _Refused(nothing_there(noun, ref), workspace_id, capability)
    if not allows(role, capability):
        raise _Refused(Forbidden(capability.value), workspace_id, capability)
    return role


def _is_in_scope(session: Session, caller: Caller, workspace_id: str) -> bool:
    return any(
        row["id"] == workspace_id and row["name"] == caller.workspace
        for row in access.workspaces_of(session, caller.actor.key)
    )


@contextmanager
def reading(caller: Caller) -> Iterator[Session]:
    """Open a read session in which a refusal becomes its error. Reading writes nothing, not even about refusals."""
    try:
        with caller.db.read() as session:
            yield session
    except _Refused as refused:
        raise refused.error from None


@contextmanager
def ordering(caller: Caller, what: str) -> Iterator[Session]:
    """Open a write transaction for an order; a refusal rolls it back and is audited on its own, as ``access.refused``."""
    try:
        with caller.db.write() as session:
            yield session
    except _Refused as refused:
        details = {"order": what, "capability": refused.capability.value}
        with caller.db.write() as session:
            audit.append_entry(
                session,
                id=caller.new_id(),
                workspace_id=refused.workspace_id,
                tenant_id=None,
                actor=caller.actor.name,
                action=Action.ACCESS_REFUSED,
                resource_type="order",
                resource_id=what,
                outcome=AuditOutcome.REFUSED,
                details=details,
                created_at=to_text(caller.clock()),
            )
        raise refused.error from None


def record(
    caller: Caller,
    session: Session,
    action: Action,
    *,
    workspace_id: str | None,
    tenant_id: str | None,
    resource_type: str,
    resource_id: str,
    details: dict[str, Any] | None = None,
) -> None:
    """Append the audit entry of an order that is being carried out, as the last thing in its transaction."""
    audit.append_entry(
        session,
        id=caller.new_id(),
        workspace_id=workspace_id,
        tenant_id=tenant_id,
        actor=caller.actor.name,
        action=action,
        resource_type=resource_type,
        resource_id=resource_id,
        outcome=AuditOutcome.SUCCEEDED,
        details=details or {},
        created_at=to_text(caller.clock()),
    )


def pick(noun: str, ref: str, found: Sequence[str]) -> str:
    """Return the one id that a shortened ``ref`` stands for; raises NotFound for none and UsageError for several."""
    if not found:
        raise nothing_there(noun, ref)
    if len(found) > 1:
        raise UsageError(f"{ref!r} fits more than one {noun}.", "Give more digits of its id.")
    return found[0]


def check_ref(noun: str, ref: str) -> str:
    """Return ``ref`` in the form in which ids are searched; what cannot be an id is simply not there."""
    text = ref.strip().lower()
    if not looks_like_id(text):
        raise nothing_there(noun, ref)
    return text
