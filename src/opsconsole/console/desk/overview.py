"""What the dashboard may ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from opsconsole.service.overview import Overview


class OverviewDesk(Protocol):
    """One glance at everything."""

    def overview(self) -> Overview: ...
