"""First things: making a store, its first workspace and owner, and binding the configured tenants."""

from __future__ import annotations

from opsconsole.domain.access import Role
from opsconsole.domain.audit import Action
from opsconsole.service.caller import Caller
from opsconsole.service.guard import DEFAULT_WORKSPACE, record
from opsconsole.service.opening import open_caller as open_caller
from opsconsole.service.tenants import check_binding, register
from opsconsole.store import access, tenants
from opsconsole.store.audit import audit_head


def init_store(caller: Caller) -> dict[str, list[str]]:
    """Make the caller owner of a store without members, and bind the configured tenants it may bind.

    Repeating it changes nothing. Returns what was made: workspaces, tenants, and the tenants left alone.
    """
    made: dict[str, list[str]] = {"workspaces": [], "tenants": [], "left_alone": []}
    with caller.db.write() as session:
        is_new = not access.has_members(session)
        if is_new:
            if audit_head(session).seq == 0:
                record(
                    caller,
                    session,
                    Action.STORE_CREATED,
                    workspace_id=None,
                    tenant_id=None,
                    resource_type="store",
                    resource_id="store",
                )
            names = sorted({tenant.workspace for tenant in caller.config.tenants} or {DEFAULT_WORKSPACE})
            for name in names:
                existing = access.get_workspace(session, name)
                workspace_id = str(existing["id"]) if existing else caller.new_id()
                if existing is None:
                    access.create_workspace(session, id=workspace_id, name=name, created_at=caller.now())
                access.add_member(session, workspace_id, caller.actor, Role.OWNER, caller.now())
                record(
                    caller,
                    session,
                    Action.WORKSPACE_CREATED,
                    workspace_id=workspace_id,
                    tenant_id=None,
                    resource_type="workspace",
                    resource_id=workspace_id,
                    details={"name": name, "owner": caller.actor.name},
                )
                made["workspaces"].append(name)
        mine = access.workspaces_of(session, caller.actor.key)
        owned = {row["name"] for row in mine if row["role"] == Role.OWNER.value}
        for config in caller.config.tenants:
            row = tenants.get_tenant(session, config.name)
            if row is not None and row.workspace_id in {own["id"] for own in mine}:
                check_binding(config, row)
            elif row is not None:
                made["left_alone"].append(config.name)
            elif config.workspace in owned or (owned and access.get_workspace(session, config.workspace) is None):
                register(caller, session, config)
                made["tenants"].append(config.name)
            else:
                made["left_alone"].append(config.name)
    return made
