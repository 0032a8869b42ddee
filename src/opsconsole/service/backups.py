"""Backups: starting one, fetching what is missing, looking at sets and items, exporting."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opsconsole.domain.access import Capability
from opsconsole.domain.audit import Action
from opsconsole.domain.backup import BackupItem, BackupSet, ItemStatus
from opsconsole.domain.json_text import JsonText
from opsconsole.domain.run import OperationRun, RunType, Status, empty_context
from opsconsole.domain.run_identity import identity_hash
from opsconsole.errors import Conflict, UsageError
from opsconsole.graph.policy_types import POLICY_TYPES, supported_types
from opsconsole.service.caller import DEFAULT_LIMIT, Caller, Page
from opsconsole.service.cursors import id_cursor
from opsconsole.service.enqueue import LostRace, again_after_lost_race, enqueue
from opsconsole.service.export import write_export
from opsconsole.service.guard import (
    find,
    nothing_there,
    ordering,
    pick,
    reading,
    record,
    require,
    visible_workspaces,
)
from opsconsole.service.names import suggestion
from opsconsole.service.parts import LeftPolicy, Part
from opsconsole.service.record_query import RecordQuery
from opsconsole.service.started import Started
from opsconsole.service.tenants import bound_tenant, ensure_registered, tenant_for
from opsconsole.store import backups, runs
from opsconsole.store.database import Session


def start_backup(
    caller: Caller, tenant_name: str, types: Sequence[str] | None = None, *, retry_of: str | None = None
) -> Started:
    """Make a set with its capture and fetch, or return the active one of the same tenant and types (promise 2).

    Raises UsageError for a policy type that is unknown or not supported.
    """
    chosen = sorted(set(types)) if types else None
    for key in chosen or ():
        check_type(key)
    ensure_registered(caller, tenant_name)
    return _start_backup(caller, tenant_name, chosen, retry_of)


@again_after_lost_race
def _start_backup(caller: Caller, tenant_name: str, chosen: list[str] | None, retry_of: str | None) -> Started:
    with ordering(caller, f"back up {tenant_name}") as session:
        tenant = tenant_for(caller, session, tenant_name, Capability.FETCH_START)
        identity = identity_hash(tenant.workspace_id, tenant.id, RunType.CAPTURE, chosen)
        if active := backups.active_set(session, identity):
            return Started(False, _runs_of(session, active), active)
        set_id, fetch_id = caller.new_id(), caller.new_id()
        inputs: dict[str, Any] = {"set": set_id, "types": chosen}
        capture = enqueue(caller, session, tenant, RunType.CAPTURE, identity, empty_context(inputs), retry_of=retry_of)
        fetch_identity = identity_hash(tenant.workspace_id, tenant.id, RunType.FETCH, {"set": set_id})
        fetch = enqueue(
            caller,
            session,
            tenant,
            RunType.FETCH,
            fetch_identity,
            empty_context({"set": set_id}),
            run_id=fetch_id,
            after_run_id=capture.id,
        )
        is_new = backups.insert_set(
            session,
            id=set_id,
            workspace_id=tenant.workspace_id,
            tenant_id=tenant.id,
            created_at=caller.now(),
            initiator=caller.actor.key,
            initiator_name=caller.actor.name,
            types=chosen,
            identity_hash=identity,
            capture_run_id=capture.id,
            fetch_run_id=fetch.id,
            policy_types=chosen or [policy_type.key for policy_type in supported_types()],
        )
        if not is_new:
            raise LostRace
        record(
            caller,
            session,
            Action.BACKUP_STARTED,
            workspace_id=tenant.workspace_id,
            tenant_id=tenant.id,
            resource_type="backup_set",
            resource_id=set_id,
            details={"types": chosen, "capture": capture.id, "fetch": fetch.id},
        )
        return Started(True, [capture, fetch], backups.get_set(session, set_id))


@again_after_lost_race
def start_fetch(
    caller: Caller,
    set_ref: str,
    *,
    item_id: str | None = None,
    failed: bool = False,
    retry_of: str | None = None,
    part: Part | None = None,
) -> Started:
    """Fetch again what a set lacks: every failed or skipped item, those of a part, or the one named.

    ``failed`` says so explicitly. Raises Conflict when nothing is missing.
    """
    del failed  # what is there is never fetched anew: with or without the word, only gaps are filled
    part = part or Part()
    with ordering(caller, f"fetch set {set_ref}") as session:
        found = _set(caller, session, set_ref, Capability.FETCH_START)
        if found.is_active:
            return Started(False, _runs_of(session, found), found)
        tenant = bound_tenant(caller, session, found.tenant)
        item = _item(session, found, item_id) if item_id else None
        if item and item.status not in (ItemStatus.FAILED, ItemStatus.SKIPPED):
            raise Conflict(
                f"Item {item_id!r} is {item.status.value} already.", "Only what is missing is fetched again."
            )
        target = {"item": item.id} if item else {"set": found.id}
        identity = identity_hash(found.workspace_id, found.tenant_id, RunType.FETCH, target)
        if active := runs.active_run(session, identity) or _other_fetch(session, found, item):
            return Started(False, [active], found)
        chosen: list[LeftPolicy] = []
        ids = [item.id] if item else None
        if not part.is_whole:
            # The run fetches whatever is pending: the choice need not travel with it, however long it is.
            chosen = part.chosen(_left(session, found))
            ids = [one.item_id for one in chosen]
        if not backups.reopen_items(session, found.id, ids):
            raise Conflict(
                f"Set {set_ref!r} has no failed or skipped item.",
                "A policy type that could not be listed needs a new `opsconsole backup`.",
            )
        inputs: dict[str, Any] = {"set": found.id, "items": [item.id] if item else None}
        if part.reason is not None:
            inputs["reason"] = part.reason.value
        run = enqueue(caller, session, tenant, RunType.FETCH, identity, empty_context(inputs), retry_of=retry_of)
        record(
            caller,
            session,
            Action.FETCH_STARTED,
            workspace_id=found.workspace_id,
            tenant_id=found.tenant_id,
            resource_type="backup_set",
            resource_id=found.id,
            details={"run": run.id, "item": item.id if item else None} | part.told(chosen),
        )
        return Started(True, [run], backups.get_set(session, found.id))


def _left(session: Session, found: BackupSet) -> list[LeftPolicy]:
    return [
        LeftPolicy(item_id, policy_type, policy_id, failure.reason if failure else None)
        for item_id, policy_type, policy_id, failure in backups.left_items(session, found.id)
    ]


def _other_fetch(session: Session, found: BackupSet, item: BackupItem | None) -> OperationRun | None:
    """Return an active fetch of the set that would settle, and count, the same items: of all, or of any if all are wanted."""
    if not found.count("pending"):
        return None
    flt = runs.RunFilter(
        types=(RunType.FETCH,), tenant_ids=(found.tenant_id,), statuses=(Status.QUEUED, Status.RUNNING)
    )
    others, _ = runs.list_runs(session, [found.workspace_id], flt, limit=100)
    of_set = [run for run in others if run.inputs.get("set") == found.id]
    return next((run for run in of_set if item is None or run.inputs.get("items") is None), None)


def list_sets(
    caller: Caller,
    *,
    tenant: str | None = None,
    query: RecordQuery | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    backwards: bool = False,
) -> Page[BackupSet]:
    """Return sets, newest first; ``backwards``: those right before the cursor, or the oldest ones."""
    with reading(caller) as session:
        visible = visible_workspaces(caller, session)
        flt = (query or RecordQuery(tenant=tenant)).resolved(caller, session)
        found, following = backups.list_sets(
            session, visible, flt, limit=limit, cursor=id_cursor(cursor), backwards=backwards
        )
    return Page(found, following)


def show_set(caller: Caller, ref: str) -> BackupSet:
    """Return one set; ``latest`` is the newest one whose fetch completed, else the newest."""
    with reading(caller) as session:
        return _set(caller, session, ref, Capability.VIEW)


def list_items(
    caller: Caller,
    set_ref: str,
    *,
    statuses: Sequence[ItemStatus] = (),
    policy_type: str | None = None,
    search: str | None = None,
    payload: bool = False,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    backwards: bool = False,
) -> Page[BackupItem]:
    """Return the items of a set; with ``payload`` also the stored policies, which needs ``export.payload``."""
    if policy_type:
        check_type(policy_type)
    with reading(caller) as session:
        found = _set(caller, session, set_ref, Capability.EXPORT_PAYLOAD if payload else Capability.VIEW)
        items, following = backups.list_items(
            session,
            found.id,
            statuses=statuses,
            policy_type=policy_type,
            search=search,
            with_payload=payload,
            limit=limit,
            cursor=id_cursor(cursor),
            backwards=backwards,
        )
    return Page(items, following)


def show_item(caller: Caller, set_ref: str, item_ref: str, *, payload: bool = False) -> BackupItem:
    """Return one item by its id (or a unique suffix), with its policy if ``payload``."""
    with reading(caller) as session:
        found = _set(caller, session, set_ref, Capability.EXPORT_PAYLOAD if payload else Capability.VIEW)
        return _item(session, found, item_ref, payload=payload)


def set_names(caller: Caller, set_ref: str) -> dict[str, str]:
    """Return the names of groups and filters as the directory knew them when the set was made, by id."""
    with reading(caller) as session:
        found = _set(caller, session, set_ref, Capability.VIEW)
        return {name.id: name.name for name in backups.get_names(session, found.id) if name.name}


def export_set(caller: Caller, ref: str, directory: Path) -> dict[str, Any]:
    """Write a set into ``directory``, one file a policy and a manifest; needs ``export.payload`` and is audited.

    Raises UsageError if the directory exists and is not empty.
    """
    with ordering(caller, f"export set {ref}") as session:
        found = _set(caller, session, ref, Capability.EXPORT_PAYLOAD)
    count = write_export(caller, found, directory)
    with ordering(caller, f"export set {ref}") as session:
        require(caller, session, found.workspace_id, Capability.EXPORT_PAYLOAD, noun="backup set", ref=ref)
        record(
            caller,
            session,
            Action.PAYLOAD_EXPORTED,
            workspace_id=found.workspace_id,
            tenant_id=found.tenant_id,
            resource_type="backup_set",
            resource_id=found.id,
            details={"items": count},
        )
    return {"backup_set": found.id, "directory": str(directory), "items": count}


def item_json(item: BackupItem, *, payload: bool = False) -> dict[str, Any]:
    """Return the JSON of contract.md for an item; what Graph sent stands in it as text (``domain.json_text``)."""
    value: dict[str, Any] = {
        "id": item.id,
        "policy_type": item.policy_type,
        "policy_id": item.policy_id,
        "policy_name": item.policy_name,
        "status": item.status.value,
        "assignments": JsonText(item.assignments) if item.assignments is not None and _is_settled(item) else None,
        "failure": item.failure.to_json() if item.failure else None,
        "fetch_run": item.fetch_run_id,
    }
    if payload:
        value["policy"] = JsonText(item.policy) if item.policy is not None else None
    return value


def _is_settled(item: BackupItem) -> bool:
    return item.status is ItemStatus.FETCHED


def check_type(key: str) -> None:
    """Raise UsageError unless ``key`` is a policy type that can be backed up."""
    known = POLICY_TYPES.get(key)
    if known is None:
        raise UsageError(
            f"There is no policy type {key!r}.{suggestion(key, POLICY_TYPES)}",
            "`opsconsole policy-types list` shows all of them.",
        )
    if not known.is_supported:
        raise UsageError(
            f"Policy type {key!r} is not supported: {known.why_not}",
            "`opsconsole policy-types list` shows all of them.",
        )


def resolve_set(caller: Caller, session: Session, ref: str, capability: Capability) -> BackupSet:
    """Return the set that ``ref`` names, if the caller has ``capability`` on it."""
    return _set(caller, session, ref, capability)


def _set(caller: Caller, session: Session, ref: str, capability: Capability) -> BackupSet:
    if ref == backups.LATEST:
        set_id = pick("backup set", ref, backups.resolve_set_id(session, ref, visible_workspaces(caller, session)))
    else:
        set_id = find(caller, session, "backup set", ref, backups.resolve_set_id)
    found = backups.get_set(session, set_id)
    if found is None:
        raise nothing_there("backup set", ref)
    require(caller, session, found.workspace_id, capability, noun="backup set", ref=ref)
    return found


def _item(session: Session, found: BackupSet, ref: str, *, payload: bool = False) -> BackupItem:
    # Not every policy's id is hexadecimal; upper and lower case make no other id.
    text = ref.strip()
    matching = backups.resolve_item_id(session, found.id, text) or backups.resolve_item_id(
        session, found.id, text.lower()
    )
    item_id = pick("backup item", ref, matching)
    item = backups.get_item(session, item_id, with_payload=payload)
    if item is None:
        raise nothing_there("backup item", ref)
    return item


def _runs_of(session: Session, found: BackupSet) -> list[Any]:
    made = (runs.get_run(session, run_id) for run_id in (found.capture_run_id, found.fetch_run_id))
    return [run for run in made if run is not None]
