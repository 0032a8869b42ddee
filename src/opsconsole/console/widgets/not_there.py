"""What stands in place of a screen whose thing is not there, or not there for this actor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from opsconsole.console.pen import Pen, Span, text_of
from opsconsole.domain.plain_text import plain

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp


def no_member_lines(app: OpsConsoleApp, pen: Pen) -> list[list[Span]] | None:
    """Return what somebody reads who is a member of nothing here: who they are, and how an owner adds them; else None."""
    identity = app.identity
    if identity is None or identity.roles:
        return None
    named = f" --workspace {plain(app.workspace)}" if app.workspace else ""
    where = f"the workspace {plain(app.workspace)}" if app.workspace else "any workspace of this store"
    return [
        [(f"You are no member of {where}.", pen.ink("strong"))],
        [("Nothing of it is shown to you. You are ", pen.ink("dim")), (identity.named, pen.ink("text"))],
        [("to this store. An owner lets you in with:", pen.ink("dim"))],
        [],
        [(f"  opsconsole{named} members add {plain(identity.key)} readonly", pen.ink("key"))],
        [],
        [("readonly looks; operator also backs up and previews; manager also", pen.ink("dim"))],
        [("restores; owner also manages members and tenants.", pen.ink("dim"))],
    ]


def no_tenant_lines(config_place: str, pen: Pen) -> list[list[Span]]:
    """Return what stands where nothing can be done yet, since no tenant is connected: where one is named, and how."""
    place = plain(config_place) or "the configuration file"
    return [
        [("No tenant is connected yet.", pen.ink("strong"))],
        [("Fill in a [[tenants]] table: name, tenant_id, and where its secret is.", pen.ink("dim"))],
        [("It stands in ", pen.ink("dim")), (place, pen.ink("text"))],
        [],
        [("opsconsole doctor", pen.ink("key")), (" says what is right and what is missing;", pen.ink("dim"))],
        [("then open the console again.", pen.ink("dim"))],
    ]


class NotThere(Widget, can_focus=True):
    """Says that there is no such thing, in the words of the refusal, and that Esc goes back: at once, whatever was filtered."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", show=False, id="leave_nothing")]
    DEFAULT_CSS = "NotThere { height: 1fr; padding: 2 4; }"

    def __init__(self, message: str) -> None:
        super().__init__()
        self._message = message

    def action_leave(self) -> None:
        """Go back."""
        from opsconsole.console.screens.live_screen import LiveScreen

        LiveScreen.action_back(cast("LiveScreen", self.screen))

    def render(self) -> Text:
        """Draw it."""
        app = cast("OpsConsoleApp", self.app)
        pen = app.pen
        lines = no_member_lines(app, pen) or [
            [("Not found", pen.ink("strong"))],
            [(plain(self._message), pen.ink("text"))],
            [("It is gone, or it belongs to a workspace that you are no member of.", pen.ink("dim"))],
            [],
            [("Esc", pen.ink("key")), (" goes back.", pen.ink("dim"))],
        ]
        text = Text("\n").join(text_of(*line) for line in lines)
        text.no_wrap = False
        return text
