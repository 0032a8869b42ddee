"""Sets, restores, items and failures: each filter lists from both ends what it says, and counts it exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from builders import ALICE, BOB, at, listed_items, make_failure, make_place, make_run, make_set
from opsconsole.domain.backup import ItemStatus, TypeStatus
from opsconsole.domain.difference import DifferenceFilter
from opsconsole.domain.failure import Failure, FailureCode, Reason, Subject
from opsconsole.domain.ids import new_id
from opsconsole.domain.plan import Mode
from opsconsole.store import backups, drift, restores, runs, set_pairs
from opsconsole.store.backups import Settled
from opsconsole.store.database import Database, Session
from opsconsole.store.record_filter import RecordFilter


def walked(read: Callable[..., tuple[list[Any], str | None]]) -> tuple[list[str], list[str]]:
    """Return the ids of a list read downwards, and read upwards from its end, both in the list's order."""
    both = []
    for backwards in (False, True):
        ids: list[str] = []
        cursor = None
        while True:
            page, cursor = read(limit=2, cursor=cursor, backwards=backwards)
            found = [row.id for row in page]
            ids = found + ids if backwards else ids + found
            if cursor is None:
                break
        both.append(ids)
    return both[0], both[1]


def test_sets_are_found_by_state_time_tenant_and_who_made_them(store: Database) -> None:
    with store.write() as s:
        spot, other = make_place(s), make_place(s, "other", "adatum")
        whole, gappy, active = make_set(s, *spot), make_set(s, *spot), make_set(s, *other)
        for number, one in enumerate((whole, gappy, active), start=1):
            s.run("UPDATE backup_sets SET created_at = :at WHERE id = :id", at=at(10 * number), id=one.id)
        for made, status in ((whole, TypeStatus.LISTED), (gappy, TypeStatus.FAILED)):
            for key in made.by_type:
                backups.set_type_status(s, made.id, key, TypeStatus.LISTED)
            backups.set_type_status(s, made.id, "deviceConfiguration", status)
            s.run("UPDATE backup_sets SET is_active = 0 WHERE id = :id", id=made.id)
        s.run("UPDATE backup_sets SET initiator_name = 'Bob' WHERE id = :id", id=gappy.id)
        spaces = [spot[0], other[0]]
        wanted = {
            RecordFilter(): [active, gappy, whole],
            RecordFilter(states=("complete",)): [whole],
            RecordFilter(states=("incomplete", "active")): [active, gappy],
            RecordFilter(since=at(15)): [active, gappy],
            RecordFilter(until=at(20)): [whole],
            RecordFilter(by="bob"): [gappy],
            RecordFilter(tenant_ids=(spot[1],)): [gappy, whole],
            RecordFilter(search="adat"): [active],
            RecordFilter(search="BO"): [gappy],
            RecordFilter(search=whole.id[-8:]): [whole],
            RecordFilter(search="%"): [],
        }
        for flt, sets in wanted.items():
            ids = sorted((one.id for one in sets), reverse=True)
            down, up = walked(lambda flt=flt, **named: backups.list_sets(s, spaces, flt, **named))  # type: ignore[misc]
            assert down == up == ids, flt
            assert backups.count_sets(s, spaces, flt) == len(ids), flt
            assert backups.count_sets(s, [], flt) == 0


def _restore(s: Session, spot: tuple[str, str], *, by: str = "alice") -> str:
    run = make_run(s, *spot)
    made = new_id()
    restores.insert_restore(
        s,
        id=made,
        workspace_id=spot[0],
        tenant_id=spot[1],
        set_id=None,
        mode=Mode.EXACT,
        undo_of=None,
        preview_run_id=run.id,
        initiator=ALICE.key,
        initiator_name=by,
        created_at=at(10),
        inputs={},
    )
    return made


def test_restores_are_found_by_state_and_who_made_them(store: Database) -> None:
    with store.write() as s:
        spot = make_place(s)
        first, second, third = (_restore(s, spot, by=name) for name in ("alice", "bob", "alice"))
        s.run("UPDATE restore_runs SET status = 'cancelled' WHERE id = :id", id=second)
        wanted = {
            RecordFilter(): [third, second, first],
            RecordFilter(states=("cancelled",)): [second],
            RecordFilter(states=("previewing", "cancelled")): [third, second, first],
            RecordFilter(by="ALICE"): [third, first],
            RecordFilter(search="bo"): [second],
            RecordFilter(since=at(11)): [],
        }
        for flt, ids in wanted.items():
            down, up = walked(lambda flt=flt, **named: restores.list_restores(s, [spot[0]], flt, **named))  # type: ignore[misc]
            assert down == up == ids, flt
            assert restores.count_restores(s, [spot[0]], flt) == len(ids), flt


def test_items_of_a_set_are_found_and_counted(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
        items = listed_items(5)
        backups.add_listed_items(s, made, items)
        settled = [Settled(item.id, ItemStatus.FETCHED, "[]") for item in items[1:]]
        failed = Settled(items[0].id, ItemStatus.FAILED, failure=make_failure())
        backups.settle_items(s, made.id, made.fetch_run_id, [failed, *settled])
        for named, wanted in (
            ({}, items),
            ({"statuses": ("failed",)}, items[:1]),
            ({"search": items[2].policy_id.upper()}, [items[2]]),
            ({"policy_type": "bogus"}, []),
        ):
            down, up = walked(lambda named=named, **more: backups.list_items(s, made.id, **named, **more))  # type: ignore[misc]
            assert down == up == sorted(item.id for item in wanted)
            assert backups.count_items(s, made.id, **named) == len(wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("search", "wanted"),
    [
        (None, [1, 2, 3]),
        ("POLICY p2", [2]),
        ("deviceconf", [1, 2, 3]),
        ("refused", [1, 2, 3]),
        ("policy_name", []),
        ('"', []),
    ],
)
def test_failures_are_found_by_what_they_are_about(store: Database, search: str | None, wanted: list[int]) -> None:
    with store.write() as s:
        run = make_run(s, *make_place(s), initiator=BOB.key)
        runs.add_failures(s, run.id, [make_failure(Reason.TIMEOUT, f"p{number}") for number in (1, 2, 3)])
        assert [seq for seq, _ in runs.list_failures(s, run.id, search=search, limit=9)] == wanted
        assert runs.count_failures(s, run.id, search=search) == len(wanted)
        last = runs.list_failures(s, run.id, search=search, limit=2, backwards=True)
        assert [seq for seq, _ in last] == wanted[-2:]
        before = runs.list_failures(s, run.id, search=search, limit=2, backwards=True, before_seq=2)
        assert [seq for seq, _ in before] == [seq for seq in wanted if seq < 2]


@pytest.mark.parametrize("text", ["Österreich", "österreich", "ÖSTERREICH", "ПОЛИТИКА", "политика"])
def test_letters_beyond_ascii_are_found_whatever_their_case(store: Database, text: str) -> None:
    name = "Österreich Политика"
    with store.write() as s:
        spot = make_place(s)
        first, second = make_set(s, *spot), make_set(s, *spot)
        for made in (first, second):
            listed = [replace(one, policy_name=name) for one in listed_items(1)]
            backups.add_listed_items(s, made, [*listed, *listed_items(1, "compliancePolicy")])
            backups.settle_with_assignments(s, made.id, made.fetch_run_id)
        run = make_run(s, *spot)
        failure = Failure(FailureCode.FETCH_FAILED, Reason.THROTTLED, "It failed.", Subject("", "", name))
        runs.add_failures(s, run.id, [failure, replace(failure, subject=Subject("", "", "other"))])
        drift.add_drift_items(
            s, run.id, spot[0], [drift.DriftItem("new", "a", "b", name), drift.DriftItem("new", "a", "c", "d")]
        )
        s.run("UPDATE backup_sets SET initiator_name = :name WHERE id = :id", id=first.id, name=name)
        assert [one.policy_name for one in backups.list_items(s, first.id, search=text, limit=9)[0]] == [name]
        assert backups.count_items(s, first.id, search=text) == 1
        assert runs.count_failures(s, run.id, search=text) == 1
        assert [one.policy_name for one in drift.list_drift_items(s, run.id, DifferenceFilter(search=text))] == [name]
        assert set_pairs.count_equal(s, first.id, second.id, "deviceConfiguration", search=text) == 1
        assert [one.id for one in backups.list_sets(s, [spot[0]], RecordFilter(search=text), limit=9)[0]] == [first.id]
        by = RecordFilter(by=name.swapcase())
        assert [one.id for one in backups.list_sets(s, [spot[0]], by, limit=9)[0]] == [first.id]
