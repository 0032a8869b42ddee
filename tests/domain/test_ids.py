"""Ids: version 7, increasing strictly, whatever the clock does."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Callable

import pytest

from opsconsole.domain.ids import IdSource, looks_like_id, new_id, short_id


def backwards() -> Callable[[], int]:
    """A clock that is set back an hour after every tick."""
    ticks = iter(range(10**9))
    return lambda: 1_700_000_000_000 - next(ticks) * 3_600_000


@pytest.mark.parametrize(
    "clock", [lambda: 1_700_000_000_000, backwards(), lambda: 0], ids=["frozen", "set back", "at the epoch"]
)
def test_ids_increase_strictly_on_any_clock(clock: Callable[[], int]) -> None:
    source = IdSource(clock)
    ids = [source() for _ in range(20_000)]
    assert all(one < two for one, two in itertools.pairwise(ids))


def test_ids_increase_while_the_clock_jumps_to_and_fro() -> None:
    moments = [5, 5, 9, 3, 9, 10, 10, 2, 11] * 500
    source = IdSource(lambda: 1_700_000_000_000 + moments.pop())
    ids = [source() for _ in range(4500)]
    assert ids == sorted(set(ids))


def test_an_id_is_a_uuid_of_version_7_with_its_time() -> None:
    parsed = uuid.UUID(IdSource(lambda: 1_700_000_000_123)())
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122
    assert parsed.int >> 80 == 1_700_000_000_123


def test_the_counter_spills_into_the_time_and_not_into_the_version() -> None:
    source = IdSource(lambda: 1_700_000_000_000, lambda count: b"\xff" * count)
    versions = {uuid.UUID(source()).version for _ in range(10_000)}
    assert versions == {7}


def test_threads_never_get_the_same_id() -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.extend([new_id() for _ in range(2000)])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 16_000


def test_what_a_screen_shows_can_be_typed() -> None:
    identifier = new_id()
    assert identifier.endswith(short_id(identifier))
    assert looks_like_id(identifier)
    assert looks_like_id(short_id(identifier).upper())
    assert not looks_like_id("%")
    assert not looks_like_id("abc")
    assert not looks_like_id("latest")
