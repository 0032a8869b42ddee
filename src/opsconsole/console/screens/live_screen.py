"""What every screen has: it fetches in a worker thread, shows what came, and does so again when the store changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import on
from textual.screen import Screen

from opsconsole.console.keys import KEYS
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.errors import OpsError

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp
    from opsconsole.console.desk import Desk

T = TypeVar("T")

_WRITES = frozenset(key.action for key in KEYS if key.is_write)


class LiveScreen(Screen[None]):
    """A place of the console. Subclasses name their ``place`` in the keys table, and say what to fetch and how to show it."""

    place: ClassVar[str] = ""
    AUTO_FOCUS = "WindowTable"
    DEFAULT_CSS = "LiveScreen { layout: vertical; background: $background; }"

    def __init__(self) -> None:
        super().__init__()
        self._is_fetching = False
        self._is_outdated = False

    @property
    def console_app(self) -> OpsConsoleApp:
        """Return the app with its own type."""
        return cast("OpsConsoleApp", self.app)

    @property
    def desk(self) -> Desk:
        """Return what may be asked and ordered."""
        return self.console_app.desk

    @property
    def is_there(self) -> bool:
        """Tell whether there is something to show on: a screen may be left while its answer is being read."""
        return self.is_mounted and not self._pruning and self in self.app.screen_stack

    def on_mount(self) -> None:
        """Fetch for the first time."""
        self.reload()

    def on_screen_resume(self) -> None:
        """Catch up with what changed while another screen was in front."""
        if self.is_mounted and self._is_outdated:
            self._is_outdated = False
            self.store_changed()

    def fetch(self) -> Any:
        """Return what the screen shows. Runs in a worker thread; may raise OpsError."""

    def receive(self, data: Any) -> None:
        """Show what ``fetch`` returned."""

    def store_changed(self) -> None:
        """Bring everything on the screen up to date."""
        self.reload()
        for table in self.query(WindowTable):
            table.renew()

    def fall_behind(self) -> None:
        """Remember to catch up when this screen comes to the front again."""
        self._is_outdated = True

    def reload(self) -> None:
        """Fetch and show; calls during a fetch become one more fetch after it."""
        if self._is_fetching:
            self._is_outdated = True
            return
        self._is_fetching = True
        self._is_outdated = False
        self.run_worker(self._fetch_and_show(), group="fetch")

    async def _fetch_and_show(self) -> None:
        try:
            data = await self.console_app.ask(self.fetch)
        except OpsError as error:
            self.console_app.trouble(error)
            if self.is_there:
                self.failed(error)
        else:
            if self.is_there:
                self.receive(data)
        finally:
            self._is_fetching = False
        if self._is_outdated and self.app.screen is self:
            self.reload()

    def failed(self, error: OpsError) -> None:
        """Take note that a fetch failed."""

    @on(WindowTable.Troubled)
    def _table_troubled(self, event: WindowTable.Troubled) -> None:
        event.stop()
        self.console_app.trouble(event.error)

    @on(WindowTable.Opened)
    async def _row_clicked(self, event: WindowTable.Opened) -> None:
        event.stop()
        await self.run_action("open")

    def order(self, call: Callable[..., T], *values: Any, then: Callable[[T], None], **named: Any) -> None:
        """Give an order in a worker thread, then go on with its answer; what goes wrong is said."""

        async def give() -> None:
            try:
                answer = await self.console_app.command(call, *values, **named)
            except OpsError as error:
                self.console_app.say(str(error), "error")
                return
            if self.is_there:
                then(answer)

        self.run_worker(give(), group="order")

    def order_read(self, call: Callable[..., T], *values: Any, then: Callable[[T], None]) -> None:
        """Read what an order's confirmation must say, then go on with it."""

        async def read() -> None:
            try:
                answer = await self.console_app.ask(call, *values)
            except OpsError as error:
                self.console_app.trouble(error)
                return
            if self.is_there:
                then(answer)

        self.run_worker(read(), group="order")

    def started(self) -> None:
        """Take note that an order of this screen started something."""
        self.store_changed()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take the write keys away where the console only watches."""
        del parameters
        return not (action in _WRITES and self.console_app.is_read_only)

    def action_top(self) -> None:
        """Jump to the newest row."""
        self.query_one(WindowTable).jump_up()

    def action_bottom(self) -> None:
        """Jump to the last row in memory."""
        self.query_one(WindowTable).jump_down()

    def action_back(self) -> None:
        """Go back to the screen before."""
        if len(self.app.screen_stack) > 2:
            self.app.pop_screen()
        else:
            self.console_app.action_go("runs")

    def action_copy(self) -> None:
        """Copy what the screen is about."""
        if text := self.copied():
            self.console_app.copy(text)

    def copied(self) -> str:
        """Return what ``y`` copies, or nothing."""
        return ""
