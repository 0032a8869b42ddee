"""The rows of a list that an operator marked: by key, so that they outlive paging, sorting and refreshes."""

from __future__ import annotations


class Marks:
    """Keys in the order in which they were marked."""

    def __init__(self) -> None:
        self._keys: dict[str, None] = {}

    @property
    def keys(self) -> tuple[str, ...]:
        """Return what is marked."""
        return tuple(self._keys)

    def __len__(self) -> int:
        """Return how many are marked."""
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        """Tell whether a key is marked."""
        return key in self._keys

    def toggle(self, key: str) -> None:
        """Mark a key, or take its mark away."""
        if key in self._keys:
            del self._keys[key]
        else:
            self._keys[key] = None

    def clear(self) -> bool:
        """Take every mark away; tell whether there was one."""
        had = bool(self._keys)
        self._keys.clear()
        return had
