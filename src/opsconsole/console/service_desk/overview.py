"""The overview: one service function."""

from __future__ import annotations

from opsconsole.console.service_desk.at_service import AtService
from opsconsole.service import overview
from opsconsole.service.overview import Overview


class OverviewAtService(AtService):
    """The overview: one service function."""

    def overview(self) -> Overview:
        return overview.overview(self.caller)
