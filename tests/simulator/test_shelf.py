"""Places that never shift."""

from dataclasses import dataclass

import pytest

from opsconsole.simulator.shelf import Shelf


@dataclass(frozen=True)
class Thing:
    id: str


def filled(count: int) -> Shelf[Thing]:
    shelf: Shelf[Thing] = Shelf()
    for number in range(count):
        shelf.add(Thing(f"T{number}"))
    return shelf


def test_ids_compare_without_regard_to_case() -> None:
    shelf = filled(2)
    assert shelf.get("t1") == Thing("T1")
    assert "t0" in shelf
    with pytest.raises(ValueError, match="is taken"):
        shelf.add(Thing("t0"))
    assert shelf.remove("t0") == Thing("T0")
    assert shelf.remove("t0") is None
    assert [thing.id for thing in shelf] == ["T1"]


@pytest.mark.parametrize("gone", [(), (0,), (4, 5), (9,), (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)])
@pytest.mark.parametrize("size", [1, 3, 5, 10, 11])
def test_pages_cover_everything_once(gone: tuple[int, ...], size: int) -> None:
    shelf = filled(10)
    for number in gone:
        shelf.remove(f"T{number}")
    found: list[str] = []
    start: int | None = 0
    while start is not None:
        items, start = shelf.page(start, size)
        assert len(items) == size or start is None
        found += [thing.id for thing in items]
    assert found == [thing.id for thing in shelf]
