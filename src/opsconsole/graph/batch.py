"""``$batch``: up to twenty reads in one call, their answers cut out of its answer byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from opsconsole.domain.failure import Reason
from opsconsole.graph.client import GraphAnswer, GraphFault, GraphRequest
from opsconsole.graph.jsontext import NoJson, array_parts, object_parts, value_of

MAX_BATCH = 20
"""Graph's own limit (graph.md 4)."""


def batch_request(requests: Sequence[GraphRequest]) -> GraphRequest:
    """Return the one call that carries ``requests``: reads, with paths relative to root and version."""
    inner = [
        {"id": str(index), "method": request.method, "url": request.path, **_headers(request)}
        for index, request in enumerate(requests, 1)
    ]
    body = msgspec.json.encode({"requests": inner})
    paths = tuple(request.path for request in requests)
    return GraphRequest("POST", "/$batch", body, timeout_s=max(request.timeout_s for request in requests), inner=paths)


def _headers(request: GraphRequest) -> dict[str, dict[str, str]]:
    return {"headers": dict(request.headers)} if request.headers else {}


def parse_batch(body: bytes, count: int) -> list[GraphAnswer | GraphFault]:
    """Return the answers in the order of the requests; a fault for each one that Graph left out or damaged."""
    missing = GraphFault(Reason.MALFORMED_RESPONSE, "Graph left an answer out of a batch.")
    try:
        answers = dict(_answer(part) for part in array_parts(object_parts(body).get("responses", b"")))
    except NoJson:
        damaged = GraphFault(Reason.MALFORMED_RESPONSE, "Graph's answer to a batch was cut off, or is no batch.")
        return [damaged] * count
    return [answers.get(str(index), missing) for index in range(1, count + 1)]


def _answer(raw: bytes) -> tuple[str, GraphAnswer]:
    parts = object_parts(raw)
    status, headers = value_of(parts.get("status")), value_of(parts.get("headers"))
    if not isinstance(status, int):
        raise NoJson("an answer without a status")
    named = headers.items() if isinstance(headers, dict) else ()
    body = parts.get("body", b"")
    if body.startswith(b'"'):
        # What is no JSON comes as a text; base64 of it stays base64: nothing that is read here comes that way.
        body = str(value_of(body)).encode(errors="replace")
    elif body == b"null":
        body = b""
    answer = GraphAnswer(status, {name.lower(): str(value) for name, value in named if value is not None}, body)
    return str(value_of(parts.get("id"))), answer
