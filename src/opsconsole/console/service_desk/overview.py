"""The overview: one service function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.service_desk.at_service import AtService
from opsconsole.console.service_desk.later import Later

if TYPE_CHECKING:
    from opsconsole.service import overview
    from opsconsole.service.overview import Overview
else:
    overview = Later("opsconsole.service.overview")


class OverviewAtService(AtService):
    """The overview: one service function."""

    def overview(self) -> Overview:
        return overview.overview(self.caller)
