"""Backup sets: one active of an identity, nothing lost from the counts, Graph's JSON byte for byte."""

from __future__ import annotations

import random

import pytest

from builders import (
    all_items,
    at,
    complete_run,
    listed_items,
    make_failure,
    make_finished_set,
    make_place,
    make_run,
    make_set,
    make_tenant,
)
from opsconsole.domain.backup import BackupSet, DirectoryName, ItemStatus, TypeCounts, TypeStatus
from opsconsole.domain.ids import new_id
from opsconsole.domain.run import Outcome, RunType
from opsconsole.errors import Conflict
from opsconsole.store import backups, runs
from opsconsole.store.backups import ListedItem, Settled
from opsconsole.store.database import Database, Session
from opsconsole.store.record_filter import RecordFilter

CONFIG = "deviceConfiguration"


def counts_of(s: Session, set_id: str) -> dict[str, TypeCounts]:
    found = backups.get_set(s, set_id)
    assert found is not None
    return found.by_type


def real_counts(s: Session, set_id: str) -> dict[str, tuple[int, int, int, int]]:
    """Count the items themselves."""
    found: dict[str, list[int]] = {}
    for item in all_items(s, set_id):
        row = found.setdefault(item.policy_type, [0, 0, 0, 0])
        row[0] += 1
        for i, status in enumerate((ItemStatus.FETCHED, ItemStatus.FAILED, ItemStatus.SKIPPED), 1):
            row[i] += item.status is status
    return {policy_type: (row[0], row[1], row[2], row[3]) for policy_type, row in found.items()}


def agree(s: Session, set_id: str) -> None:
    kept = {
        policy_type: (counts.listed, counts.fetched, counts.failed, counts.skipped)
        for policy_type, counts in counts_of(s, set_id).items()
        if counts.listed
    }
    assert kept == real_counts(s, set_id)


def try_insert(s: Session, made: BackupSet, identity: str) -> bool:
    return backups.insert_set(
        s,
        id=new_id(),
        workspace_id=made.workspace_id,
        tenant_id=made.tenant_id,
        created_at=at(),
        initiator="uid:1",
        initiator_name="alice",
        types=[CONFIG],
        identity_hash=identity,
        capture_run_id=made.capture_run_id,
        fetch_run_id=made.fetch_run_id,
        policy_types=[CONFIG],
    )


def test_a_new_set_is_active_and_pending(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s), identity="x")
        assert (made.is_active, made.workspace, made.tenant, made.is_complete) == (True, "main", "contoso", False)
        assert made.by_type == {
            CONFIG: TypeCounts(TypeStatus.PENDING),
            "compliancePolicy": TypeCounts(TypeStatus.PENDING),
        }
        assert backups.active_set(s, "x") == made


def test_a_set_stays_active_until_its_fetch_completes(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        made = make_set(s, *place, identity="x")
        assert not try_insert(s, made, "x")
        capture, fetch = runs.get_run(s, made.capture_run_id), runs.get_run(s, made.fetch_run_id)
        assert capture is not None
        assert fetch is not None
        complete_run(s, capture)
        assert not try_insert(s, made, "x")
        complete_run(s, fetch, Outcome.FAILED)
        assert (backups.get_set(s, made.id) or made).is_active is False
        assert backups.active_set(s, "x") is None
        assert try_insert(s, made, "x")


def test_another_fetch_of_a_set_does_not_make_it_active(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        made = make_finished_set(s, *place)
        again = make_run(s, *place, RunType.FETCH, target="again")
        assert (backups.get_set(s, made.id) or made).is_active is False
        complete_run(s, again)
        assert (backups.get_set(s, made.id) or made).is_complete


@pytest.mark.parametrize("column", ["capture_run_id", "fetch_run_id"])
def test_a_set_needs_the_runs_it_names(store: Database, column: str) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
    with pytest.raises(Conflict), store.write() as s:
        s.run(f"UPDATE backup_sets SET {column} = 'bogus' WHERE id = :id", id=made.id)


def test_policies_come_back_byte_for_byte(store: Database) -> None:
    policy = '{ "b":1.0,"a" : null,\n "big":123456789012345678901234567890, "u":"\\u0000\\ud83d\\ude00 grüße" }'
    assignments = '[ {"id":"x" ,"n":1e400}]'
    with store.write() as s:
        made = make_set(s, *make_place(s))
        item = ListedItem(new_id(), CONFIG, "p1", "Naïve \U0001f600 \0 name", policy, assignments)
        assert backups.add_listed_items(s, made, [item]) == 1
        found = backups.get_item(s, item.id)
        assert found is not None
        assert (found.policy, found.assignments, found.policy_name) == (
            policy,
            assignments,
            "Naïve \U0001f600 \ufffd name",
        )
        lean = backups.get_item(s, item.id, with_payload=False)
        assert lean is not None
        assert (lean.policy, lean.assignments) == (None, assignments)


def test_an_item_listed_twice_is_there_once(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
        items = listed_items(5)
        assert backups.add_listed_items(s, made, items[:3]) == 3
        again = [ListedItem(new_id(), item.policy_type, item.policy_id, "other", "{}") for item in items]
        assert backups.add_listed_items(s, made, again) == 2
        assert backups.add_listed_items(s, made, again) == 0
        mixed = [*listed_items(2, "compliancePolicy"), *listed_items(2, "unheardOf")]
        assert backups.add_listed_items(s, made, mixed) == 4
        assert {key: counts.listed for key, counts in counts_of(s, made.id).items()} == {
            CONFIG: 5,
            "compliancePolicy": 2,
            "unheardOf": 2,
        }
        assert len(all_items(s, made.id)) == 9


def test_what_came_with_the_list_is_settled_without_a_call(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
        backups.add_listed_items(s, made, [*listed_items(3), *listed_items(2, "compliancePolicy", assignments=None)])
        assert backups.settle_with_assignments(s, made.id, made.fetch_run_id) == 3
        assert backups.settle_with_assignments(s, made.id, made.fetch_run_id) == 0
        assert [item.policy_type for item in backups.pending_items(s, made.id, limit=10)] == ["compliancePolicy"] * 2
        agree(s, made.id)


def test_settling_moves_the_counts_once(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
        backups.add_listed_items(s, made, listed_items(4, assignments=None))
        one, two, three, four = (item.id for item in backups.pending_items(s, made.id, limit=10))
        failure = make_failure()
        settled = [
            Settled(one, ItemStatus.FETCHED, "[]"),
            Settled(two, ItemStatus.FAILED, failure=failure),
            Settled(three, ItemStatus.SKIPPED, failure=failure),
        ]
        for _ in range(2):
            backups.settle_items(s, made.id, made.fetch_run_id, settled)
            agree(s, made.id)
        backups.settle_items(s, made.id, made.fetch_run_id, [Settled(two, ItemStatus.FETCHED, "[]")])
        found = {item.id: item for item in all_items(s, made.id)}
        assert (found[two].status, found[two].failure, found[two].fetch_run_id) == (
            ItemStatus.FAILED,
            failure,
            made.fetch_run_id,
        )
        assert [item.id for item in backups.pending_items(s, made.id, limit=10)] == [four]
        assert backups.skip_pending(s, made.id, made.fetch_run_id, failure) == 1
        agree(s, made.id)
        assert counts_of(s, made.id)[CONFIG] == TypeCounts(TypeStatus.PENDING, 4, 1, 1, 2)


def test_an_item_is_not_fetched_without_assignments(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
        backups.add_listed_items(s, made, listed_items(1, assignments=None))
        item = backups.pending_items(s, made.id, limit=1)[0]
        with pytest.raises(ValueError, match="pending"):
            backups.settle_items(s, made.id, "r", [Settled(item.id, ItemStatus.PENDING)])
    with pytest.raises(Conflict), store.write() as s:
        backups.settle_items(s, made.id, made.fetch_run_id, [Settled(item.id, ItemStatus.FETCHED)])


def test_failed_items_can_be_opened_again(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
        backups.add_listed_items(s, made, listed_items(6, assignments=None))
        items = backups.pending_items(s, made.id, limit=10)
        states = [ItemStatus.FETCHED, ItemStatus.FAILED, ItemStatus.SKIPPED] * 2
        backups.settle_items(
            s,
            made.id,
            made.fetch_run_id,
            [
                Settled(item.id, state, "[]" if state is ItemStatus.FETCHED else None)
                for item, state in zip(items, states, strict=True)
            ],
        )
        assert backups.reopen_items(s, made.id, None) == 4
        agree(s, made.id)
        assert backups.reopen_items(s, made.id, None) == 0
        assert backups.reopen_items(s, made.id, [items[0].id, "none"]) == 1
        agree(s, made.id)
        assert {item.id for item in backups.pending_items(s, made.id, limit=10)} == {
            item.id for i, item in enumerate(items) if i != 3
        }
        assert backups.get_item(s, items[0].id).assignments is None  # type: ignore[union-attr]


def test_the_counts_agree_with_the_items_whatever_happens(store: Database) -> None:
    rnd = random.Random(11)
    with store.write() as s:
        made = make_set(s, *make_place(s), policy_types=("a", "b"))
    for step in range(60):
        with store.write() as s:
            ids = [item.id for item in all_items(s, made.id)]
            match rnd.randrange(5):
                case 0:
                    new = listed_items(
                        rnd.randrange(1, 30),
                        rnd.choice("ab"),
                        assignments=rnd.choice([None, "[]"]),
                        start=rnd.randrange(100),
                    )
                    backups.add_listed_items(s, made, new)
                case 1:
                    backups.settle_with_assignments(s, made.id, made.fetch_run_id)
                case 2:
                    chosen = rnd.sample(ids, len(ids) // 2)
                    settled = [Settled(one, rnd.choice(list(ItemStatus)[1:]), "[]") for one in chosen]
                    backups.settle_items(s, made.id, made.fetch_run_id, settled)
                case 3:
                    backups.reopen_items(s, made.id, rnd.choice([None, rnd.sample(ids, len(ids) // 3)]))
                case _:
                    if step % 3 == 0:
                        backups.skip_pending(s, made.id, made.fetch_run_id, make_failure())
            agree(s, made.id)


def test_items_page_search_and_filter(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
        backups.add_listed_items(s, made, [*listed_items(12), *listed_items(3, "compliancePolicy", assignments=None)])
        backups.settle_with_assignments(s, made.id, made.fetch_run_id)
        found, cursor = [], None
        while True:
            page, cursor = backups.list_items(s, made.id, limit=4, cursor=cursor)
            found += page
            if cursor is None:
                break
        assert len(found) == 15
        assert [item.id for item in found] == sorted(item.id for item in found)
        assert all(item.policy is None for item in found)
        assert len(backups.list_items(s, made.id, statuses=["pending"], limit=20)[0]) == 3
        assert len(backups.list_items(s, made.id, policy_type=CONFIG, limit=20)[0]) == 12
        assert [item.policy_name for item in backups.list_items(s, made.id, search="POLICY 11", limit=20)[0]] == [
            "Policy 11"
        ]
        assert len(backups.list_items(s, made.id, search="compliancepolicy-", limit=20)[0]) == 3
        for wildcard in ("%", "_", "!"):
            assert backups.list_items(s, made.id, search=wildcard, limit=20)[0] == []
        assert backups.list_items(s, made.id, with_payload=True, limit=1)[0][0].policy is not None


def test_pending_items_come_in_order_and_can_be_named(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
        backups.add_listed_items(s, made, listed_items(1100, assignments=None))
        first = backups.pending_items(s, made.id, limit=600)
        rest = backups.pending_items(s, made.id, limit=600, after_id=first[-1].id)
        ids = [item.id for item in (*first, *rest)]
        assert len(ids) == 1100
        assert ids == sorted(ids)
        assert [item.id for item in backups.pending_items(s, made.id, limit=2000, ids=ids[::-1])] == ids
        assert [item.id for item in backups.pending_items(s, made.id, limit=550, ids=ids)] == ids[:550]
        assert backups.pending_items(s, made.id, limit=5, ids=[]) == []


def test_items_are_found_by_type_and_policy(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
        backups.add_listed_items(s, made, [*listed_items(700), *listed_items(1, "compliancePolicy")])
        refs = [(CONFIG, f"{CONFIG}-{n}") for n in reversed(range(700))]
        found = backups.find_items(s, made.id, [*refs, (CONFIG, "none"), ("compliancePolicy", f"{CONFIG}-1")])
        assert [(item.policy_type, item.policy_id) for item in found] == refs
        assert backups.find_items(s, made.id, []) == []
        assert len(list(backups.iter_assignments(s, made.id))) == 701
        item = found[0]
        assert backups.resolve_item_id(s, made.id, item.id) == [item.id]
        assert backups.resolve_item_id(s, made.id, item.policy_id) == [item.id]
        assert backups.resolve_item_id(s, made.id, item.id[-12:]) == [item.id]


def test_sets_are_listed_newest_first_and_found_as_latest(store: Database) -> None:
    with store.write() as s:
        workspace, tenant = make_place(s)
        other = make_place(s, "other", "adatum")
        second = make_tenant(s, workspace, "fabrikam")
        assert backups.resolve_set_id(s, "latest", [workspace]) == []
        active = make_set(s, workspace, tenant, identity="1")
        assert backups.resolve_set_id(s, "latest", [workspace]) == [active.id]
        old, new = make_finished_set(s, workspace, tenant), make_finished_set(s, workspace, tenant)
        young = make_set(s, workspace, tenant, identity="2")
        elsewhere = make_finished_set(s, workspace, second)
        foreign = make_finished_set(s, *other)
        assert backups.resolve_set_id(s, "latest", [workspace], tenant) == [new.id]
        assert backups.resolve_set_id(s, " Latest ", [workspace]) == [elsewhere.id]
        assert backups.resolve_set_id(s, "latest", [workspace, other[0]]) == [foreign.id]
        assert backups.resolve_set_id(s, "latest", []) == []
        assert backups.resolve_set_id(s, old.id[-8:], [workspace]) == [old.id]
        assert backups.resolve_set_id(s, foreign.id, [workspace]) == []
        first, cursor = backups.list_sets(s, [workspace], RecordFilter(tenant_ids=(tenant,)), limit=3)
        last, end = backups.list_sets(s, [workspace], RecordFilter(tenant_ids=(tenant,)), limit=3, cursor=cursor)
        assert [found.id for found in (*first, *last)] == [young.id, new.id, old.id, active.id]
        assert end is None
        assert first[1].by_type == new.by_type
        assert len(backups.list_sets(s, [workspace], limit=50)[0]) == 5
        assert backups.list_sets(s, [], limit=50) == ([], None)


def test_a_set_tells_what_is_missing(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
        type_failure = make_failure(policy_id="")
        runs.add_failures(s, made.capture_run_id, [type_failure])
        backups.set_type_status(s, made.id, "compliancePolicy", TypeStatus.FAILED)
        backups.set_type_status(s, made.id, CONFIG, TypeStatus.LISTED)
        backups.set_type_status(s, made.id, "newType", TypeStatus.NOT_AVAILABLE)
        backups.add_listed_items(s, made, listed_items(2, assignments=None))
        item_failure = make_failure(policy_id="p7")
        one, _ = backups.pending_items(s, made.id, limit=2)
        backups.settle_items(s, made.id, made.fetch_run_id, [Settled(one.id, ItemStatus.FAILED, failure=item_failure)])
        found = backups.get_set(s, made.id)
        assert found is not None
        assert found.missing == 3
        assert found.failures == (type_failure, item_failure)
        assert (backups.get_set(s, made.id, failure_limit=1) or found).failures == (type_failure,)


def test_names_are_kept_lower_case_and_replaced(store: Database) -> None:
    with store.write() as s:
        made = make_set(s, *make_place(s))
        group = DirectoryName("group", "AAAA", "Old", details='{"rule":1}')
        backups.put_names(s, made.id, made.workspace_id, [group, DirectoryName("filter", "bb", "F")])
        backups.put_names(s, made.id, made.workspace_id, [DirectoryName("group", "aaaa", "", is_gone=True)])
        assert backups.get_names(s, made.id) == [
            DirectoryName("filter", "bb", "F"),
            DirectoryName("group", "aaaa", "", is_gone=True),
        ]
