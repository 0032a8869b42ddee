"""What one HTTP call to Graph is: the request, the answer, the fault when there is none, and who can send it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from opsconsole.domain.failure import Reason

VERSION = "beta"
"""The version that every call uses: v1.0 has no assignment filters, and a read-then-write there would strip them."""

MAX_TRIES = 4
"""Four tries of a read, with doubling waits between, outlast a hiccup of seconds; longer ones are for a retry of the run."""

BeforeSend = Callable[[], Awaitable[None]]
"""Called right before a request leaves the machine, after all waiting; what it raises ends the request unsent."""


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """One call. ``path`` is relative to the Graph root and version, or an absolute next link of the same root and version.

    ``is_write`` marks what must not be repeated blindly. ``max_tries`` bounds how often a read is sent in all,
    ``timeout_tries`` how often after a 504 or no answer in time. ``inner`` holds the paths of a batch.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    is_write: bool = False
    timeout_s: float = 60.0
    max_tries: int = MAX_TRIES
    timeout_tries: int = MAX_TRIES
    before_send: BeforeSend | None = None
    inner: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphAnswer:
    """What Graph answered: any status, lower-case header names, the body's exact bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Tell whether the status is one of success."""
        return 200 <= self.status < 300


class GraphFault(Exception):
    """No answer came. ``message`` is clean text; ``is_maybe_applied`` tells whether a write may have happened all the same."""

    def __init__(self, reason: Reason, message: str, *, is_maybe_applied: bool = False) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.is_maybe_applied = is_maybe_applied


class GraphClient(Protocol):
    """Sends one call at a time, without retries, to one tenant."""

    root: str
    """Scheme, host and port of the tenant's Graph, without a slash at the end."""

    async def send(self, request: GraphRequest) -> GraphAnswer:
        """Return whatever Graph answered. Raises GraphFault where no answer came."""
        ...

    async def renew_sign_in(self) -> bool:
        """Forget the token, so that the next call gets a new one; False where that cannot help."""
        ...

    async def close(self) -> None:
        """Close connections and credentials."""
        ...
