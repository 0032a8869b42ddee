"""Tenants: which there are, binding one to its workspace, and starting a check of its permissions."""

from __future__ import annotations

from opsconsole.config import TenantConfig
from opsconsole.domain.access import Capability, Role
from opsconsole.domain.assignment import ZERO_GUID
from opsconsole.domain.audit import Action
from opsconsole.domain.run import RunType, empty_context
from opsconsole.domain.run_identity import identity_hash
from opsconsole.errors import ConfigError
from opsconsole.service.access_lines import access_lines
from opsconsole.service.caller import Caller
from opsconsole.service.enqueue import again_after_lost_race, enqueue
from opsconsole.service.guard import nothing_there, ordering, reading, record, require, visible_workspaces
from opsconsole.service.started import Started
from opsconsole.service.tenant_views import TenantReport as TenantReport
from opsconsole.service.tenant_views import TenantView as TenantView
from opsconsole.service.tenant_views import views_of
from opsconsole.store import access, backups, runs, tenants
from opsconsole.store.database import Session
from opsconsole.store.tenants import TenantRow


def list_tenants(caller: Caller) -> list[TenantView]:
    """Return the tenants of the caller's workspaces, and configured ones that are not among them.

    Someone who is a member of no workspace gets none, unless the store has no members yet.
    """
    with reading(caller) as session:
        return views_of(caller, session, visible_workspaces(caller, session))


def show_tenant(caller: Caller, name: str) -> TenantReport:
    """Return a tenant with what its last check found and what its newest set holds. Raises NotFound."""
    with reading(caller) as session:
        views = views_of(caller, session, visible_workspaces(caller, session))
        view = next((one for one in views if one.name == name), None)
        if view is None:
            raise nothing_there("tenant", name)
        found = backups.get_set(session, view.newest_set.id, failure_limit=0) if view.newest_set else None
    return TenantReport(view, access_lines(view.last_check["checks"] if view.last_check else None), found)


@again_after_lost_race
def start_check(caller: Caller, name: str, *, retry_of: str | None = None) -> Started:
    """Enqueue a check of the tenant's reachability and of the permissions per policy type."""
    ensure_registered(caller, name)
    with ordering(caller, f"check tenant {name}") as session:
        tenant = tenant_for(caller, session, name, Capability.CHECK_START)
        identity = identity_hash(tenant.workspace_id, tenant.id, RunType.CHECK, None)
        if active := runs.active_run(session, identity):
            return Started(False, [active])
        run = enqueue(caller, session, tenant, RunType.CHECK, identity, empty_context({}), retry_of=retry_of)
        record(
            caller,
            session,
            Action.CHECK_STARTED,
            workspace_id=tenant.workspace_id,
            tenant_id=tenant.id,
            resource_type="run",
            resource_id=run.id,
        )
    return Started(True, [run])


def tenant_for(caller: Caller, session: Session, name: str, capability: Capability) -> TenantRow:
    """Return the tenant's row if the caller has ``capability`` on it; raises NotFound and Forbidden through the guard."""
    row = tenants.get_tenant(session, name)
    if row is None:
        raise nothing_there("tenant", name)
    require(caller, session, row.workspace_id, capability, noun="tenant", ref=name)
    if config := caller.config.tenant(name):
        check_binding(config, row)
    return row


def bound_tenant(caller: Caller, session: Session, name: str) -> TenantRow:
    """Return the row of the tenant that a set or restore run belongs to. Raises ConfigError where it is bound otherwise here."""
    row = tenants.get_tenant(session, name)
    if row is None:
        raise nothing_there("tenant", name)
    if config := caller.config.tenant(name):
        check_binding(config, row)
    return row


def check_binding(config: TenantConfig, row: TenantRow) -> None:
    """Raise ConfigError if the configuration binds this name to another workspace or tenant id than the store does."""
    for field, stands, known in (
        ("workspace", config.workspace, row.workspace),
        ("tenant_id", config.tenant_id.lower(), row.entra_tenant_id.lower()),
    ):
        if stands != known:
            raise ConfigError(
                f"tenants.{config.name}.{field} is {stands!r} in the configuration, but the store knows {known!r}.",
                "Give the tenant another name, or correct the configuration: records stay with what they were made for.",
            )


def ensure_registered(caller: Caller, name: str) -> None:
    """Bind a configured tenant to its workspace, making both where the store does not hold them; needs ``tenant.manage``.

    Does nothing for a tenant that is there. Raises NotFound for one that neither the store nor the configuration names.
    """
    config = caller.config.tenant(name)
    with reading(caller) as session:
        row = tenants.get_tenant(session, name)
    if row is not None:
        return
    if config is None:
        raise nothing_there("tenant", name)
    if config.tenant_id == ZERO_GUID:
        raise ConfigError(
            f"tenants.{name}.tenant_id is still the example's.",
            "Put the tenant's own id there: it stands in the Entra admin centre under Overview.",
        )
    with ordering(caller, f"register tenant {name}") as session:
        if tenants.get_tenant(session, name) is None:
            register(caller, session, config)


def register(caller: Caller, session: Session, config: TenantConfig) -> None:
    """Write the tenant's row and, for its first tenant, the workspace with the caller as its owner."""
    workspace = access.get_workspace(session, config.workspace)
    if workspace is None:
        own = [row for row in access.workspaces_of(session, caller.actor.key) if row["role"] == Role.OWNER.value]
        if access.has_members(session) and not own:
            raise nothing_there("tenant", config.name)
        workspace_id = caller.new_id()
        access.create_workspace(session, id=workspace_id, name=config.workspace, created_at=caller.now())
        access.add_member(session, workspace_id, caller.actor, Role.OWNER, caller.now())
        record(
            caller,
            session,
            Action.WORKSPACE_CREATED,
            workspace_id=workspace_id,
            tenant_id=None,
            resource_type="workspace",
            resource_id=workspace_id,
            details={"name": config.workspace, "owner": caller.actor.name},
        )
    else:
        workspace_id = str(workspace["id"])
        require(caller, session, workspace_id, Capability.TENANT_MANAGE, noun="tenant", ref=config.name)
    tenant_id = caller.new_id()
    is_new = tenants.register_tenant(
        session,
        id=tenant_id,
        workspace_id=workspace_id,
        name=config.name,
        entra_tenant_id=config.tenant_id,
        production=config.production,
        created_at=caller.now(),
    )
    if not is_new:  # another process was faster: what it wrote is checked by whoever looks at the tenant next
        return
    record(
        caller,
        session,
        Action.TENANT_REGISTERED,
        workspace_id=workspace_id,
        tenant_id=tenant_id,
        resource_type="tenant",
        resource_id=tenant_id,
        details={"name": config.name},
    )
