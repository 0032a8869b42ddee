"""The items of a restore run that its executions take up, give up and name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from opsconsole.domain.failure import Failure
from opsconsole.domain.restore import ItemState
from opsconsole.store.columns import failure_text, to_failure
from opsconsole.store.database import Session, bind_list, chunks


def reopen_items(
    s: Session, restore_id: str, states: Iterable[ItemState], ids: Sequence[str] | None = None
) -> list[str]:
    """Make items that were planned to change and ended in one of ``states`` ready to be written again; return their ids.

    Of ``ids`` where given, else all of them.
    """
    names, params = bind_list("st", sorted(state.value for state in states))
    parts: Iterable[Sequence[str] | None] = chunks(list(ids)) if ids is not None else [None]
    rows = []
    for part in parts:
        only, more = "", dict[str, Any]()
        if part is not None:
            chosen, more = bind_list("i", part)
            only = f" AND id IN ({chosen})"
        rows += s.all(
            "UPDATE restore_items SET state = 'will_change', failure = NULL WHERE restore_run_id = :id"
            f" AND plan_state = 'will_change' AND state IN ({names}){only} RETURNING id, seq",
            id=restore_id,
            **params,
            **more,
        )
    return [row["id"] for row in sorted(rows, key=lambda row: int(row["seq"]))]


def left_items(s: Session, restore_id: str, states: Iterable[ItemState]) -> list[tuple[str, str, str, Failure | None]]:
    """Return id, policy type, policy id and failure of every item that ``reopen_items`` would take up."""
    names, params = bind_list("st", sorted(state.value for state in states))
    rows = s.all(
        "SELECT id, policy_type, policy_id, failure FROM restore_items WHERE restore_run_id = :id"
        f" AND plan_state = 'will_change' AND state IN ({names}) ORDER BY seq",
        id=restore_id,
        **params,
    )
    return [(row["id"], row["policy_type"], row["policy_id"], to_failure(row["failure"])) for row in rows]


def skip_rest(s: Session, restore_id: str, failure: Failure, *, ids: Sequence[str] | None = None) -> int:
    """Mark what an execution (of ``ids``, or of everything) did not come to as skipped, for one reason; return how many."""
    skipped = 0
    parts: Iterable[Sequence[str] | None] = chunks(list(ids)) if ids is not None else [None]
    for part in parts:
        params: dict[str, Any] = {}
        only = ""
        if part is not None:
            names, params = bind_list("i", part)
            only = f" AND id IN ({names})"
        skipped += s.run(
            "UPDATE restore_items SET state = 'skipped', failure = :failure"
            f" WHERE restore_run_id = :id AND state = 'will_change'{only}",
            id=restore_id,
            failure=failure_text(failure),
            **params,
        )
    return skipped


def ids_to_write(s: Session, restore_id: str, ids: Sequence[str] | None = None) -> list[str]:
    """Return the ids of the items (of ``ids``, or of all) that are still to be written, in the plan's order."""
    rows = s.all(
        "SELECT id FROM restore_items WHERE restore_run_id = :id AND state = 'will_change' ORDER BY seq", id=restore_id
    )
    chosen = None if ids is None else set(ids)
    return [row["id"] for row in rows if chosen is None or row["id"] in chosen]
