"""The record of each write to Graph: its intent before it is sent, what became of it, and the way back (promises 8, 11)."""

from __future__ import annotations

from collections.abc import Sequence

from opsconsole.domain.restore import RestoreWrite, StepKind, WriteState
from opsconsole.store.database import Row, Session, bind_list, chunks

_SELECT = (
    "SELECT run_id, restore_item_id, step, kind, before_image, body, state, lease_epoch, created_at, settled_at,"
    " assignment_id, after_fingerprint, approval_code FROM restore_writes"
)


def record_intent(s: Session, write: RestoreWrite, workspace_id: str) -> None:
    """Record what is about to be sent and what was there before: once a step. Raises Conflict for one that has its record."""
    s.run(
        "INSERT INTO restore_writes (run_id, restore_item_id, step, workspace_id, kind, assignment_id, before_image, body,"
        " after_fingerprint, state, lease_epoch, created_at, settled_at) VALUES (:run_id, :item, :step, :workspace_id,"
        " :kind, :assignment_id, :before_image, :body, :after_fingerprint, :state, :epoch, :created_at, :settled_at)",
        run_id=write.run_id,
        item=write.restore_item_id,
        step=write.step,
        workspace_id=workspace_id,
        kind=write.kind.value,
        assignment_id=write.assignment_id,
        before_image=write.before_image,
        body=write.body,
        after_fingerprint=write.after_fingerprint,
        state=write.state.value,
        epoch=write.lease_epoch,
        created_at=write.created_at,
        settled_at=write.settled_at,
    )


def settle_write(
    s: Session, run_id: str, item_id: str, step: int, state: WriteState, now: str, *, approval_code: str = ""
) -> None:
    """Note what is known of a write after reading back, and the code by which an approved one is resubmitted."""
    s.run(
        "UPDATE restore_writes SET state = :state, settled_at = :now, approval_code = :code"
        " WHERE run_id = :run_id AND restore_item_id = :item AND step = :step",
        run_id=run_id,
        item=item_id,
        step=step,
        state=str(state),
        now=now,
        code=approval_code,
    )


def unsettled_writes(s: Session, run_id: str) -> list[RestoreWrite]:
    """Return the intents of a run of which nothing is known, in the order they were made."""
    rows = s.all(
        f"{_SELECT} WHERE run_id = :id AND state = 'intent' ORDER BY created_at, restore_item_id, step", id=run_id
    )
    return [_to_write(row) for row in rows]


def writes_of_item(s: Session, restore_item_id: str) -> list[RestoreWrite]:
    """Return every write of an item over all executions, oldest first."""
    # By execution and step, not by time: the clocks of two engines need not agree.
    rows = s.all(
        f"{_SELECT} WHERE restore_item_id = :id ORDER BY"
        " (SELECT e.seq FROM restore_executions e WHERE e.run_id = restore_writes.run_id), step",
        id=restore_item_id,
    )
    return [_to_write(row) for row in rows]


def count_written(s: Session, restore_run_id: str) -> dict[str, int]:
    """Return how many items of each policy type were ever written, by type."""
    rows = s.all(
        "SELECT i.policy_type, COUNT(DISTINCT i.id) AS n FROM restore_items i JOIN restore_writes w ON"
        " w.restore_item_id = i.id WHERE i.restore_run_id = :id GROUP BY i.policy_type ORDER BY i.policy_type",
        id=restore_run_id,
    )
    return {row["policy_type"]: int(row["n"]) for row in rows}


def first_before_images(s: Session, restore_run_id: str, policy_type: str | None = None) -> dict[str, str]:
    """Return what was there first, for each item (of one type) that was ever written, in the plan's order."""
    images: dict[str, str] = {}
    only, params = (" AND i.policy_type = :type", {"type": policy_type}) if policy_type else ("", {})
    for row in s.all(
        "SELECT w.restore_item_id, w.before_image FROM restore_items i"
        " JOIN restore_writes w ON w.restore_item_id = i.id JOIN restore_executions e ON e.run_id = w.run_id"
        f" WHERE i.restore_run_id = :id{only} ORDER BY i.seq, e.seq, w.step",
        id=restore_run_id,
        **params,
    ):
        images.setdefault(row["restore_item_id"], row["before_image"])
    return images


def written_items(s: Session, run_id: str, *, limit: int, after: str = "") -> list[str]:
    """Return the ids of the items that an execution wrote, those after ``after``, in the order of ids."""
    rows = s.all(
        "SELECT DISTINCT restore_item_id FROM restore_writes WHERE run_id = :run AND restore_item_id > :after"
        " ORDER BY restore_item_id LIMIT :limit",
        run=run_id,
        after=after,
        limit=limit,
    )
    return [row["restore_item_id"] for row in rows]


def count_written_items(s: Session, run_id: str) -> int:
    """Return how many items an execution wrote."""
    rows = s.all("SELECT COUNT(DISTINCT restore_item_id) AS n FROM restore_writes WHERE run_id = :run", run=run_id)
    return int(rows[0]["n"])


def writes_of_run(s: Session, run_id: str, item_ids: Sequence[str]) -> list[RestoreWrite]:
    """Return what an execution wrote to these items, by item and step."""
    found: list[RestoreWrite] = []
    for part in chunks(list(item_ids)):
        names, params = bind_list("i", part)
        rows = s.all(
            f"{_SELECT} WHERE run_id = :run AND restore_item_id IN ({names}) ORDER BY restore_item_id, step",
            run=run_id,
            **params,
        )
        found += [_to_write(row) for row in rows]
    return found


def _to_write(row: Row) -> RestoreWrite:
    return RestoreWrite(**{**row, "kind": StepKind(row["kind"]), "state": WriteState(row["state"])})
