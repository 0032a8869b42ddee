"""The bells: the terminal's bell and a sentence when a run ends that somebody waits for, wherever the screen is then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsconsole.console.figures import grouped, took
from opsconsole.console.states import TYPE_WORDS, state_of_run
from opsconsole.console.work import begin
from opsconsole.domain.clock import from_text
from opsconsole.domain.ids import short_id
from opsconsole.domain.run import OperationRun
from opsconsole.errors import NotFound, OpsError

if TYPE_CHECKING:
    from opsconsole.console.app import OpsConsoleApp


class Bells:
    """``is_on``: every run that this console starts, or that is open on it, is watched without being asked for."""

    def __init__(self, app: OpsConsoleApp, *, is_on: bool = False) -> None:
        self._app = app
        self.is_on = is_on
        self.watched: frozenset[str] = frozenset()
        self._started: set[str] = set()
        self._seen: set[str] = set()
        self._ended: set[str] = set()

    def toggle(self, run: OperationRun) -> None:
        """Watch a run, or do so no more; one that has ended already is not watched, and that is said."""
        if run.id in self.watched:
            self.watched -= {run.id}
            self._app.say(f"Run {short_id(run.id)} is not watched any more.")
        elif not run.is_active:
            self._app.say(f"Run {short_id(run.id)} has ended ({state_of_run(run).word}): there is nothing to watch.")
        else:
            self.watched |= {run.id}
            self._app.say(f"The terminal's bell rings when run {short_id(run.id)} ends.")

    def started(self, answer: object) -> None:
        """Take note of the runs that an order of this console started."""
        if getattr(answer, "created", False):
            self._started.update(run.id for run in getattr(answer, "runs", ()) if run.is_active)

    def opened(self, run: OperationRun) -> None:
        """Take note of a run that is on the screen: only one that was seen at work can end."""
        if run.is_active:
            self._seen.add(run.id)

    def look(self) -> None:
        """See which of the runs waited for have ended; called whenever the store changed."""
        if self._wanted():
            begin(self._app, self._look, group="bells", is_newest_only=True)

    def _wanted(self) -> set[str]:
        wanted = set(self.watched)
        if self.is_on:
            shown = {getattr(screen, "run_id", "") for screen in self._app.screen_stack}
            wanted |= self._started | (shown & self._seen)
        return wanted - self._ended

    async def _look(self) -> None:
        for run_id in self._wanted():
            try:
                run = await self._app.ask(self._app.desk.run, run_id)
            except NotFound:
                self._ended.add(run_id)
                continue
            except OpsError:
                return  # the screens say that the store is lost; the next change looks again
            if not run.is_active:
                self._ring(run)

    def _ring(self, run: OperationRun) -> None:
        if run.id in self._ended:
            return
        self._ended.add(run.id)
        self._started.discard(run.id)
        self.watched -= {run.id}
        self._app.bell()
        self._app.say(ending_words(run))
        self._app.refresh()


def ending_words(run: OperationRun) -> str:
    """Return how a run ended, in one sentence."""
    counters = run.counters
    began, ended = run.started_at, run.completed_at
    spent = took((from_text(ended) - from_text(began)).total_seconds()) if began and ended else ""
    counted = f": {grouped(counters.done)} of {grouped(max(counters.total, counters.done))}" if counters.done else ""
    failed = f", {grouped(counters.failed)} failed" if counters.failed else ""
    after = f" after {spent}" if spent else ""
    return f"Run {short_id(run.id)} ({TYPE_WORDS[run.type]}) ended {state_of_run(run).word}{after}{counted}{failed}."
