"""Restores: preview, confirm, run, retry and undo. Every one of them enqueues; none calls Graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opsconsole.domain.access import Capability
from opsconsole.domain.audit import Action
from opsconsole.domain.failure import Reason
from opsconsole.domain.plan import Danger, Mode, danger_sentence
from opsconsole.domain.restore import RETRIABLE, ItemState, RestoreRun, RestoreStatus
from opsconsole.domain.run import RunType, empty_context
from opsconsole.domain.run_identity import identity_hash
from opsconsole.errors import Conflict, PlanOutdated, UsageError
from opsconsole.service.backups import check_type, resolve_set
from opsconsole.service.caller import Caller
from opsconsole.service.enqueue import again_after_lost_race, enqueue
from opsconsole.service.gaps import check_gaps, check_left_out
from opsconsole.service.guard import ordering, reading, record
from opsconsole.service.mapping import read_mapping
from opsconsole.service.parts import LeftPolicy, Part
from opsconsole.service.restore_lists import (
    all_restore_items,
    list_restore_items,
    list_restores,
    restore_at,
    show_restore,
)
from opsconsole.service.started import Started
from opsconsole.service.tenants import bound_tenant, ensure_registered, tenant_for
from opsconsole.store import restores, runs, tenants
from opsconsole.store.database import Session
from opsconsole.store.tenants import TenantRow
from opsconsole.store.undone import EXECUTIONS

__all__ = [
    "PLAN_DIGITS",
    "Confirmation",
    "all_restore_items",
    "confirmation",
    "left_to_write",
    "list_restore_items",
    "list_restores",
    "parse_item",
    "preview_from",
    "restore_to_execute",
    "retry_restore",
    "run_restore",
    "show_restore",
    "start_preview",
    "undo_restore",
]

MAX_NAMED = 50
"""Policies left out by hand that an audit entry names; the plan keeps all of them."""

PLAN_DIGITS = 8
"""A plan may be named by the first digits of its hash; fewer than these could be met by chance."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What must be said before a plan runs. ``must_type`` is the text to type, or None where a plain yes is enough."""

    restore_run: RestoreRun
    tenant: str
    is_production: bool
    changes: int
    added: int
    removed: int
    blocked: int
    dangers: tuple[str, ...]
    must_type: str | None
    plan_hash: str


def start_preview(
    caller: Caller,
    set_ref: str,
    tenant_name: str,
    *,
    items: Sequence[str] = (),
    without: Sequence[str] = (),
    mode: Mode = Mode.EXACT,
    mapping: str | None = None,
    accept_missing: int = 0,
    retry_of: str | None = None,
) -> Started:
    """Make a restore run and enqueue its preview. ``mapping`` is a mapping file's text.

    ``items`` and ``without`` are ``TYPE:ID`` texts: only these policies, and all but these. Raises NotFound for one
    that the set has not, Conflict while its fetch is active, and for an incomplete set unless ``accept_missing`` is
    exactly what is missing or ``items`` avoid the gaps (promise 3).
    """
    chosen = [parse_item(text) for text in items]
    inputs: dict[str, Any] = {
        "items": [f"{key}:{policy_id}" for key, policy_id in chosen],
        "without": [f"{key}:{policy_id}" for key, policy_id in (parse_item(text) for text in without)],
        "mapping": read_mapping(mapping),
        "accept_missing": accept_missing,
    }
    return preview_from(caller, set_ref, tenant_name, inputs, mode, retry_of=retry_of)


def preview_from(
    caller: Caller,
    set_ref: str,
    tenant_name: str,
    inputs: dict[str, Any],
    mode: Mode,
    *,
    retry_of: str | None = None,
) -> Started:
    """Make a restore run from checked inputs, as ``start_preview`` and the retry of a preview do."""
    ensure_registered(caller, tenant_name)
    with ordering(caller, f"preview set {set_ref} for {tenant_name}") as session:
        tenant = tenant_for(caller, session, tenant_name, Capability.PREVIEW_CREATE)
        found = resolve_set(caller, session, set_ref, Capability.VIEW)
        if found.workspace_id != tenant.workspace_id:
            raise UsageError(
                "The set and the tenant belong to different workspaces.", "Restore within one workspace only."
            )
        fetching = identity_hash(found.workspace_id, found.tenant_id, RunType.FETCH, {"set": found.id})
        if found.is_active or found.count("pending") or runs.active_run(session, fetching):
            raise Conflict(
                f"The fetch of set {set_ref!r} is still active.", "Wait for it: `opsconsole runs watch RUN`."
            )
        check_gaps(session, found, [parse_item(text) for text in inputs["items"]], inputs)
        check_left_out(session, found, [parse_item(text) for text in inputs.get("without", ())])
        return _insert_preview(caller, session, tenant, found.id, inputs, mode, None, retry_of)


def _insert_preview(
    caller: Caller,
    session: Session,
    tenant: TenantRow,
    set_id: str | None,
    inputs: dict[str, Any],
    mode: Mode,
    undo_of: str | None,
    retry_of: str | None = None,
) -> Started:
    restore_id, run_id = caller.new_id(), caller.new_id()
    left_out = inputs.get("without") or []
    identity = identity_hash(tenant.workspace_id, tenant.id, RunType.PREVIEW, {"restore": restore_id})
    run = enqueue(
        caller,
        session,
        tenant,
        RunType.PREVIEW,
        identity,
        empty_context({"restore": restore_id, "set": set_id, "mode": mode.value, "undo_of": undo_of}),
        run_id=run_id,
        retry_of=retry_of,
    )
    restores.insert_restore(
        session,
        id=restore_id,
        workspace_id=tenant.workspace_id,
        tenant_id=tenant.id,
        set_id=set_id,
        mode=mode,
        undo_of=undo_of,
        preview_run_id=run_id,
        initiator=caller.actor.key,
        initiator_name=caller.actor.name,
        created_at=caller.now(),
        inputs=inputs,
    )
    record(
        caller,
        session,
        Action.RESTORE_UNDO_REQUESTED if undo_of else Action.PREVIEW_STARTED,
        workspace_id=tenant.workspace_id,
        tenant_id=tenant.id,
        resource_type="restore_run",
        resource_id=restore_id,
        details={
            "run": run_id,
            "backup_set": set_id,
            "mode": mode.value,
            "undo_of": undo_of,
            **({"left_out": len(left_out), "left_out_first": left_out[:MAX_NAMED]} if left_out else {}),
        },
    )
    return Started(True, [run], None, restores.get_restore(session, restore_id))


def confirmation(caller: Caller, ref: str) -> Confirmation:
    """Return what a screen or command must say before the plan runs. Raises Conflict unless the run is previewed."""
    with reading(caller) as session:
        found = restore_at(caller, session, ref, Capability.VIEW)
        _must_be_previewed(found)
        added = removed = 0
        cursor: str | None = None
        while True:
            items, cursor = restores.list_restore_items(
                session, found.id, states=(ItemState.WILL_CHANGE,), limit=1000, cursor=cursor
            )
            added += sum(len(item.added) for item in items)
            removed += sum(len(item.removed) for item in items)
            if cursor is None:
                break
    is_production = _is_production(caller, found)
    words = tuple(
        danger_sentence(danger, found.dangers[danger.value]) for danger in Danger if found.dangers.get(danger.value)
    )
    return Confirmation(
        found,
        found.tenant,
        is_production,
        found.counts.get("will_change", 0),
        added,
        removed,
        found.counts.get("blocked", 0),
        words,
        found.tenant if is_production or found.is_dangerous else None,
        found.plan_hash or "",
    )


@again_after_lost_race
def run_restore(caller: Caller, ref: str, *, plan_hash: str | None = None, justification: str = "") -> Started:
    """Enqueue the execution of a previewed plan. Raises PlanOutdated if ``plan_hash`` is not the stored plan's.

    The first ``PLAN_DIGITS`` digits of the hash are enough.
    """
    with ordering(caller, f"run restore {ref}") as session:
        found = restore_at(caller, session, ref, Capability.RESTORE_EXECUTE)
        if found.status is RestoreStatus.EXECUTING and found.executions:
            active = runs.get_run(session, found.executions[-1].run_id)
            if active and active.is_active:
                return Started(False, [active], None, found)
        _must_be_previewed(found)
        if plan_hash is not None and not _names_plan(plan_hash, found):
            raise PlanOutdated(
                "The plan's hash differs from the one you named.", "Look at `opsconsole restore show` again."
            )
        return _insert_execution(caller, session, found, {"justification": justification} if justification else {})


@again_after_lost_race
def retry_restore(
    caller: Caller, ref: str, *, justification: str = "", reason: Reason | None = None, items: Sequence[str] = ()
) -> Started:
    """Enqueue a new execution with what failed, waits for approval, or was left out by a cancellation.

    Of that only what failed for ``reason``, and of ``items`` (``TYPE:ID``), where they are given.
    """
    part = Part(reason, tuple(items))
    with ordering(caller, f"retry restore {ref}") as session:
        found = restore_at(caller, session, ref, Capability.RESTORE_EXECUTE)
        last = runs.get_run(session, found.executions[-1].run_id) if found.executions else None
        if last is None:
            raise Conflict("This restore was never run.", "Run it with `opsconsole restore run`.")
        if last.is_active:
            return Started(False, [last], None, found)
        extra: dict[str, Any] = {"justification": justification} if justification else {}
        left = _left(session, found)
        if not left:
            raise Conflict("Nothing is left to retry.", "Blocked policies need a new preview.")
        chosen = part.chosen(left)
        ids = None if part.is_whole else [one.item_id for one in chosen]
        extra["items"] = restores.reopen_items(session, found.id, RETRIABLE, ids)
        if part.reason is not None:
            extra["reason"] = part.reason.value
        return _insert_execution(caller, session, found, extra, retry_of=last.id, told=part.told(chosen))


def _left(session: Session, found: RestoreRun) -> list[LeftPolicy]:
    return [
        LeftPolicy(item_id, policy_type, policy_id, failure.reason if failure else None)
        for item_id, policy_type, policy_id, failure in restores.left_items(session, found.id, RETRIABLE)
    ]


def _insert_execution(
    caller: Caller,
    session: Session,
    found: RestoreRun,
    extra: dict[str, Any],
    retry_of: str | None = None,
    told: dict[str, Any] | None = None,
) -> Started:
    tenant = bound_tenant(caller, session, found.tenant)
    identity = identity_hash(found.workspace_id, found.tenant_id, RunType.RESTORE, {"restore": found.id})
    if active := runs.active_run(session, identity):
        return Started(False, [active], None, found)
    chosen = extra.get("items")
    total = len(chosen) if chosen is not None else sum(found.counts.values())
    inputs = {"restore": found.id, "plan_hash": found.plan_hash, **extra}
    run = enqueue(caller, session, tenant, RunType.RESTORE, identity, empty_context(inputs, total), retry_of=retry_of)
    restores.add_execution(session, found.id, run.id)
    restores.set_restore_status(session, found.id, RestoreStatus.EXECUTING)
    record(
        caller,
        session,
        Action.RUN_RETRIED if retry_of else Action.RESTORE_REQUESTED,
        workspace_id=found.workspace_id,
        tenant_id=found.tenant_id,
        resource_type="restore_run",
        resource_id=found.id,
        details={"run": run.id, "plan_hash": found.plan_hash, "retry_of": retry_of, "items": total} | (told or {}),
    )
    return Started(True, [run], None, restores.get_restore(session, found.id))


def restore_to_execute(caller: Caller, ref: str) -> RestoreRun:
    """Return the restore run that is about to be executed or retried, before anybody is asked whether it shall be.

    Raises what the order itself would raise, and a refusal is audited as the order's.
    """
    with ordering(caller, f"run restore {ref}") as session:
        return restore_at(caller, session, ref, Capability.RESTORE_EXECUTE)


def left_to_write(caller: Caller, ref: str, *, reason: Reason | None = None, items: Sequence[str] = ()) -> Confirmation:
    """Return what must be said before a retry: how many policies it would take up, of which plan."""
    with reading(caller) as session:
        found = restore_at(caller, session, ref, Capability.VIEW)
        changes = len(Part(reason, tuple(items)).of(_left(session, found)))
    is_production = _is_production(caller, found)
    must_type = found.tenant if is_production else None
    return Confirmation(found, found.tenant, is_production, changes, 0, 0, 0, (), must_type, found.plan_hash or "")


def undo_restore(caller: Caller, ref: str, *, items: Sequence[str] = (), retry_of: str | None = None) -> Started:
    """Make a restore run from the first before-image of each policy over all executions, and enqueue its preview.

    Policies whose live state is no longer what the restore left are blocked, unless ``items`` names them.
    """
    chosen = [f"{key}:{policy_id}" for key, policy_id in (parse_item(text) for text in items)]
    with ordering(caller, f"undo restore {ref}") as session:
        found = restore_at(caller, session, ref, Capability.RESTORE_EXECUTE)
        if found.status is RestoreStatus.EXECUTING:
            raise Conflict("This restore is still running.", "Wait for it, or cancel it first.")
        if not restores.first_before_images(session, found.id):
            raise Conflict("This restore wrote nothing.", "There is nothing to undo.")
        tenant = bound_tenant(caller, session, found.tenant)
        inputs = {"items": chosen, "mapping": [], "accept_missing": 0, EXECUTIONS: len(found.executions)}
        return _insert_preview(caller, session, tenant, found.set_id, inputs, Mode.EXACT, found.id, retry_of)


def parse_item(text: str) -> tuple[str, str]:
    """Return the type and id that ``TYPE:ID`` names. Raises UsageError."""
    key, colon, policy_id = text.partition(":")
    if not colon or not policy_id.strip():
        raise UsageError(f"{text!r} is not TYPE:ID.", "For example settingsCatalogPolicy:0a1b….")
    check_type(key)
    return key, policy_id.strip()


def _names_plan(text: str, found: RestoreRun) -> bool:
    return len(text) >= PLAN_DIGITS and (found.plan_hash or "").startswith(text.lower())


def _must_be_previewed(found: RestoreRun) -> None:
    if found.status is RestoreStatus.PREVIEWED:
        return
    next_step = {
        RestoreStatus.PREVIEWING: "Wait for the preview: `opsconsole runs watch RUN`.",
        RestoreStatus.PREVIEW_FAILED: "Look at the preview's failures, then preview again.",
        RestoreStatus.EXECUTING: "It is running: `opsconsole runs watch RUN`.",
    }.get(found.status, "Use `opsconsole restore retry` or `opsconsole restore undo`, or preview again.")
    raise Conflict(f"This restore is {found.status.value}, not previewed.", next_step)


def _is_production(caller: Caller, found: RestoreRun) -> bool:
    config = caller.config.tenant(found.tenant)
    if config and config.production:
        return True
    with caller.db.read() as session:
        row = tenants.get_tenant(session, found.tenant)
    return bool(row and row.production)
