"""The one place that decides who may what (promise 14): used by screens, commands and engine alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opsconsole.domain.access import CAPABILITY_OF_RUN, Actor, Capability, Role, allows
from opsconsole.domain.clock import to_text
from opsconsole.domain.ids import looks_like_id
from opsconsole.domain.run import OperationRun
from opsconsole.errors import Forbidden, NotFound, OpsError, UsageError
from opsconsole.service.caller import Caller
from opsconsole.store import access
from opsconsole.store.database import Session

if TYPE_CHECKING:
    from opsconsole.domain.audit import Action

Resolve = Callable[[Session, str, Sequence[str]], list[str]]
"""Returns the ids that a shortened id may stand for in the given workspaces, two at most."""

DEFAULT_WORKSPACE = "main"
"""The workspace that is meant where none is named and the caller is a member of none."""


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

    def __init__(self, error: OpsError, workspace_id: str | None, capability: Capability) -> None:
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


def require_somewhere(caller: Caller, session: Session, capability: Capability) -> None:
    """Refuse what concerns the store as a whole to all who have ``capability`` in none of its workspaces.

    A store without members has nobody to keep anything from yet.
    """
    visible_workspaces(caller, session)
    roles = [Role(row["role"]) for row in access.workspaces_of(session, caller.actor.key)]
    if any(allows(role, capability) for role in roles) or not access.has_members(session):
        return
    error = Forbidden(capability.value) if roles else nothing_there("workspace", caller.workspace or DEFAULT_WORKSPACE)
    raise _Refused(error, None, capability)


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
        with caller.db.write() as session:
            _record_refusal(
                session,
                caller.new_id(),
                caller.actor.name,
                refused.workspace_id,
                what,
                refused.capability,
                to_text(caller.clock()),
            )
        raise refused.error from None


def record_refused_run(session: Session, run: OperationRun, *, id: str, now: str) -> None:
    """Append the audit entry of a run that an engine did not carry out (further): its initiator may not any more."""
    capability = CAPABILITY_OF_RUN[run.type]
    what = f"carry out run {run.id}"
    _record_refusal(session, id, run.initiator_name, run.workspace_id, what, capability, now, tenant_id=run.tenant_id)


def _record_refusal(
    session: Session,
    id: str,
    actor_name: str,
    workspace_id: str | None,
    what: str,
    capability: Capability,
    now: str,
    *,
    tenant_id: str | None = None,
) -> None:
    from opsconsole.domain.audit import Action, AuditOutcome
    from opsconsole.store import audit

    audit.append_entry(
        session,
        id=id,
        workspace_id=workspace_id,
        tenant_id=tenant_id,
        actor=actor_name,
        action=Action.ACCESS_REFUSED,
        resource_type="order",
        resource_id=what,
        outcome=AuditOutcome.REFUSED,
        details={"order": what, "capability": capability.value},
        created_at=now,
    )


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
    from opsconsole.domain.audit import AuditOutcome
    from opsconsole.store import audit  # reading, which is all that the first rows take, writes no entry

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


def find(caller: Caller, session: Session, noun: str, ref: str, resolve: Resolve) -> str:
    """Return the one id that a shortened ``ref`` stands for among what the caller may see; raises NotFound, UsageError.

    Where that is nothing, but one thing in a workspace of others, its id is returned: ``require``, which every caller
    asks next, refuses it with the text of a thing that is not there, and ``ordering`` audits the attempt.
    """
    text = check_ref(noun, ref)
    found = resolve(session, text, visible_workspaces(caller, session))
    if not found:
        hidden = resolve(session, text, access.workspaces_without(session, caller.actor.key))
        found = hidden if len(hidden) == 1 else []
    return pick(noun, ref, found)


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
