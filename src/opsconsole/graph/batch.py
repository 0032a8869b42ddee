"""``$batch``: up to twenty reads in one call, their answers cut out of its answer byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from opsconsole.domain.failure import Reason
from opsconsole.graph.client import GraphAnswer, GraphFault, GraphRequest

MAX_BATCH = 20
"""Graph's own limit (graph.md 4)."""


class _Inner(msgspec.Struct):
    id: str
    status: int
    headers: dict[str, Any] | None = None
    body: msgspec.Raw = msgspec.Raw()


class _Outer(msgspec.Struct):
    responses: list[_Inner]


_OUTER = msgspec.json.Decoder(_Outer)


def batch_request(requests: Sequence[GraphRequest]) -> GraphRequest:
    """Return the one call that carries ``requests``: reads, with paths relative to root and version."""
    inner = [
        {"id": str(index), "method": request.method, "url": request.path, **_headers(request)}
        for index, request in enumerate(requests, 1)
    ]
    body = msgspec.json.encode({"requests": inner})
    return GraphRequest("POST", "/$batch", body, timeout_s=max(request.timeout_s for request in requests))


def _headers(request: GraphRequest) -> dict[str, dict[str, str]]:
    return {"headers": dict(request.headers)} if request.headers else {}


def parse_batch(body: bytes, count: int) -> list[GraphAnswer | GraphFault]:
    """Return the answers in the order of the requests; a fault for each one that Graph left out or damaged."""
    missing = GraphFault(Reason.MALFORMED_RESPONSE, "Graph left an answer out of a batch.")
    try:
        body.decode()
        outer = _OUTER.decode(body)
    except (UnicodeDecodeError, msgspec.DecodeError):
        damaged = GraphFault(Reason.MALFORMED_RESPONSE, "Graph's answer to a batch was cut off, or is no batch.")
        return [damaged] * count
    by_id = {inner.id: inner for inner in outer.responses}
    return [_answer(by_id[str(index)]) if str(index) in by_id else missing for index in range(1, count + 1)]


def _answer(inner: _Inner) -> GraphAnswer:
    headers = {name.lower(): str(value) for name, value in (inner.headers or {}).items() if value is not None}
    body = bytes(inner.body)
    if body.startswith(b'"'):
        # What is no JSON comes as a text; base64 of it stays base64: nothing that is read here comes that way.
        body = str(msgspec.json.decode(body)).encode(errors="replace")
    elif body == b"null":
        body = b""
    return GraphAnswer(inner.status, headers, body)
