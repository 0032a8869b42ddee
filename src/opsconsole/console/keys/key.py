"""One key: what it is called, where it works and what it needs."""

from __future__ import annotations

from msgspec import Struct

from opsconsole.domain.access import Capability


class Key(Struct, frozen=True):
    """One key: ``id`` never changes, ``keys`` are Textual's names, ``shown`` is what a footer prints.

    What follows a key that ``opens_field`` is text: it acts before the next key is looked at, so that letters typed
    right behind it land in the field and give no orders to the list.
    """

    id: str
    keys: str
    shown: str
    label: str
    help: str
    action: str
    places: frozenset[str]
    capability: Capability | None = None
    is_write: bool = False
    in_footer: bool = True
    opens_field: bool = False


def places(*names: str) -> frozenset[str]:
    """Return places by name: where a key works."""
    return frozenset(names)
