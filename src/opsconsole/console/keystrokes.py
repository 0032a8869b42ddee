"""Keys mean what they mean on the screen on which they were struck, however late they are worked off."""

from __future__ import annotations

from textual import events
from textual.app import App
from textual.screen import Screen

_STRUCK_ON = "opsconsole_struck_on"
"""Where a key carries the screen that was in front when it came."""


class Keystrokes(App[int]):
    """Textual looks for a key's binding after its widget had it: by then a dialog may have come that nobody has read.

    Such a key does nothing. Without this, Tab and Enter that were struck for one dialog could confirm the next. Nor does
    a key that comes while a dialog is on its way: who strikes an order and types its name at once means the dialog.
    """

    ALLOW_SELECT = False  # ctrl+c quits, so that nothing selected could be copied; terminals select with Shift

    async def on_event(self, event: events.Event) -> None:
        """Take note of the screen in front when a key comes in; on a console that is closing there is none for it."""
        if not self.screen_stack and isinstance(event, events.InputEvent | events.Paste):
            return
        if isinstance(event, events.Key) and not event.is_forwarded:
            # Held until it is worked off: whether a screen is gone, says no garbage.
            setattr(event, _STRUCK_ON, self.screen)
        await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        """Drop a key that was struck before the dialog in front came, or on one that is gone; other keys stay good."""
        was: Screen[object] | None = getattr(event, _STRUCK_ON, None)
        is_late = was is not None and was is not self.screen and (self.screen.is_modal or was.is_modal)
        if is_late or getattr(self.screen, "is_about_to_ask", False):
            event.stop()
            event.prevent_default()
