"""Backup sets: whether they add up, and by exactly how much they do not."""

from __future__ import annotations

import pytest

from opsconsole.domain.backup import BackupSet, TypeCounts, TypeStatus


def a_set(by_type: dict[str, TypeCounts], *, is_active: bool = False) -> BackupSet:
    """A set of those types."""
    return BackupSet("s", "w", "main", "t", "contoso", "", "uid:1", "alice", "c", "f", is_active, by_type)


@pytest.mark.parametrize(
    ("counts", "missing"),
    [
        (TypeCounts(TypeStatus.LISTED, 5, 5), 0),
        (TypeCounts(TypeStatus.LISTED), 0),
        (TypeCounts(TypeStatus.LISTED, 5, 3, 1, 1), 2),
        (TypeCounts(TypeStatus.LISTED, 5, 3), 2),
        (TypeCounts(TypeStatus.PARTIAL, 5, 5), 1),
        (TypeCounts(TypeStatus.PARTIAL, 5, 4, 1), 2),
        (TypeCounts(TypeStatus.FAILED), 1),
        (TypeCounts(TypeStatus.PENDING), 1),
        (TypeCounts(TypeStatus.NOT_AVAILABLE), 0),
    ],
)
def test_what_is_missing_is_counted_also_where_a_list_is_not_whole(counts: TypeCounts, missing: int) -> None:
    assert counts.missing == missing
    whole = a_set({"a": counts, "b": TypeCounts(TypeStatus.LISTED, 2, 2)})
    assert whole.missing == missing
    assert whole.is_complete is (missing == 0)
    assert whole.to_json()["complete"] is (missing == 0)


def test_an_active_set_is_never_complete() -> None:
    assert not a_set({"a": TypeCounts(TypeStatus.LISTED, 1, 1)}, is_active=True).is_complete


def test_the_counts_of_a_set_are_the_sums_over_its_types() -> None:
    found = a_set({"a": TypeCounts(TypeStatus.LISTED, 5, 3, 1, 1), "b": TypeCounts(TypeStatus.LISTED, 2, 1, 1)})
    assert found.to_json()["counts"] == {"listed": 7, "fetched": 4, "failed": 2, "skipped": 1}
