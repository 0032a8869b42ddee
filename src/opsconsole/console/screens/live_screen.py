"""What every screen has: it fetches in a worker thread, shows what came, and does so again when the store changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import on
from textual.screen import Screen
from textual.widgets import Input

from opsconsole.console.keys import KEY_BY_ID, KEYS, Key
from opsconsole.console.loss import undone_words
from opsconsole.console.widgets.banner import Banner
from opsconsole.console.widgets.footer_line import FooterLine
from opsconsole.console.widgets.header_line import HeaderLine
from opsconsole.console.widgets.not_there import NotThere
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.console.work import begin
from opsconsole.errors import NotFound, OpsError, Unreachable

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp
    from opsconsole.console.desk.desk import Desk
    from opsconsole.console.graph_loss import GraphLoss
    from opsconsole.service.list_export import ListExport

T = TypeVar("T")

_NOTHING_YET = object()

HUSH_S = 2.0
"""How long keys are held to be meant for a question that is on its way; where the store takes longer, the screen is used on."""

_FIELDS = frozenset(key.action for key in KEYS if key.opens_field)
_WRITES = frozenset(key.action for key in KEYS if key.is_write)


class LiveScreen(Screen[None]):
    """A place of the console. Subclasses name their ``place`` in the keys table, and say what to fetch and how to show it."""

    place: ClassVar[str] = ""
    AUTO_FOCUS = "WindowTable"
    DEFAULT_CSS = """
    LiveScreen { layout: vertical; background: $background; }
    LiveScreen > .-absent { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_fetching = False
        self._is_outdated = False
        self._asked = 0
        self._asked_at: float | None = None
        self._data: Any = _NOTHING_YET

    @property
    def console_app(self) -> OpsConsoleApp:
        """Return the app with its own type."""
        return cast("OpsConsoleApp", self.app)

    @property
    def desk(self) -> Desk:
        """Return what may be asked and ordered."""
        return self.console_app.desk

    @property
    def graph_loss(self) -> GraphLoss | None:
        """Return that Graph is lost to what the screen shows, for the banner."""
        return None

    @property
    def is_of_nothing(self) -> bool:
        """Tell whether what the screen is about is not there: then nothing can be done but to go."""
        return bool(self.query(NotThere))

    @property
    def is_there(self) -> bool:
        """Tell whether there is something to show on: a screen may be left while its answer is being read."""
        return self.is_mounted and not self._pruning and self in self.app.screen_stack

    @property
    def is_in_front(self) -> bool:
        """Tell whether nothing lies over this screen but what covers too small a terminal."""
        if self.app.screen is self:
            return True
        from opsconsole.console.screens.too_small import TooSmall

        return next(one for one in reversed(self.app.screen_stack) if not isinstance(one, TooSmall)) is self

    def on_mount(self) -> None:
        """Fetch for the first time, if listing has not begun to: Textual calls the handlers of all classes, this one last."""
        if not self._is_fetching:
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

    def on_resize(self) -> None:
        """Lay out anew what was fetched: lines are made for a width."""
        if self._data is not _NOTHING_YET and self.is_there:
            self.receive(self._data)

    # What its keys would do

    def why_not(self, key_id: str) -> str | None:
        """Return why a key cannot apply right now, or None if it can; such a key is dimmed."""
        del key_id
        return None

    def is_key_of_use(self, key_id: str) -> bool:
        """Tell whether the footer has a place for a key right now."""
        return key_id != "export" or type(self).exported is not LiveScreen.exported

    def label_of(self, key: Key) -> str:
        """Return what a key would do next, in the words of the footer."""
        return key.label

    def refuses(self, key_id: str) -> bool:
        """Tell whether a key cannot apply, and say why: first what the role lacks, then what the moment forbids."""
        capability = KEY_BY_ID[key_id].capability
        if capability is not None and not self.console_app.is_allowed(capability):
            return True
        if reason := self.why_not(key_id):
            self.console_app.say(reason)
            return True
        return False

    def look_at_keys(self) -> None:
        """Let the footer follow what the keys would do now."""
        for footer in self.query(FooterLine):
            footer.look()

    @on(WindowTable.Moved)
    @on(WindowTable.Marked)
    def _cursor_moved(self) -> None:
        self.look_at_keys()

    def unmark(self) -> bool:
        """Take the marks of the list away; tell whether there were any. Esc does this first."""
        had = False
        for table in self.query(WindowTable):
            had |= table.clear_marks()
        return had

    def catch_up(self) -> None:
        """Follow the store at once; a screen that is not laid out yet reads by itself when it is."""
        if self.is_mounted:
            self.store_changed()
        else:
            self.fall_behind()

    def fall_behind(self) -> None:
        """Remember to catch up when this screen comes to the front again."""
        self._is_outdated = True

    def reload(self, *, anew: bool = False) -> None:
        """Fetch and show; calls during a fetch become one more fetch after it.

        ``anew``: something else is asked for from now on; what is being fetched for what was asked before is not shown.
        """
        self._asked += anew
        if self._is_fetching:
            self._is_outdated = True
            return
        self._is_fetching = True
        self._is_outdated = False
        begin(self, self._fetch_and_show, group="fetch")

    async def _fetch_and_show(self) -> None:
        asked = self._asked
        try:
            data = await self.console_app.ask(self.fetch)
        except NotFound as error:
            if self.is_there and asked == self._asked:
                self._show_nothing(error)
        except OpsError as error:
            self.console_app.trouble(error)
            if self.is_there:
                self.failed(error)
        else:
            if self.is_there and asked == self._asked:
                self._data = data
                self._show_something()
                self.receive(data)
                self.look_at_keys()
                for banner in self.query(Banner):
                    banner.look()
        finally:
            self._is_fetching = False
        if self._is_outdated and self.app.screen is self:
            self.reload()

    def failed(self, error: OpsError) -> None:
        """Take note that a fetch failed."""

    def _show_nothing(self, error: NotFound) -> None:
        """Say that what the screen is about is not there; it may come back, or the actor be let in."""
        if not self.query(NotThere):
            for child in self.children:
                child.set_class(not isinstance(child, (HeaderLine, Banner, FooterLine)), "-absent")
            nothing = NotThere(error.message)
            self.mount(nothing, before=self.query(FooterLine).first())
            nothing.focus()
            for footer in self.query(FooterLine):
                footer.refresh()

    def _show_something(self) -> None:
        if self.query(NotThere):
            self.query(NotThere).remove()
            for child in self.children:
                child.remove_class("-absent")
            self.query(WindowTable).first().focus()

    @on(WindowTable.Troubled)
    def _table_troubled(self, event: WindowTable.Troubled) -> None:
        event.stop()
        if isinstance(event.error, NotFound):
            self._show_nothing(event.error)
            return
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
                self.console_app.say(undone_words(error), "error")
                return
            self.console_app.bells.started(answer)
            if self.is_there:
                then(answer)

        # The app's, not the screen's: what became of an order is said also where its screen was left meanwhile.
        begin(self.console_app, give, group="order")

    def read(
        self, call: Callable[..., T], *values: Any, then: Callable[[T], None], missed: Callable[[], None] = lambda: None
    ) -> None:
        """Read something in a worker thread, then go on with it; ``missed`` is called where that came to nothing."""

        async def read() -> None:
            try:
                answer = await self.console_app.ask(call, *values)
            except OpsError as error:
                missed()
                self.console_app.trouble(error)
                if isinstance(error, Unreachable):  # the banner tells what is wrong, not what became of the key
                    self.console_app.say(undone_words(error), "error")
                return
            if self.is_there:
                then(answer)

        begin(self, read, group="order")

    @property
    def is_about_to_ask(self) -> bool:
        """Tell whether a question is on its way: what is typed meanwhile is meant for it, and for nothing here."""
        return self._asked_at is not None and time.monotonic() - self._asked_at < HUSH_S

    def order_read(self, call: Callable[..., T], *values: Any, then: Callable[[T], None]) -> None:
        """Read what an order's confirmation must say, then go on with it: once, and only where the key was pressed."""
        if self._asked_at is not None:
            return  # the key was pressed twice: one question is enough

        def missed() -> None:
            self._asked_at = None

        def go_on(answer: T) -> None:
            self._asked_at = None
            if self.is_in_front:
                then(answer)

        self._asked_at = time.monotonic()
        self.read(call, *values, then=go_on, missed=missed)

    def started(self) -> None:
        """Take note that an order of this screen started something."""
        self.store_changed()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Take every key away while nothing is laid out, letters from a list whose field has the focus, writes where it only watches."""
        del parameters
        if not self.is_there or (action in _FIELDS and isinstance(self.focused, Input)):
            return False
        return not (action in _WRITES and (self.console_app.is_read_only or self.is_of_nothing))

    def action_top(self) -> None:
        """Jump to the newest row."""
        self.query_one(WindowTable).jump_up()

    def action_bottom(self) -> None:
        """Jump to the last row of the whole list."""
        self.query_one(WindowTable).jump_down()

    def action_back(self) -> None:
        """Go back to the screen before; marks are taken away first."""
        if self.app.screen is not self or self.unmark():
            return  # left already: the key was struck twice
        if len(self.app.screen_stack) > 2:
            self.app.pop_screen()
        else:
            self.console_app.action_go("runs")

    def action_copy(self) -> None:
        """Copy what the screen is about, or the keys of what is marked, one a line."""
        marked = [key for table in self.query(WindowTable) for key in table.marked]
        if text := "\n".join(self.marked_copied(marked)) if marked else self.copied():
            self.console_app.copy(text)

    def marked_copied(self, keys: Sequence[str]) -> Sequence[str]:
        """Return what ``y`` copies of marked rows: their ids, which are their keys."""
        return keys

    def action_export(self) -> None:
        """Ask for a file, then write everything that the list shows into it."""
        export = self.exported()
        if export is None:
            self.console_app.say("There is nothing here to export.")
            return
        from opsconsole.console.dialogs.export import ask_export

        ask_export(self.console_app, export)

    def exported(self) -> ListExport[Any] | None:
        """Return the list that ``e`` exports, as it is filtered; screens with a list say so."""
        return None

    def copied(self) -> str:
        """Return what ``y`` copies, or nothing."""
        return ""
