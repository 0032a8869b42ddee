"""The trail filtered and counted: each word by itself and together, both ways along the chain, on either database."""

from __future__ import annotations

from typing import Any

import pytest

from builders import at, make_place
from opsconsole.domain.audit import Action, AuditEntry, AuditOutcome, ChainWatch, WalkStopped, outcomes_of
from opsconsole.domain.ids import new_id
from opsconsole.store import audit, audit_list
from opsconsole.store.audit import AuditFilter
from opsconsole.store.database import Database

ACTORS = ("alice", "Bob", "carol")

WAYS = (
    (Action.BACKUP_STARTED, AuditOutcome.SUCCEEDED),
    (Action.RESTORE_EXECUTED, AuditOutcome.FAILED),
    (Action.RESTORE_EXECUTED, AuditOutcome.PARTIALLY_SUCCEEDED),
    (Action.ACCESS_REFUSED, AuditOutcome.REFUSED),
    (Action.RESTORE_REQUESTED, AuditOutcome.SUCCEEDED),
)


@pytest.fixture
def trail(store: Database) -> tuple[list[str], list[AuditEntry]]:
    """Return two workspaces of which the second is another's, and the entries of the first and of the store, newest first."""
    entries = []
    with store.write() as s:
        mine, other = make_place(s), make_place(s, "other", "adatum")
        for number in range(40):
            action, outcome = WAYS[number % len(WAYS)]
            place: tuple[str | None, str | None] = (None, None) if number % 13 == 5 else mine
            values: dict[str, Any] = {
                "id": new_id(),
                "workspace_id": place[0],
                "tenant_id": place[1],
                "actor": ACTORS[number % 3],
                "action": action,
                "resource_type": "run",
                "resource_id": new_id(),
                "outcome": outcome,
                "details": {},
                "created_at": at(number * 600),
            }
            entries.append(audit.append_entry(s, **values))
        audit.append_entry(s, **{**values, "id": new_id(), "workspace_id": other[0], "tenant_id": other[1]})
    return [mine[0], mine[1]], entries[::-1]


FILTERS: dict[str, tuple[AuditFilter, Any]] = {
    "none": (AuditFilter(), lambda e: True),
    "actor": (AuditFilter(actors=["BOB"]), lambda e: e.actor == "Bob"),
    "actors": (AuditFilter(actors=["bob", "alice"]), lambda e: e.actor in ("Bob", "alice")),
    "nobody": (AuditFilter(actors=["mallory"]), lambda e: False),
    "action": (AuditFilter(actions=["backup.started"]), lambda e: e.action == "backup.started"),
    "outcome": (AuditFilter(outcomes=["failed"]), lambda e: e.outcome == "failed"),
    "outcomes": (
        AuditFilter(outcomes=["refused", "succeeded"]),
        lambda e: e.outcome in ("refused", "succeeded"),
    ),
    "rare outcomes": (AuditFilter(outcomes=["refused", "failed"]), lambda e: e.outcome in ("refused", "failed")),
    "what cannot be": (AuditFilter(outcomes=["refused"], actions=["backup.started"]), lambda e: False),
    "since": (AuditFilter(since=at(9000)), lambda e: e.created_at >= at(9000)),
    "until": (AuditFilter(until=at(9000)), lambda e: e.created_at < at(9000)),
    "between": (
        AuditFilter(since=at(6000), until=at(12000), actors=["carol"]),
        lambda e: at(6000) <= e.created_at < at(12000) and e.actor == "carol",
    ),
    "text": (AuditFilter(search="restore"), lambda e: "restore" in e.action),
    "text and words": (
        AuditFilter(search="restore", actors=["alice"], outcomes=["failed"]),
        lambda e: "restore" in e.action and e.actor == "alice" and e.outcome == "failed",
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_lists_and_counts_the_same(
    store: Database, trail: tuple[list[str], list[AuditEntry]], name: str
) -> None:
    (workspace, _), entries = trail
    flt, fits = FILTERS[name]
    wanted = [entry for entry in entries if fits(entry)]
    with store.read() as s:
        for is_oldest_first in (False, True):
            found, cursor = [], None
            while True:
                page, cursor = audit.list_entries(
                    s, [workspace], flt, limit=3, cursor=cursor, is_oldest_first=is_oldest_first
                )
                found += page
                if cursor is None:
                    break
            assert found == (wanted[::-1] if is_oldest_first else wanted)
        assert audit.count_entries(s, [workspace], flt) == (len(wanted), 41)
        later = [entry for entry in wanted if entry.seq > 20]
        assert audit.count_entries(s, [workspace], flt, after_seq=20) == (len(later), 41)
        assert audit.count_entries(s, [workspace], flt, after_seq=41) == (0, 41)


def test_a_tenant_is_a_filter_and_a_store_that_is_seen_whole_is_counted_by_its_head(
    store: Database, trail: tuple[list[str], list[AuditEntry]]
) -> None:
    (workspace, tenant), entries = trail
    with store.read() as s:
        of_tenant = AuditFilter(tenant_ids=[tenant])
        wanted = [entry for entry in entries if entry.tenant_id == tenant]
        assert audit.list_entries(s, [workspace], of_tenant, limit=99)[0] == wanted
        assert audit.count_entries(s, [workspace], of_tenant)[0] == len(wanted)
        every = [row["id"] for row in s.all("SELECT id FROM workspaces")]
        assert audit.count_entries(s, every) == (41, 41)
        assert audit.count_entries(s, [workspace], store_wide=False)[0] == sum(1 for e in entries if e.workspace_id)


def test_clocks_that_differ_by_less_than_an_hour_hide_nothing(store: Database) -> None:
    with store.write() as s:
        place = make_place(s)
        for seconds in (0, 3000, 600, 3600, 1200):
            audit.append_entry(
                s, id=new_id(), workspace_id=place[0], tenant_id=None, actor="a", action=Action.BACKUP_STARTED,
                resource_type="x", resource_id="x", outcome=AuditOutcome.SUCCEEDED, details={}, created_at=at(seconds),
            )  # fmt: skip
        found, _ = audit.list_entries(s, [place[0]], AuditFilter(since=at(600), until=at(3600)), limit=9)
    assert sorted(entry.created_at for entry in found) == [at(600), at(1200), at(3000)]


def test_a_text_that_fits_too_many_names_walks_the_workspace_instead(
    store: Database, trail: tuple[list[str], list[AuditEntry]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace, _), entries = trail
    monkeypatch.setattr(audit_list, "MAX_BRANCHES", 1)
    with store.read() as s:
        found, _ = audit.list_entries(s, [workspace], AuditFilter(search="a"), limit=99)
        assert audit.count_entries(s, [workspace], AuditFilter(search="a"))[0] == len(found)
    assert found == [entry for entry in entries if "a" in entry.action or "a" in entry.actor.casefold()]


def test_every_action_has_the_outcomes_that_its_writers_give_it() -> None:
    assert outcomes_of(Action.ACCESS_REFUSED) == {AuditOutcome.REFUSED}
    assert outcomes_of(Action.BACKUP_STARTED) == {AuditOutcome.SUCCEEDED}
    assert outcomes_of(Action.RESTORE_EXECUTED) == set(AuditOutcome) - {AuditOutcome.REFUSED}


def test_a_walk_is_watched_and_stopped(
    store: Database, trail: tuple[list[str], list[AuditEntry]], monkeypatch: pytest.MonkeyPatch
) -> None:
    del trail
    monkeypatch.setattr(audit, "WATCH_EVERY", 4)
    watch = ChainWatch()
    with store.read() as s:
        assert audit.verify(s, watch=watch).ok
        assert (watch.walked, watch.total) == (40, 41)
        watch.stop()
        with pytest.raises(WalkStopped, match="stopped before its end"):
            audit.verify(s, watch=watch)
    assert watch.walked == 4
