"""What every dialog is: it answers once, and only while it is in front."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A question over the screen in front. Keys that were on their way when it was answered change nothing any more."""

    _late: tuple[T | None] | None = None

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Give the answer and go. Where something lies over the dialog, that happens once it is in front again."""
        # Textual takes away whatever is in front, also at a second answer: a key struck twice would leave a screen.
        if self.app.screen is self:
            return super().dismiss(result)
        if self in self.app.screen_stack and self._late is None:
            self._late = (result,)
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        """Give an answer that came while something else was in front."""
        if self._late is not None:
            (result,), self._late = self._late, None
            self.dismiss(result)
