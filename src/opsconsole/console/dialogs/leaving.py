"""Leaving: with runs in hand it asks what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from opsconsole.console.dialogs.dialog import Dialog
from opsconsole.console.loss import undone_words
from opsconsole.console.pen import text_of
from opsconsole.console.widgets.choice import Choice
from opsconsole.console.work import begin
from opsconsole.domain.ids import short_id
from opsconsole.domain.plain_text import plain
from opsconsole.errors import Conflict, OpsError

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

LOOK_EVERY_S = 0.25
"""How often a leaving console looks whether its runs have ended."""

READ_S = 1.0
"""How long a run that came while the question stood must have been named before it can be cancelled: nobody says yes to what
came under his hand."""

SHOWN_RUNS = 6
"""Runs named in the question; the others are counted."""


def leave(app: OpsConsoleApp) -> None:
    """Quit at once, or ask first if this console's engine has runs in hand."""
    runs = app.engine.runs_in_hand() if app.engine is not None else ()
    if isinstance(app.screen, LeavingDialog):
        app.left_runs = len(runs)  # asked for twice: not even the question is waited for
        app.exit(0)
        return
    if runs:
        app.push_screen(LeavingDialog(runs))
    else:
        app.exit(0)


class LeavingDialog(Dialog[None]):
    """Stay, wait for the runs, hand them to a background engine, or cancel them. The focus rests on staying."""

    DEFAULT_CSS = """
    LeavingDialog { align: center middle; }
    LeavingDialog #panel { width: 66; max-width: 96%; height: auto; max-height: 100%; overflow-y: auto; padding: 1 2 1 2;
        background: $panel; border: round $faint; border-title-color: $primary; border-title-style: bold; }
    LeavingDialog Static { height: auto; background: $panel; }
    LeavingDialog Choice { margin: 0 0 0 0; width: 100%; background: $panel; }
    LeavingDialog Choice:focus { background: $primary; }
    LeavingDialog #text { margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stay", "Stay", show=False, id="stay"),
        Binding("down,right,j", "app.focus_next", show=False, id="next_answer"),
        Binding("up,left,k", "app.focus_previous", show=False, id="previous_answer"),
    ]
    AUTO_FOCUS = "#answer-stay"

    def __init__(self, runs: Sequence[str]) -> None:
        super().__init__()
        self._runs = tuple(runs)
        self._came_at: dict[str, float] = {}
        self._cancelled: set[str] | None = None
        self._refusal = ""
        self._is_asking = True
        self._is_waiting = False
        self._is_handing_over = False
        self._is_ordering = False

    @property
    def _app(self) -> OpsConsoleApp:
        return cast("OpsConsoleApp", self.app)

    def compose(self) -> ComposeResult:
        """Lay out what is in hand and the four answers."""
        with Vertical(id="panel") as panel:
            panel.border_title = " Quit? "
            yield Static(self._question(), id="text")
            yield Choice("Stay here", "stay")
            yield Choice("Wait until done, then quit", "wait")
            if not self._app.has_temporary_store:
                yield Choice("Hand over to a background engine, then quit", "hand_over")
            yield Choice("Cancel the runs, then quit", "cancel")

    def on_mount(self) -> None:
        """Begin to look what is in hand: runs end while somebody reads, and others begin."""
        self.set_interval(LOOK_EVERY_S, self._look)

    def _question(self) -> Text:
        if not self._refusal:
            return self._in_hand()
        pen = self._app.pen
        refusal = text_of((pen.drawn(self._refusal), pen.ink("bad")), ("\n", pen.ink("text")))
        refusal.no_wrap = False
        return refusal.append_text(self._in_hand())

    def _in_hand(self) -> Text:
        pen, runs = self._app.pen, self._runs
        if not runs:
            return text_of(("Nothing is in the hands of this console any more.", pen.ink("text")))
        named = ", ".join(short_id(run_id) for run_id in runs[:SHOWN_RUNS])
        more = f" and {len(runs) - SHOWN_RUNS} more" if len(runs) > SHOWN_RUNS else ""
        noun = "run is" if len(runs) == 1 else "runs are"
        return text_of(
            (f"{len(runs)} {noun} in the hands of this console: ", pen.ink("text")),
            (f"{named}{more}.", pen.ink("strong")),
        )

    @on(Choice.Taken)
    def _taken(self, event: Choice.Taken) -> None:
        match event.answer:
            case "wait":
                self._wait("Waiting for the runs to end; Esc stays here.")
            case "hand_over":
                begin(self, self._hand_over, group="hand_over")
            case "cancel":
                begin(self, self._cancel, group="cancel")
            case _:
                self.dismiss()

    async def _hand_over(self) -> None:
        engine = self._app.engine
        if engine is None or self._is_handing_over:
            return
        if why_not := engine.why_no_hand_over():
            # The answer keeps its place: one that was left out would put cancelling under a hand that knows its way.
            self._ask_again(f"This cannot be handed over: {why_not}.")
            return
        self._is_asking, self._is_handing_over = False, True
        self._say("Starting a background engine that takes the runs …")
        self._offer(set())
        try:
            self._app.handed_to = await self._app.command(engine.hand_over)
        except OpsError as error:
            self._is_handing_over = False
            self._ask_again(plain(str(error)))
            return
        self._app.handed_runs = tuple(engine.runs_in_hand())
        self.app.exit(0)

    async def _cancel(self) -> None:
        self._look()
        if not self._is_asking:
            return  # the orders are on their way already
        named = [run_id for run_id in self._runs if self._could_be_read(run_id)]
        if self._runs and not named:
            self._ask_again("This came into its hands while you answered: nothing was cancelled. Read it again.")
            return
        self._is_asking, self._cancelled = False, set(named)
        self._say("Cancelling …")
        self._offer(set())
        self._is_ordering = True
        for run_id in named:
            try:
                await self._app.command(self._app.desk.cancel_run, run_id)
            except Conflict:
                continue  # it ended by itself meanwhile
            except OpsError as error:
                self._app.say(undone_words(error), "error")
                self.dismiss()
                return
        self._is_ordering = False
        self._wait("Cancelling; each run ends after the policy in hand. Esc stays here.")

    def _could_be_read(self, run_id: str) -> bool:
        came_at = self._came_at.get(run_id)
        return came_at is None or time.monotonic() - came_at >= READ_S

    def _wait(self, text: str) -> None:
        self._is_asking, self._is_waiting = False, True
        self._say(text)
        self._offer({"stay"})

    def _ask_again(self, refusal: str) -> None:
        self._is_asking, self._refusal = True, refusal
        self.query_one("#text", Static).update(self._question())
        self._offer({"stay", "wait", "hand_over", "cancel"})

    def _say(self, text: str, ink: str = "running") -> None:
        said = text_of((self._app.pen.drawn(text), self._app.pen.ink(ink)))
        said.no_wrap = False
        self.query_one("#text", Static).update(said)

    def _offer(self, answers: set[str]) -> None:
        for choice in self.query(Choice):
            choice.display = (choice.id or "").removeprefix("answer-") in answers
        if "stay" in answers:
            self.query_one("#answer-stay", Choice).focus()

    def _look(self) -> None:
        engine = self._app.engine
        runs = tuple(engine.runs_in_hand()) if engine is not None else ()
        if self._is_waiting and not runs:
            self.app.exit(0)
            return
        if runs != self._runs:
            now = time.monotonic()
            self._came_at |= {run_id: now for run_id in runs if run_id not in self._runs}
            self._runs = runs
            if self._is_asking:
                self._refusal = self._refusal if runs else ""
                self.query_one("#text", Static).update(self._question())
        if self._is_waiting and self._cancelled is not None:
            # What the engine took up meanwhile, and what stays in its hands, nobody has said a word about.
            more = sum(run_id not in self._cancelled and self._could_be_read(run_id) for run_id in runs)
            if more:
                self._is_waiting, self._cancelled = False, None
                self._ask_again(f"{more} more {'run' if more == 1 else 'runs'} came into its hands meanwhile.")

    def action_stay(self) -> None:
        """Stay; not while a background engine starts, which would come all the same, nor before all orders are given."""
        if not (self._is_handing_over or self._is_ordering):
            self.dismiss()
