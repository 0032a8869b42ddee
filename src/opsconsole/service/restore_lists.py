"""Restore runs and their items: listed, page by page, and shown."""

from __future__ import annotations

from collections.abc import Sequence

from opsconsole.domain.access import Capability
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun
from opsconsole.service.caller import DEFAULT_LIMIT, Caller, Page
from opsconsole.service.cursors import id_cursor, number_cursor
from opsconsole.service.guard import find, nothing_there, reading, require, visible_workspaces
from opsconsole.service.record_query import RecordQuery
from opsconsole.store import restores
from opsconsole.store.database import Session


def list_restores(
    caller: Caller,
    *,
    tenant: str | None = None,
    query: RecordQuery | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    backwards: bool = False,
) -> Page[RestoreRun]:
    """Return restore runs, newest first; ``backwards``: those right before the cursor, or the oldest ones."""
    with reading(caller) as session:
        visible = visible_workspaces(caller, session)
        flt = (query or RecordQuery(tenant=tenant)).resolved(caller, session)
        found, following = restores.list_restores(
            session, visible, flt, limit=limit, cursor=id_cursor(cursor), backwards=backwards
        )
    return Page(found, following)


def show_restore(caller: Caller, ref: str) -> RestoreRun:
    """Return one restore run."""
    with reading(caller) as session:
        return restore_at(caller, session, ref, Capability.VIEW)


def list_restore_items(
    caller: Caller,
    ref: str,
    *,
    states: Sequence[ItemState] = (),
    policy_type: str | None = None,
    search: str | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    backwards: bool = False,
) -> Page[RestoreItem]:
    """Return the items of a restore run, in the plan's order; ``search`` is a part of a policy's name or id."""
    with reading(caller) as session:
        found = restore_at(caller, session, ref, Capability.VIEW)
        items, following = restores.list_restore_items(
            session,
            found.id,
            states=states,
            policy_type=policy_type,
            search=search,
            limit=limit,
            cursor=number_cursor(cursor),
            backwards=backwards,
        )
    return Page(items, following)


def all_restore_items(caller: Caller, ref: str) -> tuple[RestoreItem, ...]:
    """Return every item of a restore run, for the JSON of contract.md."""
    result: list[RestoreItem] = []
    cursor: str | None = None
    while True:
        page = list_restore_items(caller, ref, limit=1000, cursor=cursor)
        result.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return tuple(result)


def restore_at(caller: Caller, session: Session, ref: str, capability: Capability) -> RestoreRun:
    """Return the restore run that ``ref`` names, if the caller has ``capability`` on it. Raises NotFound and Forbidden."""
    restore_id = find(caller, session, "restore run", ref, restores.resolve_restore_id)
    found = restores.get_restore(session, restore_id)
    if found is None:
        raise nothing_there("restore run", ref)
    require(caller, session, found.workspace_id, capability, noun="restore run", ref=ref)
    return found
