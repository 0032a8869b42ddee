"""What was asked of the service, in order: one line a request, inner ones of a batch included."""

from collections import deque
from dataclasses import dataclass
from typing import Any

from .clock import Clock
from .messages import Answer, GraphRequest
from .routes import WRITES, Route

KEPT = 200_000
"""Most lines kept: a run over 50,000 policies fits, a simulator left alone for days does not fill the memory."""


@dataclass(slots=True)
class Line:
    """One request; `status` 0 means that no answer has reached the client, or not yet."""

    seq: int
    time: str
    method: str
    path: str
    batch: bool
    operation: str
    body: bytes
    headers: dict[str, str]
    status: int = 0
    size_bytes: int = 0
    fault: str = ""
    applied: bool = False
    retry_after: str = ""

    def shown(self) -> dict[str, Any]:
        """The line as the control API tells it."""
        return {
            "seq": self.seq,
            "time": self.time,
            "method": self.method,
            "path": self.path,
            "batch": self.batch,
            "operation": self.operation,
            "status": self.status,
            "bytes": self.size_bytes,
            "fault": self.fault,
            "retry_after": self.retry_after,
        }


class Journal:
    """The lines in the order of arrival."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._seq = 0

    def __len__(self) -> int:
        return len(self._lines)

    def open(self, request: GraphRequest, route: Route) -> Line:
        """A line for a request that has just come in."""
        self._seq += 1
        write = route.operation in WRITES
        line = Line(
            self._seq,
            f"{self._clock.now():%Y-%m-%dT%H:%M:%S.%f}Z",
            request.method,
            request.target,
            request.in_batch,
            route.operation,
            request.body if write else b"",
            {name: value for name, value in request.headers.items() if name.startswith("x-msft")} if write else {},
        )
        self._lines.append(line)
        return line

    def close(self, line: Line, answer: Answer) -> None:
        """Notes how it went."""
        line.status = answer.status if answer.wire != "dropped" else 0
        line.size_bytes = len(answer.body)
        line.retry_after = answer.headers.get("Retry-After", "")

    def lines(self, since: int = 0) -> list[dict[str, Any]]:
        """All lines after number `since`."""
        return [line.shown() for line in self._lines if line.seq > since]

    def writes(self, since: int = 0) -> list[dict[str, Any]]:
        """The same for writes only, with the body sent, the approval headers, and whether the tenant changed."""
        return [
            {
                **line.shown(),
                "body": line.body.decode("utf-8", "replace"),
                "headers": line.headers,
                "applied": line.applied,
            }
            for line in self._lines
            if line.seq > since and line.operation in WRITES
        ]

    def clear(self) -> None:
        """Forgets all lines; numbers go on."""
        self._lines.clear()
