"""A request and an answer, free of any HTTP library, so that a batch's inner ones look like all others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Wire = Literal["whole", "cut", "dropped"]

JSON = "application/json; odata.metadata=minimal; odata.streaming=true; IEEE754Compatible=false; charset=utf-8"
"""Graph's own content type, parameters and all: clients that compare it for equality with a short one must fail here too."""


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """One request; `target` is path and query as sent, header names are in lower case."""

    method: str
    target: str
    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    in_batch: bool = False

    @property
    def is_write(self) -> bool:
        """Whether it may change the tenant."""
        return self.method not in ("GET", "HEAD")


@dataclass(slots=True)
class Answer:
    """One answer; `wire` says whether all of it, half of it or nothing reaches the client."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON
    wire: Wire = "whole"
