"""The difference of two backup sets: paged and counted without ever holding a set whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from opsconsole.domain.access import Capability
from opsconsole.domain.assignment import Assignment
from opsconsole.domain.backup import BackupSet, TypeStatus
from opsconsole.domain.difference import DIFFERING, EVERYTHING, UNKNOWN, DifferenceFilter
from opsconsole.domain.ids import short_id
from opsconsole.domain.plan import difference
from opsconsole.errors import UsageError
from opsconsole.operations.differences import Difference, Differences
from opsconsole.operations.entries import canonical_set
from opsconsole.service.backups import resolve_set
from opsconsole.service.caller import DEFAULT_LIMIT, Caller, Page
from opsconsole.service.guard import reading
from opsconsole.service.list_export import DIFFERENCE_CELLS, ListExport
from opsconsole.store import backups, set_pairs
from opsconsole.store.database import Session
from opsconsole.store.set_pairs import Pair

SCANNED = 500
"""Policies read at a time on the way to those that differ."""

SAME = "same"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk over two sets is: a type, its policies of the first set or those of the second alone, and the last id."""

    policy_type: str
    is_second: bool
    after: str

    def to_text(self) -> str:
        return f"{self.policy_type}/{int(self.is_second)}/{self.after}"


@dataclass(frozen=True, slots=True)
class _Sets:
    """Two sets, and how their directories called groups and filters."""

    first: BackupSet
    second: BackupSet
    names: dict[str, str]

    @property
    def types(self) -> list[str]:
        return sorted({*self.first.by_type, *self.second.by_type})


def diff_sets(caller: Caller, first_ref: str, second_ref: str) -> Differences:
    """Compare two sets: what was added, removed, came and went from the first to the second. Holds only what differs."""
    with reading(caller) as session:
        sets = _sets(caller, session, first_ref, second_ref)
        counts, items = Counter[str](), []
        for policy_type in sets.types:
            counts[SAME] += set_pairs.count_equal(session, sets.first.id, sets.second.id, policy_type, search=None)
        for _, found in _walk(session, sets, EVERYTHING, None):
            counts[found.kind] += 1
            if found.kind in DIFFERING:
                items.append(found)
    return Differences(tuple(items), counts[SAME], counts[UNKNOWN])


def list_set_differences(
    caller: Caller,
    first_ref: str,
    second_ref: str,
    flt: DifferenceFilter = EVERYTHING,
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Difference]:
    """Return what differs and, as ``unknown``, what could not be compared: by type, then by policy id, new ones last."""
    found: list[tuple[_Place, Difference]] = []
    with reading(caller) as session:
        sets = _sets(caller, session, first_ref, second_ref)
        start = _parse(cursor, sets.types) if cursor else None
        for place, one in _walk(session, sets, flt, start):
            if one.kind == SAME or (flt.kinds and one.kind not in flt.kinds):
                continue
            found.append((place, one))
            if len(found) > limit:
                break
    return Page([one for _, one in found[:limit]], found[limit - 1][0].to_text() if len(found) > limit else None)


def count_set_differences(
    caller: Caller, first_ref: str, second_ref: str, flt: DifferenceFilter = EVERYTHING
) -> dict[str, int]:
    """Return how many policies are changed, new, gone, the same and not comparable, exactly; ``flt`` by type and text."""
    with reading(caller) as session:
        sets = _sets(caller, session, first_ref, second_ref)
        counts = Counter(one.kind for _, one in _walk(session, sets, flt, None))
        for policy_type in flt.types or sets.types:
            counts[SAME] += set_pairs.count_equal(
                session, sets.first.id, sets.second.id, policy_type, search=flt.search
            )
    return {kind: counts[kind] for kind in (*DIFFERING, SAME, UNKNOWN)}


def findings(
    caller: Caller, first_ref: str, second_ref: str, flt: DifferenceFilter = EVERYTHING
) -> ListExport[Difference]:
    """Return what ``flt`` leaves of the differences as a list that can be written."""
    return ListExport(
        "differences",
        DIFFERENCE_CELLS,
        Difference.to_json,
        lambda limit, cursor: list_set_differences(caller, first_ref, second_ref, flt, limit=limit, cursor=cursor),
    )


def _sets(caller: Caller, session: Session, first_ref: str, second_ref: str) -> _Sets:
    first = resolve_set(caller, session, first_ref, Capability.VIEW)
    second = resolve_set(caller, session, second_ref, Capability.VIEW)
    names = {
        name.id: name.name for found in (first, second) for name in backups.get_names(session, found.id) if name.name
    }
    return _Sets(first, second, names)


def _walk(
    session: Session, sets: _Sets, flt: DifferenceFilter, start: _Place | None
) -> Iterator[tuple[_Place, Difference]]:
    """Yield every policy but those with the same bytes in both sets, with where to go on behind it."""
    types = [key for key in sets.types if not flt.types or key in flt.types]
    for policy_type in types:
        if start is not None and policy_type < start.policy_type:
            continue
        for is_second, read in ((False, set_pairs.pairs_of_first), (True, set_pairs.pairs_only_in_second)):
            after = ""
            if start is not None and policy_type == start.policy_type:
                if is_second < start.is_second:
                    continue
                after = start.after if is_second == start.is_second else ""
            while pairs := read(
                session, sets.first.id, sets.second.id, policy_type, search=flt.search, after=after, limit=SCANNED
            ):
                for pair in pairs:
                    place = _Place(policy_type, is_second, pair.policy_id)
                    yield place, replace(_compare(sets, policy_type, pair), place=place.to_text())
                after = pairs[-1].policy_id
                if len(pairs) < SCANNED:
                    break


def _compare(sets: _Sets, policy_type: str, pair: Pair) -> Difference:
    def found(kind: str, note: str = "") -> Difference:
        return Difference(kind, policy_type, pair.policy_id, pair.policy_name, note=note)

    if not (pair.is_in_first and pair.is_in_second):
        lacking = sets.second if pair.is_in_first else sets.first
        if not _is_whole(lacking, policy_type):  # not listed there is not the same as not there
            return found(UNKNOWN, f"Set {short_id(lacking.id)} holds no whole list of its type.")
        return found("gone" if pair.is_in_first else "new")
    if pair.first is None or pair.second is None:
        lacking = sets.first if pair.first is None else sets.second
        return found(UNKNOWN, f"Set {short_id(lacking.id)} does not hold its assignments.")
    first, second = _read(pair.first), _read(pair.second)
    if first is None or second is None:
        damaged = sets.first if first is None else sets.second
        return found(UNKNOWN, f"Set {short_id(damaged.id)} holds assignments of it that cannot be read.")
    change = difference(first, second)
    if change.is_empty:
        return found(SAME)
    added = tuple(entry.to_json(sets.names) for entry in change.added)
    removed = tuple(entry.to_json(sets.names) for entry in change.removed)
    return Difference("changed", policy_type, pair.policy_id, pair.policy_name, added, removed)


def _read(text: str) -> tuple[Assignment, ...] | None:
    """Return assignments in their canonical form; None where Graph sent, and the set keeps, something else."""
    try:
        return canonical_set(text)
    except ValueError:
        return None


def _is_whole(found: BackupSet, policy_type: str) -> bool:
    """Tell whether a set's list of a type is whole, so that a policy that is not in it was not there."""
    counts = found.by_type.get(policy_type)
    return counts is not None and counts.status is TypeStatus.LISTED


def _parse(cursor: str, types: list[str]) -> _Place:
    policy_type, _, rest = cursor.partition("/")
    phase, _, after = rest.partition("/")
    if policy_type not in types or phase not in ("0", "1"):
        raise UsageError(f"{cursor!r} is no cursor of this list.", "Use the `next_cursor` of the page before.")
    return _Place(policy_type, phase == "1", after)
