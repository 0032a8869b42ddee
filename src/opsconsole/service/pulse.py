"""The pulse: asks a few times a second whether the store changed, in a thread of its own, and tells a loop: a screen's, an engine's."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable

from opsconsole.errors import OpsError, StoreUnavailable

POLL_S = 0.2
"""Five looks a second, each some microseconds: an engine in a process of its own claims an order within half a second."""

CALM_S = 0.3
"""A look that was asked for is not followed by another one before this: a backup commits hundreds of times a second."""


class Pulse:
    """``changed`` is asked in the thread; ``on_change`` and ``on_trouble`` are called on the loop.

    It is asked every ``every_s`` seconds, for what others commit, and as soon as ``push`` tells of a change.
    """

    def __init__(
        self,
        changed: Callable[[], bool],
        on_change: Callable[[], None],
        on_trouble: Callable[[OpsError], None],
        *,
        every_s: float = POLL_S,
    ) -> None:
        self._changed = changed
        self._on_change = on_change
        self._on_trouble = on_trouble
        self._every_s = every_s
        self._push = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._context = contextvars.copy_context()

    def start(self) -> None:
        """Begin to look; must be called on the loop that is to be told."""
        loop = asyncio.get_running_loop()
        # Who is told may set timers, and those look for the app in the context: a thread's own is empty.
        self._context = contextvars.copy_context()
        self._thread = threading.Thread(target=self._beat, args=(loop,), name="opsconsole-pulse", daemon=True)
        self._thread.start()

    def push(self) -> None:
        """Look at once: something was committed. May be called from any thread; it never waits."""
        self._push.set()

    def stop(self) -> None:
        """Stop looking and wait for the thread."""
        self._stop.set()
        self._push.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def step(self) -> Callable[[], None] | None:
        """Look once; return what is to be called on the loop, if anything."""
        try:
            return self._on_change if self._changed() else None
        except OpsError as error:
            trouble = error
        except Exception as error:  # nobody may believe that he sees what is live while nothing looks any more
            name = type(error).__name__
            trouble = StoreUnavailable(
                f"The store cannot be asked what changed ({name}).", "`opsconsole db check` looks at it."
            )
        return lambda: self._on_trouble(trouble)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        was_pushed = False  # the first look comes at once: a feed tells what changed since it was first asked
        while not self._stop.is_set():
            if told := self.step():
                try:
                    loop.call_soon_threadsafe(told, context=self._context)
                except RuntimeError:  # the loop is closed: who listened is gone
                    return
            if was_pushed:  # then once more: Postgres tells of a commit a moment after it was made
                self._stop.wait(CALM_S)
                was_pushed = self._push.is_set()
            else:
                was_pushed = self._push.wait(self._every_s)
            self._push.clear()
