"""Where the console opens: a main screen, or one thing that a command line named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp
    from opsconsole.console.desk.desk import Desk


class DeepLink(Struct, frozen=True):
    """A main screen, and over it at most one run, backup set or restore plan; Esc leads back to the main screen."""

    screen: str = "runs"
    run: str | None = None
    backup_set: str | None = None
    restore: str | None = None

    def found(self, desk: Desk) -> DeepLink:
        """Return the link with whole ids. Raises NotFound for what is not there, or not there for this actor."""
        if self.run is not None:
            return replace(self, screen="runs", run=desk.run(self.run).id)
        if self.backup_set is not None:
            return replace(self, screen="backups", backup_set=desk.backup_set(self.backup_set).id)
        if self.restore is not None:
            return replace(self, screen="restores", restore=desk.restore(self.restore).id)
        return self

    def open(self, app: OpsConsoleApp) -> None:
        """Go there."""
        app.action_go(self.screen)
        if self.run is not None:
            from opsconsole.console.screens.run import RunScreen

            app.push_screen(RunScreen(self.run))
        elif self.backup_set is not None:
            from opsconsole.console.screens.backup_set import BackupSetScreen

            app.push_screen(BackupSetScreen(self.backup_set))
        elif self.restore is not None:
            from opsconsole.console.screens.plan import PlanScreen

            app.push_screen(PlanScreen(self.restore))
