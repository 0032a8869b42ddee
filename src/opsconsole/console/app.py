"""The console's app: it mounts, routes and quits; screens fetch through the desk they are given."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from rich.text import Text
from textual import constants, events, on
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.timer import Timer

from opsconsole.console.bells import Bells
from opsconsole.console.clipboard import copied_words
from opsconsole.console.deep_link import DeepLink
from opsconsole.console.desk.identity import Identity, is_example, refusal
from opsconsole.console.engine_start import EngineStart
from opsconsole.console.keys import Key
from opsconsole.console.keystrokes import Keystrokes
from opsconsole.console.loss import Loss
from opsconsole.console.notices import Notices
from opsconsole.console.pen import Pen
from opsconsole.console.theme import DARK, LIGHT, PLAIN, SIXTEEN, themes
from opsconsole.console.widgets.window_table import WindowTable
from opsconsole.console.work import begin, in_thread
from opsconsole.domain.access import Capability
from opsconsole.domain.plain_text import plain
from opsconsole.errors import NotFound, OpsError, Unreachable
from opsconsole.service.pulse import Pulse

if TYPE_CHECKING:
    from opsconsole.console.desk.desk import Desk
    from opsconsole.console.desk.engine import EngineHandle
    from opsconsole.domain.run import OperationRun
    from opsconsole.service.caller import Page

T = TypeVar("T")

IDENTITY_EVERY_S = 30.0
"""Roles and tenants change rarely: they are read again at most this often."""

LOOK_S = 0.6
"""How often the store is asked whether another process changed it: that is drawn within a second; this one's own at once."""

RETRY_S = 3.0
"""How long after a failed reading the next one is tried."""


class OpsConsoleApp(Keystrokes, Notices):
    """Everything it knows of the world comes through ``desk`` and ``engine``, so that tests freeze clock, ids and data.

    ``has_temporary_store``: what is queued ends with this console, as in the demo. ``first_runs``: the newest runs, where
    they were read before there was anything to draw them on.
    """

    ENABLE_COMMAND_PALETTE = False
    TITLE = "opsconsole"
    CSS = """
    Toast { background: $panel; width: 64; }
    ToastRack { margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "leave", "Quit", show=False, priority=True, id="quit_always"),
    ]

    def __init__(
        self,
        desk: Desk,
        *,
        engine: EngineHandle | None = None,
        is_read_only: bool = False,
        has_temporary_store: bool = False,
        theme: str | None = None,
        zone: tzinfo | None = None,
        is_ascii: bool = False,
        environ: Mapping[str, str] | None = None,
        link: DeepLink | None = None,
        has_bell: bool = False,
        workspace: str | None = None,
        config_place: str = "",
    ) -> None:
        has_color = "NO_COLOR" not in (os.environ if environ is None else environ)
        super().__init__(ansi_color=True if not has_color or theme == SIXTEEN else None)
        self.no_color = not has_color
        self.desk = desk
        self.engine = engine
        self.is_read_only = is_read_only
        self.has_temporary_store = has_temporary_store
        self.zone = zone
        self.is_ascii = is_ascii
        self.identity: Identity | None = None
        self.tenant_names: list[str] = []
        self.loss: Loss | None = None
        self.link = link or DeepLink()
        self.bells = Bells(self, is_on=has_bell)
        self.workspace = workspace
        self.config_place = config_place
        self.state_folder: Path | None = None
        self.first_runs: Page[OperationRun] | None = None
        self.left_runs = 0
        self.handed_to: int | None = None
        self.handed_runs: tuple[str, ...] = ()
        self._seen_at = desk.now()
        self._identity_at: datetime | None = None
        self._is_behind = False
        self._has_asked = False
        self._retry: Timer | None = None
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="console-read")
        self._orders = ThreadPoolExecutor(1, thread_name_prefix="console-order")
        self._engine_start = EngineStart(self, self._orders)
        self._pulse = Pulse(desk.changed, self._beat, self.trouble, every_s=LOOK_S)
        for one in themes():
            self.register_theme(one)
        self.theme = PLAIN if not has_color else (theme or DARK)

    # Coming and going

    def get_driver_class(self) -> type[Driver]:
        """Return Textual's driver of this platform, or the one that rests in its place."""
        chosen = super().get_driver_class()
        if constants.DRIVER is None and chosen.__name__ == "LinuxDriver":
            from opsconsole.console.terminal_driver import RestingDriver

            return RestingDriver
        return chosen

    def on_mount(self) -> None:
        """Open the first screen and begin to look for changes."""
        self._pulse.start()
        self.desk.listen(self._pulse.push)
        self.link.open(self)
        self._engine_start.wait()

    @on(WindowTable.Loaded)
    def _first_rows(self) -> None:
        self._engine_start.rows_came()

    def on_unmount(self) -> None:
        """Stop looking; what is being read ends by itself."""
        self._pulse.stop()
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._orders.shutdown(wait=False, cancel_futures=True)

    # What screens and their parts ask

    @property
    def pen(self) -> Pen:
        """Return how to draw right now."""
        only_tenant = self.tenant_names[0] if len(self.tenant_names) == 1 else None
        return Pen(self.theme, self.desk.now(), self.zone, self.is_ascii, only_tenant, self.bells.watched)

    @property
    def scope(self) -> str:
        """Return whose console this is: ``contoso (main) · alice: owner``."""
        if self.identity is None:
            return ""
        names, spaces = self.tenant_names, sorted(self.identity.roles)
        tenant = names[0] if len(names) == 1 else (f"{len(names)} tenants" if names else "no tenant")
        space = spaces[0] if len(spaces) == 1 else (f"{len(spaces)} workspaces" if spaces else "no workspace")
        watching = " · watching" if self.is_read_only else ""
        return plain(f"{tenant} ({space}) · {self.identity.actor}: {self.identity.role_words}{watching}")

    @property
    def has_engine_failed(self) -> bool:
        """Tell whether this console's engine ended by itself."""
        return self.engine is not None and self.engine.has_failed()

    @property
    def liveness(self) -> tuple[str, str, str]:
        """Return mark, word and ink of the header's live mark."""
        if self.loss is not None:
            return "○", "lost", "bad"
        if self.has_engine_failed:
            return "○", "no engine", "bad"
        return ("●", "live", "good")

    def is_key_there(self, key: Key) -> bool:
        """Tell whether a key exists on this console at all."""
        return not (key.is_write and self.is_read_only)

    def may_press(self, key: Key) -> bool:
        """Tell whether the actor's role allows what a key does; others are shown dimmed."""
        return key.capability is None or self.may(key.capability)

    def may(self, capability: Capability, workspace: str | None = None) -> bool:
        """Tell whether the actor has a capability, as far as it is known yet; the service decides."""
        return self.identity is None or self.identity.may(capability, workspace)

    def is_allowed(self, capability: Capability, workspace: str | None = None) -> bool:
        """Tell the same, and say what is missing if it is not."""
        if self.may(capability, workspace):
            return True
        self.say(refusal(capability), "warning")
        return False

    async def ask(self, call: Callable[..., T], *values: Any) -> T:
        """Read from the store in a worker thread. Raises OpsError."""
        try:
            answer = await in_thread(self._readers, call, *values)
        finally:
            if not self._has_asked:
                self._has_asked = True
                self.call_after_refresh(self._ask_identity)  # rows first: they need not wait for what the header says
        self._recovered()
        return answer

    async def command(self, call: Callable[..., T], *values: Any, **named: Any) -> T:
        """Give an order in a worker thread of its own: it may wait for a lock, reading never does. Raises OpsError."""
        return await in_thread(self._orders, call, *values, **named)

    def copy(self, text: str) -> None:
        """Copy through the terminal (OSC 52) and into a file, and say so."""
        self.copy_to_clipboard(text)
        self.say(copied_words(text, self.state_folder))

    # What happens

    def _beat(self) -> None:
        if self.engine is not None:
            self.engine.store_changed()
        self._store_changed()

    def _store_changed(self) -> None:
        if self.loss is not None:
            return  # the next try has its time: a feed that cannot know says "changed" all the while
        self.bells.look()
        if not self.app_focus:
            self._is_behind = True
            return
        self._reload_screens()
        # A clock that was set back makes the last look lie ahead: then it is as old as it can be.
        since = None if self._identity_at is None else (self.desk.now() - self._identity_at).total_seconds()
        if since is None or not 0 <= since <= IDENTITY_EVERY_S:
            self._ask_identity()

    def _reload_screens(self) -> None:
        from opsconsole.console.screens.live_screen import LiveScreen

        # The one in front reads at once, also behind a dialog; the others when they come to the front again.
        screens = [screen for screen in reversed(self.screen_stack) if isinstance(screen, LiveScreen)]
        for screen in screens[1:]:
            screen.fall_behind()
        if screens:
            screens[0].catch_up()

    def on_app_focus(self, event: events.AppFocus) -> None:
        """Catch up with what changed while the terminal was out of focus."""
        del event
        if self._is_behind:
            self._is_behind = False
            self._store_changed()

    def _ask_identity(self) -> None:
        begin(self, self._identify, group="identity", is_newest_only=True)

    async def _identify(self) -> None:
        before = self.identity, self.tenant_names
        names: list[str] = []
        try:
            identity = await self.ask(self.desk.identity)
            with suppress(NotFound):  # no member of the workspace that was asked for
                names = [view.name for view in await self.ask(self.desk.tenants) if not is_example(view)]
        except OpsError as error:
            self.trouble(error)
            return
        # Both at once: an actor whose tenants are not known yet must not be told that there are none.
        self.identity, self.tenant_names = identity, names
        self._identity_at = self.desk.now()
        if before == (self.identity, self.tenant_names):
            return
        # An empty list says who is no member here, and that no tenant is connected: both are known only now.
        # Rows leave out the name of an only tenant.
        tables = "" if identity.roles and names and names == before[1] else ", NotThere, WindowTable"
        for screen in self.screen_stack:
            for widget in screen.query(f"HeaderLine, FooterLine{tables}"):
                widget.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Cover what has no room on the terminal, and uncover it when there is."""
        from opsconsole.console.screens.too_small import look_at_size

        look_at_size(self, event.size)

    def trouble(self, error: OpsError) -> None:
        """Take note of what went wrong: a lost store becomes the banner, anything else is said."""
        if not isinstance(error, Unreachable):
            self.say(str(error), "error")
            return
        next_try_at = self.desk.now() + timedelta(seconds=RETRY_S)
        self.loss = Loss(plain(error.message), plain(error.hint), self._seen_at, next_try_at, RETRY_S)
        self._look_at_loss()
        if self._retry is not None:
            self._retry.stop()
        self._retry = self.set_timer(RETRY_S, self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        if self.loss is not None:
            self._reload_screens()

    def _recovered(self) -> None:
        self._seen_at = self.desk.now()
        if self.loss is not None:
            self.loss = None
            self._look_at_loss()
            self._store_changed()

    def _look_at_loss(self) -> None:
        from opsconsole.console.widgets.banner import Banner
        from opsconsole.console.widgets.header_line import HeaderLine

        for banner in self.screen.query(Banner):
            banner.look()
        for header in self.screen.query(HeaderLine):
            header.refresh()

    def _fatal_error(self) -> None:
        # Textual would print the local variables of every frame: they hold what must reach no screen.
        error = sys.exc_info()[1] or self._exception
        frames = traceback.extract_tb(error.__traceback__) if error is not None else []
        lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames[-8:]]
        name = type(error).__name__ if error is not None else "an error"
        self.panic(Text("\n".join([f"The console made a mistake ({name}). Please report these lines:", *lines])))

    # Keys of every place

    def action_go(self, place: str, tab: str = "1") -> None:
        """Go to one of the main screens; whatever was opened on the way is left."""
        from opsconsole.console.screens import top_screen

        while len(self.screen_stack) > 2:
            self.pop_screen()
        if len(self.screen_stack) == 1:
            self.push_screen(top_screen(place, tab))
        elif getattr(self.screen, "place", "") != place:
            self.switch_screen(top_screen(place, tab))

    def action_tab(self, digit: int) -> None:
        """Go to Runs, at a tab."""
        from opsconsole.console.screens.runs import RunsScreen

        self.action_go("runs", str(digit))
        if isinstance(self.screen, RunsScreen) and self.screen.is_there:
            self.screen.choose_tab(str(digit))

    def action_help(self) -> None:
        """Show the keys of the screen in front."""
        from opsconsole.console.screens.help import HelpScreen

        self.push_screen(HelpScreen(getattr(self.screen, "place", "runs")))

    def action_palette(self) -> None:
        """Search everything that can be done here."""
        from opsconsole.console.palette import open_palette

        open_palette(self)

    def action_look(self, theme: str) -> None:
        """Change between the dark and the light theme."""
        self.theme = theme if self.theme in (DARK, LIGHT) else self.theme
        self.refresh(layout=True)

    def action_toggle_bell(self) -> None:
        """Ring, or not, when a run ends that this console started or shows."""
        self.bells.is_on = not self.bells.is_on
        words = (
            "rings when a run ends that you started here or have open"
            if self.bells.is_on
            else "rings for watched runs only"
        )
        self.say(f"The terminal's bell {words}.")

    def action_start_engine(self) -> None:
        """Start the engine again after it ended by itself."""
        if self.engine is None:
            self.say("This console only watches: it has no engine. Start one with `opsconsole engine`.")
        elif not self.engine.has_failed():
            self.say("The engine is at work.")
        else:
            self._engine_start.start()

    def action_leave(self) -> None:
        """Quit; with runs in hand, ask what becomes of them."""
        from opsconsole.console.dialogs.leaving import leave

        leave(self)
