"""The failure records of a run, in the order they came."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from opsconsole.domain.failure import Failure
from opsconsole.store.columns import to_json_text
from opsconsole.store.database import Row, Session
from opsconsole.store.keyset import keyset
from opsconsole.store.text_search import holds_part, part_pattern


def add_failures(s: Session, run_id: str, failures: Sequence[Failure]) -> None:
    """Add failure records behind those that are there. The caller holds the run's lock."""
    if not failures:
        return
    last = s.one(
        "SELECT r.workspace_id, (SELECT COALESCE(MAX(seq), 0) FROM operation_run_failures WHERE run_id = :id) AS seq"
        " FROM operation_runs r WHERE r.id = :id",
        id=run_id,
    )
    if last is None:
        return
    s.many(
        "INSERT INTO operation_run_failures (run_id, seq, workspace_id, code, reason_code, message, subject, graph)"
        " VALUES (:run_id, :seq, :workspace_id, :code, :reason_code, :message, :subject, :graph)",
        [
            {
                "run_id": run_id,
                "seq": seq,
                "workspace_id": last["workspace_id"],
                "code": failure.code.value,
                "reason_code": failure.reason.value,
                "message": failure.message,
                "subject": to_json_text(failure.subject.to_json()),
                "graph": to_json_text(failure.trace.to_json()),
            }
            for seq, failure in enumerate(failures, int(last["seq"]) + 1)
        ],
    )


def clear_failures(s: Session, run_id: str) -> int:
    """Forget the failures of a run that starts anew after its worker was lost. The caller holds the run's lock."""
    return s.run("DELETE FROM operation_run_failures WHERE run_id = :id", id=run_id)


def failure_groups(s: Session, run_id: str) -> list[tuple[str, str, int]]:
    """Return how often each reason and code occurs in a run, most frequent first."""
    rows = s.all(
        "SELECT reason_code, code, COUNT(*) AS n FROM operation_run_failures WHERE run_id = :id"
        " GROUP BY reason_code, code ORDER BY n DESC, reason_code, code",
        id=run_id,
    )
    return [(row["reason_code"], row["code"], int(row["n"])) for row in rows]


def list_failures(
    s: Session,
    run_id: str,
    *,
    reason: str | None = None,
    search: str | None = None,
    limit: int,
    after_seq: int = 0,
    before_seq: int | None = None,
    backwards: bool = False,
) -> list[tuple[int, Failure]]:
    """Return failure records with their numbers, in order: those after ``after_seq``.

    ``backwards``: the last ones before ``before_seq``, or of all. ``search`` is a part of what a failure is about, or of
    its message.
    """
    conditions, params = _which(s, run_id, reason, search)
    beyond, order = keyset("seq", is_falling=False, backwards=backwards)
    cursor = before_seq if backwards else after_seq
    if cursor is not None:
        conditions.append(beyond)
        params["cursor"] = cursor
    rows = s.all(
        "SELECT seq, code, reason_code, message, subject, graph FROM operation_run_failures"
        f" WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT :limit",
        **params,
        limit=limit,
    )
    found = [(int(row["seq"]), _to_failure(row)) for row in rows]
    return found[::-1] if backwards else found


def count_failures(s: Session, run_id: str, *, reason: str | None = None, search: str | None = None) -> int:
    """Return how many failure records a run has, of those that ``list_failures`` would list."""
    conditions, params = _which(s, run_id, reason, search)
    row = s.one(f"SELECT COUNT(*) AS n FROM operation_run_failures WHERE {' AND '.join(conditions)}", **params)
    return int(row["n"]) if row else 0


def _which(s: Session, run_id: str, reason: str | None, search: str | None) -> tuple[list[str], dict[str, Any]]:
    conditions, params = ["run_id = :id"], dict[str, Any](id=run_id)
    if reason:
        conditions.append("reason_code = :reason")
        params["reason"] = str(reason)
    if search:
        said = [
            s.pick(sqlite=f"json_extract(subject, '$.{name}')", postgres=f"CAST(subject AS json) ->> '{name}'")
            for name in ("policy_name", "policy_id", "policy_type")
        ]
        conditions.append(holds_part(*said, "message"))
        params["part"] = part_pattern(search)
    return conditions, params


def _to_failure(row: Row) -> Failure:
    return Failure.from_json(
        {
            "code": row["code"],
            "reason_code": row["reason_code"],
            "message": row["message"],
            "subject": json.loads(row["subject"]),
            "graph": json.loads(row["graph"]),
        }
    )
