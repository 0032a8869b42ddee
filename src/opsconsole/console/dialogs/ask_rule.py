"""Asks when a schedule fires: an interval or five cron fields, and says while it is typed what that means."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from opsconsole.console.dialogs.dialog import Dialog
from opsconsole.console.fire_times import fire_at_length, zone_name
from opsconsole.console.pen import Pen, Span, text_of
from opsconsole.console.rule_words import read_rule, rule_words
from opsconsole.console.widgets.choice import Choice
from opsconsole.domain.plain_text import plain
from opsconsole.domain.schedule import Rule
from opsconsole.errors import OpsError

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp

SHOWN_FIRES = 3
"""Times shown of a rule: three tell a weekday rule from a daily one."""

FIRST_RULE = "0 3 * * *"
"""Stands there at first: the rule that most backups have."""


class AskRule(Dialog[tuple[Rule, tuple[datetime, ...]] | None]):
    """Returns a rule that makes sense with its next times, or None."""

    DEFAULT_CSS = """
    AskRule { align: center middle; }
    AskRule #panel { width: 70; max-width: 96%; height: auto; max-height: 96%; padding: 1 2 0 2;
        background: $panel; border: round $faint; border-title-color: $primary; border-title-style: bold; }
    AskRule Static { height: auto; background: $panel; }
    AskRule .field { height: 1; background: $panel; }
    AskRule .field Static { width: 10; }
    AskRule Input { height: 1; width: 1fr; border: none; padding: 0 1; background: $surface; }
    AskRule Input:focus { border: none; background: $cursor; }
    AskRule #examples, AskRule #meaning { margin-top: 1; }
    AskRule #meaning { height: 5; }
    AskRule #answers { height: 1; margin: 1 0; align-horizontal: right; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", show=False, id="rule_leave"),
        Binding("down", "app.focus_next", show=False, id="rule_next"),
        Binding("up", "app.focus_previous", show=False, id="rule_previous"),
    ]
    AUTO_FOCUS = "#rule"

    def __init__(self) -> None:
        super().__init__()
        self._found: tuple[Rule, tuple[datetime, ...]] | None = None

    @property
    def _app(self) -> OpsConsoleApp:
        return cast("OpsConsoleApp", self.app)

    def compose(self) -> ComposeResult:
        """Lay out the two fields, examples, what the rule means, and the answers."""
        pen = self._app.pen
        with Vertical(id="panel") as panel:
            panel.border_title = " When does it fire? "
            with Horizontal(classes="field"):
                yield Static(text_of(("Rule", pen.ink("dim"))))
                yield Input(FIRST_RULE, id="rule")
            with Horizontal(classes="field"):
                yield Static(text_of(("Time zone", pen.ink("dim"))))
                yield Input(zone_name(self._app.zone), id="zone")
            yield Static(_examples(pen), id="examples")
            yield Static(id="meaning")
            with Horizontal(id="answers"):
                yield Choice("Back", "no")
                yield Choice("Go on", "yes", disabled=True)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._found = None
        self.query_one("#answer-yes", Choice).disabled = True
        self._look()

    @work(group="look", exclusive=True)
    async def _look(self) -> None:
        rule = read_rule(self.query_one("#rule", Input).value, self.query_one("#zone", Input).value)
        meaning = self.query_one("#meaning", Static)
        pen = self._app.pen
        try:
            fires = tuple(await self._app.ask(self._app.desk.next_fires, rule, SHOWN_FIRES))
        except OpsError as error:
            meaning.update(
                text_of((plain(error.message), pen.ink("bad")), (f"\n{plain(error.hint or '')}", pen.ink("dim")))
            )
            return
        self._found = (rule, fires)
        self.query_one("#answer-yes", Choice).disabled = False
        lines: list[list[Span]] = [[(plain(rule_words(rule)), pen.ink("good"))], *fire_lines(fires, pen, rule)]
        meaning.update(Text("\n").join(text_of(*line) for line in lines))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        # Enter goes on to the next field, then to the button: nothing unread is passed over.
        yes = self.query_one("#answer-yes", Choice)
        if event.input.id == "rule":
            self.query_one("#zone", Input).focus()
        elif not yes.disabled:
            yes.focus()

    @on(Choice.Taken)
    def _taken(self, event: Choice.Taken) -> None:
        self.dismiss(self._found if event.answer == "yes" else None)

    def action_leave(self) -> None:
        """Answer nothing."""
        self.dismiss(None)


def _examples(pen: Pen) -> Text:
    rows = (
        ("6h", "every 6 h; also 30m, 2d, 1w"),
        ("0 3 * * *", "daily at 03:00 (minute hour day month weekday)"),
        ("30 22 * * 1-5", "Monday to Friday at 22:30"),
    )
    lines = (text_of(*pen.cell(rule, 15, "key"), (words, pen.ink("dim"))) for rule, words in rows)
    return Text("\n").join(lines)


def fire_lines(fires: tuple[datetime, ...], pen: Pen, rule: Rule) -> list[list[Span]]:
    """Return the next times of a rule, in the admin's own zone; a rule of another zone says which that is."""
    own = zone_name(pen.zone)
    differs = bool(rule.cron) and rule.timezone != own
    lines: list[list[Span]] = []
    for index, fire in enumerate(fires):
        name = "Next" if not index else ""
        lines.append([*pen.cell(name, 12, "dim"), (fire_at_length(fire, pen.zone), pen.ink("text"))])
    if differs and lines:
        lines[0].append((f"  in your zone ({plain(own)})", pen.ink("dim")))
    return lines
