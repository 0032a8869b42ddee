"""An ordered collection whose places never shift, so that paging survives a deletion between two pages."""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Identified(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Identified)


class Shelf(Generic[T]):
    """Keeps items in the order they came; ids compare without regard to case, as Graph's do."""

    def __init__(self) -> None:
        self._places: list[T | None] = []
        self._place_of: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._place_of)

    def __iter__(self) -> Iterator[T]:
        return (item for item in self._places if item is not None)

    def __contains__(self, item_id: str) -> bool:
        return item_id.lower() in self._place_of

    def get(self, item_id: str) -> T | None:
        """The item of that id, or None."""
        place = self._place_of.get(item_id.lower())
        return None if place is None else self._places[place]

    def add(self, item: T) -> None:
        """Puts an item at the end; raises ValueError where its id is taken."""
        key = item.id.lower()
        if key in self._place_of:
            raise ValueError(f"the id {item.id} is taken")
        self._place_of[key] = len(self._places)
        self._places.append(item)

    def remove(self, item_id: str) -> T | None:
        """Takes an item out and returns it, or None where there was none; its place stays empty."""
        place = self._place_of.pop(item_id.lower(), None)
        if place is None:
            return None
        item, self._places[place] = self._places[place], None
        return item

    def page(self, start: int, size: int) -> tuple[list[T], int | None]:
        """Up to `size` items from place `start` on, and the place where the next page begins, or None at the end."""
        if len(self._places) == len(self._place_of):
            found = [item for item in self._places[start : start + size] if item is not None]
            return found, (start + size if start + size < len(self._places) else None)
        items: list[T] = []
        for place in range(start, len(self._places)):
            item = self._places[place]
            if item is None:
                continue
            if len(items) == size:
                return items, place
            items.append(item)
        return items, None
