"""The lists of a desk in memory: filtered, sorted, paged from both ends and counted, as the store would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from opsconsole.domain.backup import BackupItem, BackupSet, ItemStatus
from opsconsole.domain.failure import Failure, Reason
from opsconsole.domain.restore import ItemState, RestoreItem, RestoreRun
from opsconsole.domain.run import OperationRun
from opsconsole.domain.run_sort import RunSort
from opsconsole.service.caller import Page
from opsconsole.service.record_query import EVERY_RECORD, RecordQuery
from opsconsole.service.runs import RunQuery

T = TypeVar("T")


def page(
    rows: Sequence[T],
    key: Callable[[T], Any],
    limit: int,
    cursor: str | None,
    *,
    newest: bool,
    backwards: bool = False,
    mark: Callable[[T], str] | None = None,
) -> Page[T]:
    """Return a keyset page, as the store would; ``mark`` is a row's cursor where its key is none."""
    named = mark or key
    ordered = sorted(rows, key=key, reverse=newest != backwards)
    if cursor is not None:
        place = next((place for place, row in enumerate(ordered) if named(row) == cursor), None)
        ordered = ordered[place + 1 :] if place is not None else []
    found = ordered[:limit]
    following = named(found[-1]) if len(ordered) > limit else None
    return Page(found[::-1] if backwards else found, following)


def took_ms(run: OperationRun) -> int:
    """Return the milliseconds a run took; -1 before its end."""
    if not run.started_at or not run.completed_at:
        return -1
    spent = datetime.fromisoformat(run.completed_at) - datetime.fromisoformat(run.started_at)
    return round(spent.total_seconds() * 1000)


def fitting_runs(rows: Sequence[OperationRun], query: RunQuery) -> list[OperationRun]:
    """Return the runs that a query finds, as the store would, but for reasons, which runs do not carry."""
    return [
        run
        for run in rows
        if (not query.statuses or run.status in query.statuses)
        and (not query.outcomes or run.outcome in query.outcomes)
        and (not query.types or run.type in query.types)
        and (not query.tenant or run.tenant == query.tenant)
        and (not query.since or run.created_at >= query.since)
        and (not query.until or run.created_at < query.until)
        and (not query.by or run.initiator_name == query.by)
        and (not query.search or run.id.endswith(query.search) or query.search in run.initiator_name)
    ]


class ListsInMemory:
    """Mixed into the desk, which holds what is listed."""

    if TYPE_CHECKING:
        all_runs: list[OperationRun]
        all_sets: list[BackupSet]
        all_restores: list[RestoreRun]
        items_of: dict[str, list[BackupItem]]
        restore_items_of: dict[str, list[RestoreItem]]
        failures_of: dict[str, list[Failure]]

        def _look(self) -> None: ...

    def _runs(self, query: RunQuery) -> list[OperationRun]:
        self._look()
        return [
            run
            for run in fitting_runs(self.all_runs, query)
            if (not query.reason or any(one.reason is query.reason for one in self.failures_of.get(run.id, [])))
        ]

    def runs(self, query: RunQuery, limit: int, cursor: str | None, *, backwards: bool = False) -> Page[OperationRun]:
        keys: dict[RunSort, Callable[[OperationRun], Any]] = {
            RunSort.STARTED: lambda run: run.id,
            RunSort.TOOK: lambda run: (took_ms(run), run.id),
            RunSort.FAILED: lambda run: (run.failed_count, run.created_at, run.id),
        }
        newest = not query.is_reversed
        return page(
            self._runs(query),
            keys[query.sort],
            limit,
            cursor,
            newest=newest,
            backwards=backwards,
            mark=lambda run: run.id,
        )

    def count_runs(self, query: RunQuery) -> int:
        return len(self._runs(query))

    def failures(
        self,
        ref: str,
        reason: Reason | None,
        limit: int,
        cursor: str | None,
        *,
        search: str | None = None,
        backwards: bool = False,
    ) -> Page[tuple[int, Failure]]:
        rows = self._failures(ref, reason, search)
        return page(rows, lambda row: f"{row[0]:012d}", limit, cursor, newest=False, backwards=backwards)

    def count_failures(self, ref: str, reason: Reason | None, search: str | None) -> int:
        return len(self._failures(ref, reason, search))

    def _failures(self, ref: str, reason: Reason | None, search: str | None) -> list[tuple[int, Failure]]:
        self._look()
        return [
            (seq, failure)
            for seq, failure in enumerate(self.failures_of.get(ref, []), start=1)
            if (reason is None or failure.reason is reason)
            and (not search or search.lower() in f"{failure.subject.policy_name} {failure.message}".lower())
        ]

    def sets(
        self, limit: int, cursor: str | None, *, query: RecordQuery | None = None, backwards: bool = False
    ) -> Page[BackupSet]:
        rows = self._sets(query or EVERY_RECORD)
        return page(rows, lambda one: one.id, limit, cursor, newest=True, backwards=backwards)

    def count_sets(self, query: RecordQuery) -> int:
        return len(self._sets(query))

    def _sets(self, query: RecordQuery) -> list[BackupSet]:
        self._look()
        return [
            one
            for one in self.all_sets
            if _fits(one, query)
            and (
                not query.states
                or ("active" if one.is_active else "complete" if one.is_complete else "incomplete") in query.states
            )
        ]

    def items(
        self,
        set_ref: str,
        search: str | None,
        statuses: Sequence[ItemStatus],
        limit: int,
        cursor: str | None,
        *,
        policy_type: str | None = None,
        backwards: bool = False,
    ) -> Page[BackupItem]:
        rows = self._items(set_ref, search, statuses, policy_type)
        return page(rows, lambda item: item.id, limit, cursor, newest=False, backwards=backwards)

    def count_items(
        self, set_ref: str, search: str | None, statuses: Sequence[ItemStatus], policy_type: str | None
    ) -> int:
        return len(self._items(set_ref, search, statuses, policy_type))

    def _items(
        self, set_ref: str, search: str | None, statuses: Sequence[ItemStatus], policy_type: str | None
    ) -> list[BackupItem]:
        self._look()
        return [
            item
            for item in self.items_of.get(set_ref, [])
            if (not statuses or item.status in statuses)
            and (not policy_type or item.policy_type == policy_type)
            and (not search or search.lower() in item.policy_name.lower())
        ]

    def restores(
        self, limit: int, cursor: str | None, *, query: RecordQuery | None = None, backwards: bool = False
    ) -> Page[RestoreRun]:
        rows = self._restores(query or EVERY_RECORD)
        return page(rows, lambda one: one.id, limit, cursor, newest=True, backwards=backwards)

    def count_restores(self, query: RecordQuery) -> int:
        return len(self._restores(query))

    def _restores(self, query: RecordQuery) -> list[RestoreRun]:
        self._look()
        return [
            one
            for one in self.all_restores
            if _fits(one, query) and (not query.states or one.status.value in query.states)
        ]

    def restore_items(
        self,
        ref: str,
        states: Sequence[ItemState],
        limit: int,
        cursor: str | None,
        *,
        policy_type: str | None = None,
        search: str | None = None,
        backwards: bool = False,
    ) -> Page[RestoreItem]:
        rows = self._restore_items(ref, states, policy_type, search)
        return page(rows, lambda item: f"{item.seq:09d}", limit, cursor, newest=False, backwards=backwards)

    def count_restore_items(
        self, ref: str, states: Sequence[ItemState], policy_type: str | None, search: str | None
    ) -> int:
        return len(self._restore_items(ref, states, policy_type, search))

    def _restore_items(
        self, ref: str, states: Sequence[ItemState], policy_type: str | None, search: str | None
    ) -> list[RestoreItem]:
        self._look()
        return [
            item
            for item in self.restore_items_of.get(ref, [])
            if (not states or item.state in states)
            and (not policy_type or item.policy_type == policy_type)
            and (not search or search.lower() in item.policy_name.lower())
        ]


def _fits(one: Any, query: RecordQuery) -> bool:
    return (
        (not query.tenant or one.tenant == query.tenant)
        and (not query.since or one.created_at >= query.since)
        and (not query.until or one.created_at < query.until)
        and (not query.by or one.initiator_name == query.by)
        and (not query.search or one.id.endswith(query.search) or query.search in one.initiator_name)
    )
