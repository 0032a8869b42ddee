"""Staying with runs until they have ended: watching the engine that works on them, or bringing one where none is live."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from opsconsole.cli.ending import Interrupted
from opsconsole.cli.interrupts import Interrupts, heeding
from opsconsole.cli.invocation import Invocation
from opsconsole.cli.progress import Progress, progress_for
from opsconsole.cli.text import clock_time, counted, short
from opsconsole.domain.clock import from_text
from opsconsole.domain.run import OperationRun, RunType, Status
from opsconsole.errors import StoreUnavailable
from opsconsole.service import runs as run_service
from opsconsole.store.changes import ChangeFeed

if TYPE_CHECKING:
    from opsconsole.engine import EngineThread

POLL_S = 0.05
"""The change feed is asked this often: it costs some microseconds, and a script notices the end at once."""

LOOK_S = 1.0
"""Whether an engine is live changes without a run changing: looked at this often."""

PATIENCE_S = 60.0
"""A store that cannot be reached is given this long to come back before the command gives up watching."""

HOW_TO_START = "Start one with `opsconsole engine` (or `opsconsole engine --drain`, which ends with the queue), or open the console."


def tell_if_nobody_works(invocation: Invocation, runs: Sequence[OperationRun]) -> None:
    """Say on stderr that these runs stay queued, and how to start an engine, unless one is live."""
    waiting = [run for run in runs if run.is_active]
    if waiting and not run_service.has_engine_for(invocation.caller(), waiting):
        invocation.out.note(
            f"No engine is running on this store: {counted(len(waiting), 'run')} will wait. {HOW_TO_START}"
        )


def stay(
    invocation: Invocation,
    runs: Sequence[OperationRun],
    *,
    brings_engine: bool,
    with_followers: bool = True,
    each_look: Callable[[], None] | None = None,
) -> list[OperationRun]:
    """Return the runs, with their failures, once all have ended, and all that follow them; shows progress meanwhile.

    ``each_look`` is called whenever the runs were read. With ``brings_engine`` an engine of this process's own works on
    them, and only on them, whenever none is live.
    Raises Interrupted after Ctrl-C or SIGTERM, the runs released.
    """
    vigil = _Vigil(invocation, [run.id for run in runs], with_followers=with_followers, each_look=each_look)
    with heeding() as interrupts, progress_for(invocation.out) as progress:
        try:
            return vigil.keep(progress, interrupts, brings_engine=brings_engine)
        except KeyboardInterrupt:
            vigil.dismiss()
            raise farewell(invocation, vigil.ids) from None
        finally:
            vigil.dismiss()


def farewell(invocation: Invocation, ids: Sequence[str]) -> Interrupted:
    """Return what is told after Ctrl-C of the runs that have not ended: who goes on with them, and how."""
    caller = invocation.caller()
    left = [run for run in (run_service.show_run(caller, run_id) for run_id in ids) if run.is_active]
    named = ", ".join(short(run.id) for run in left)
    if not left:
        return Interrupted("Interrupted, but everything had ended.", "Look with `opsconsole runs list`.")
    if run_service.has_engine_for(caller, left):
        return Interrupted(
            f"Interrupted. The engine goes on with {named}.",
            "Watch again with `opsconsole runs watch RUN`; if that engine ends, `opsconsole engine --drain` goes on.",
        )
    return Interrupted(
        f"Interrupted. What was done is kept; left for the next engine: {named}.",
        "Go on with `opsconsole engine --drain`, or give up with `opsconsole runs cancel RUN`.",
    )


class _Vigil:
    """One wait: the runs, the feed that tells of changes, and the engine if this process brought one."""

    def __init__(
        self,
        invocation: Invocation,
        ids: Sequence[str],
        *,
        with_followers: bool,
        each_look: Callable[[], None] | None = None,
    ) -> None:
        self._each_look = each_look
        self._invocation = invocation
        self._with_followers = with_followers
        self.ids = list(ids)
        self._thread: EngineThread | None = None
        self._unreachable_since: float | None = None
        self._is_told = False

    def keep(self, progress: Progress, interrupts: Interrupts, *, brings_engine: bool) -> list[OperationRun]:
        """Watch until everything has ended.

        Raises KeyboardInterrupt when asked to stop, StoreUnavailable once a lost store was waited for in vain.
        """
        feed = ChangeFeed(self._invocation.database())
        looked_at = float("-inf")
        try:
            while True:
                is_due = time.monotonic() - looked_at >= LOOK_S
                if feed.changed() or is_due:
                    try:
                        runs = self._read()
                        if self._each_look is not None:
                            self._each_look()
                        progress.show(runs, {run.id: self._wait_of(run) for run in runs})
                        if all(run.status is Status.COMPLETED for run in runs):
                            return runs
                        if is_due:
                            looked_at = time.monotonic()
                            self._look([run for run in runs if run.is_active], brings_engine=brings_engine)
                        self._unreachable_since = None
                    except StoreUnavailable as error:
                        self._bear(error)
                interrupts.check()
                time.sleep(POLL_S)
        finally:
            feed.close()

    def dismiss(self) -> None:
        """Stop the engine that was brought; its runs stay running, without an owner, for the next one."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            thread.stop()

    def _bear(self, error: StoreUnavailable) -> None:
        """Put up with a store that cannot be reached for a while, then raise ``error``."""
        now = time.monotonic()
        if self._unreachable_since is None:
            self._unreachable_since = now
        if now - self._unreachable_since > PATIENCE_S:
            raise error

    def _read(self) -> list[OperationRun]:
        caller = self._invocation.caller()
        runs = [run_service.show_run(caller, run_id) for run_id in self.ids]
        for run in list(runs) if self._with_followers else ():
            for follower in run_service.related(caller, run.id)["followed_by"]:
                if follower not in self.ids:
                    self.ids.append(follower)
                    runs.append(run_service.show_run(caller, follower))
        return runs

    def _wait_of(self, run: OperationRun) -> str:
        """Return what a run waits for although an engine is there for it, or nothing."""
        if run.status is Status.RUNNING and (until := run.context.get("waiting_until")):
            return f"waiting for Graph until {clock_time(from_text(str(until)))}"
        is_held = run.status is Status.QUEUED and run.type is RunType.RESTORE
        if is_held and run_service.has_engine_for(self._invocation.caller(), [run]):
            return f"waiting for {run_service.related(self._invocation.caller(), run.id)['waiting_for'] or 'its turn'}"
        return ""

    def _look(self, active: Sequence[OperationRun], *, brings_engine: bool) -> None:
        """See whether an engine works on what is active: bring one, or say once that there is none."""
        if brings_engine:
            self._work_if_nobody_does(active)
        elif run_service.has_engine_for(self._invocation.caller(), active):
            self._is_told = False
        elif not self._is_told:
            tell_if_nobody_works(self._invocation, active)
            self._is_told = True

    def _work_if_nobody_does(self, active: Sequence[OperationRun]) -> None:
        if self._thread is not None:
            if self._thread.is_alive:
                return
            error = self._thread.error
            self._thread = None
            if error is not None:
                raise error
        if run_service.has_engine_for(self._invocation.caller(), active):
            return
        from opsconsole.cli.logfile import keep_log
        from opsconsole.engine import Engine, EngineThread

        keep_log()
        config = self._invocation.config()
        engine = Engine(
            self._invocation.database(),
            config,
            actor=self._invocation.caller().actor,
            kind="wait",
            only_runs=list(self.ids),
            env=self._invocation.env,
            prompt=self._invocation.prompt(),
        )
        self._thread = EngineThread(engine)
        self._thread.start()
