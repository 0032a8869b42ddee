"""One key: what it is called, where it works and what it needs."""

from __future__ import annotations

from dataclasses import dataclass

from opsconsole.domain.access import Capability


@dataclass(frozen=True, slots=True)
class Key:
    """One key: ``id`` never changes, ``keys`` are Textual's names, ``shown`` is what a footer prints."""

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


def places(*names: str) -> frozenset[str]:
    """Return places by name: where a key works."""
    return frozenset(names)
