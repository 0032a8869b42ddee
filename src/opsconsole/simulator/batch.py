"""`$batch`: up to twenty requests in one, each with an answer of its own, in no particular order."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from .errors import GraphError
from .jsontext import quoted
from .messages import Answer, GraphRequest

MAX_REQUESTS = 20
"""Most requests that one batch takes."""

Respond = Callable[[GraphRequest], Awaitable[Answer]]


class _Inner(msgspec.Struct):
    """One request as it stands in a batch; the body stays as sent."""

    id: str
    method: str
    url: str
    headers: dict[str, str] = {}
    body: msgspec.Raw = msgspec.Raw(b"")
    depends_on: list[str] = msgspec.field(default=[], name="dependsOn")


class _Outer(msgspec.Struct):
    requests: list[_Inner]


@dataclass(frozen=True, slots=True)
class _Answered:
    id: str
    answer: Answer

    def text(self) -> bytes:
        """The answer as it stands in the batch's: JSON as it is, anything else as a string."""
        answer = self.answer
        head: dict[str, Any] = {"id": self.id, "status": answer.status}
        content_type = answer.content_type.partition(";")[0]
        if not answer.body:
            return json.dumps({**head, "headers": answer.headers}).encode()
        text = json.dumps({**head, "headers": {**answer.headers, "Content-Type": content_type}}).encode()
        body = answer.body
        if content_type != "application/json" or not body.endswith(b"}"):
            body = quoted(body.decode("utf-8", "replace")).encode()
        return text[:-1] + b',"body":' + body + b"}"


async def answer_batch(request: GraphRequest, version: str, respond: Respond, rng: random.Random) -> Answer:
    """Answers every inner request at once and shuffles the answers; a dropped inner answer drops the whole connection."""
    inner = _parsed(request.body)
    answers: dict[str, asyncio.Task[Answer]] = {}

    async def one(item: _Inner) -> Answer:
        for needed in item.depends_on:
            if (await answers[needed.lower()]).status >= 400:
                return Answer(424, b'{"error":{"code":"FailedDependency","message":""}}')
        target = f"/{version}/{item.url.lstrip('/')}"
        headers = {name.lower(): value for name, value in item.headers.items()}
        body = bytes(item.body)
        return await respond(GraphRequest(item.method.upper(), target, request.base_url, headers, body, in_batch=True))

    for item in inner:
        answers[item.id.lower()] = asyncio.create_task(one(item))
    found = await asyncio.gather(*answers.values())
    for answer in found:
        if answer.wire != "whole":
            return Answer(0, wire=answer.wire)
    answered = [_Answered(item.id, answer) for item, answer in zip(inner, found, strict=True)]
    rng.shuffle(answered)
    return Answer(200, b'{"responses":[' + b",".join([one_answer.text() for one_answer in answered]) + b"]}")


def _parsed(body: bytes) -> list[_Inner]:
    """The inner requests; refuses what Graph refuses."""
    try:
        inner = msgspec.json.decode(body, type=_Outer).requests
    except msgspec.DecodeError as error:
        raise _invalid(f"Invalid batch payload format: {error}.") from error
    if not 1 <= len(inner) <= MAX_REQUESTS:
        raise _invalid(f"Number of batch request steps exceeds the maximum value of {MAX_REQUESTS}.")
    seen: set[str] = set()
    for item in inner:
        if item.id.lower() in seen:
            raise _invalid(f"Duplicate request id '{item.id}'.")
        if "://" in item.url.partition("?")[0]:
            raise _invalid("Invalid batch payload format: url must be relative.")
        if item.url.strip("/").lower().startswith("$batch"):
            raise _invalid("Invalid batch payload format: a batch in a batch.")
        if not {needed.lower() for needed in item.depends_on} <= seen:
            raise _invalid(f"Request '{item.id}' depends on one that does not come before it.")
        seen.add(item.id.lower())
    return inner


def _invalid(message: str) -> GraphError:
    return GraphError(400, "BadRequest", message, shape="plain")
